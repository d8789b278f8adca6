"""One requirement judged: what the cells say, and what a person's recorded word makes of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.answers import Answer, CellSeen, Outcome, RequirementResult, TableResult
from reunify.rules.kleene import NO, UNKNOWN, YES, Truth, either, opposite
from reunify.rules.model import Decision, Requirement, Rulebook, Table, suspended_id
from reunify.rules.tables import apply

Facts = Mapping[str, FactValue]
Decisions = Mapping[str, Decision]
# Looked up once: a decision judges dozens of requirements and cells, and makes a tuple for each of them.
_MET, _NOT_MET, _NEEDS_STAFF = Outcome.MET, Outcome.NOT_MET, Outcome.NEEDS_STAFF
_UNKNOWN, _ATTESTED = Outcome.UNKNOWN, Outcome.ATTESTED
_tuple = tuple.__new__


def judge(
    requirement: Requirement, facts: Facts, dictionary: Dictionary, decisions: Decisions
) -> RequirementResult:
    """The outcome with every cell and the value it met."""
    seen: list[CellSeen] = []
    unknown: list[str] = []
    truth = NO if requirement.groups else UNKNOWN
    for cells in requirement.groups:
        group, first = YES, len(seen)
        for cell in cells:
            value = facts.get(cell.field)
            holds = cell.holds(value)
            seen.append(_tuple(CellSeen, (cell.field, cell.written, value, holds)))
            if holds is not YES and group is not NO:
                group = holds
        if group is not NO:
            if truth is not YES:
                truth = group
            if group is UNKNOWN:
                unknown += [one.field for one in seen[first:] if one.truth is UNKNOWN]
    if requirement.form == "deny_if":
        truth = opposite(truth)
    if truth is YES:
        return _tuple(RequirementResult, (requirement, _MET, tuple(seen), (), None))
    outcome = _outcome(requirement, truth, unknown, facts, dictionary, decisions)
    owed_by = decisions[requirement.id].owed_by(requirement) if outcome is _ATTESTED else None
    asked = tuple(dict.fromkeys(unknown)) if outcome is _UNKNOWN else ()
    return _tuple(RequirementResult, (requirement, outcome, tuple(seen), asked, owed_by))


def outcome_of(
    requirement: Requirement, facts: Facts, dictionary: Dictionary, decisions: Decisions
) -> Outcome:
    """As `judge(...).outcome`, for whoever asks many times."""
    groups: list[Truth] = []
    unknown: list[str] = []
    for cells in requirement.groups:
        truths = [cell.holds(facts.get(cell.field)) for cell in cells]
        group = min(truths)
        groups.append(group)
        if group is UNKNOWN:
            unknown += [c.field for c, t in zip(cells, truths, strict=True) if t is UNKNOWN]
    truth = either(groups) if groups else UNKNOWN
    if requirement.form == "deny_if":
        truth = opposite(truth)
    return _MET if truth is YES else _outcome(requirement, truth, unknown, facts, dictionary, decisions)


def judge_table(table: Table, facts: Facts, dictionary: Dictionary, decisions: Decisions) -> TableResult:
    """A gap, an overlap, or facts nobody can work out ask a person under the table's id."""
    found = apply(table, facts)
    if found.outcome is Outcome.MET:
        return found
    if found.outcome is Outcome.UNKNOWN and not all(
        cannot_be_worked_out(n, facts, dictionary) for n in found.unknown
    ):
        return found
    decision = decisions.get(table.id)
    word = decision.decision if decision else None
    return replace(found, outcome=Outcome(word) if word in ("met", "not_met") else Outcome.NEEDS_STAFF)


def is_authority(requirement: Requirement) -> bool:
    """Decided by a recorded fact of the request, as the return authority is: nobody's word stands for it."""
    return requirement.form == "decide_by" and bool(requirement.groups)


def of_a_person(
    book: Rulebook, decisions: Decisions, authority: Iterable[Outcome], tables: Iterable[Outcome]
) -> Answer:
    """The answer of a suspended source, or of a card: what a person said under `suspended_id`.

    Their yes pays only under the return authority, and with each table answered: else a cap is not known.
    `authority` and `tables`: what became of those requirements and of the tables.
    """
    if book.kind == "elsewhere":
        return Answer.ASK
    said = decisions.get(suspended_id(book.source))
    word = said.decision if said else None
    if word == "not_met":
        return Answer.INELIGIBLE
    if word != "met":
        return Answer.NEEDS_STAFF_DECISION
    outcomes = {*authority, *tables}
    if Outcome.NOT_MET in outcomes:
        return Answer.INELIGIBLE
    return Answer.ELIGIBLE if outcomes <= {Outcome.MET} else Answer.NEEDS_STAFF_DECISION


def cannot_be_worked_out(name: str, facts: Facts, dictionary: Dictionary) -> bool:
    """Every input is known and there is still no value, as where no guideline is published."""
    inputs = dictionary[name].computed_from
    return bool(inputs) and all(facts.get(n) is not None for n in inputs or ())


def _outcome(
    requirement: Requirement,
    truth: Truth,
    unknown: Iterable[str],
    facts: Facts,
    dictionary: Dictionary,
    decisions: Decisions,
) -> Outcome:
    """Of one that is not plainly met. A rule that is not HIGH never refuses: it asks a person. A fact nobody
    knows is asked for, unless a person attests it where the rule allows that."""
    decision = decisions.get(requirement.id)
    decided = decision.decision if decision else None
    if requirement.form == "decide_by" and requirement.groups:
        return _NOT_MET if truth is NO else _NEEDS_STAFF
    if requirement.form != "decide_by":
        if truth is UNKNOWN and not all(cannot_be_worked_out(n, facts, dictionary) for n in unknown):
            attested = decided == "attested" and requirement.owed_within is not None
            return _ATTESTED if attested else _UNKNOWN
        if truth is NO and requirement.confidence == "HIGH":
            return _NOT_MET
    return Outcome(decided) if decided in ("met", "not_met") else _NEEDS_STAFF
