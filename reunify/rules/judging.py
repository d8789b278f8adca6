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


def judge(
    requirement: Requirement, facts: Facts, dictionary: Dictionary, decisions: Decisions
) -> RequirementResult:
    """The outcome with every cell and the value it met."""
    seen: list[CellSeen] = []
    groups: list[Truth] = []
    unknown: dict[str, None] = {}
    for cells in requirement.groups:
        group, waiting = YES, []
        for cell in cells:
            field = cell.field
            value = facts.get(field)
            truth = cell.holds(value)
            seen.append(CellSeen(field, cell.written, value, truth))
            if truth is not YES:
                if truth is UNKNOWN:
                    waiting.append(field)
                if group is not NO:
                    group = truth
        groups.append(group)
        if group is UNKNOWN:
            unknown.update(dict.fromkeys(waiting))
    outcome = _outcome(requirement, groups, unknown, facts, dictionary, decisions)
    owed_by = decisions[requirement.id].owed_by(requirement) if outcome is Outcome.ATTESTED else None
    asked = tuple(unknown) if outcome is Outcome.UNKNOWN else ()
    return RequirementResult(requirement, outcome, tuple(seen), asked, owed_by)


def outcome_of(
    requirement: Requirement, facts: Facts, dictionary: Dictionary, decisions: Decisions
) -> Outcome:
    """As `judge(...).outcome`, for whoever asks many times."""
    groups: list[Truth] = []
    unknown: dict[str, None] = {}
    for cells in requirement.groups:
        truths = [cell.holds(facts.get(cell.field)) for cell in cells]
        group = min(truths)
        groups.append(group)
        if group is UNKNOWN:
            unknown.update((c.field, None) for c, t in zip(cells, truths, strict=True) if t is UNKNOWN)
    return _outcome(requirement, groups, unknown, facts, dictionary, decisions)


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
    groups: list[Truth],
    unknown: Mapping[str, None],
    facts: Facts,
    dictionary: Dictionary,
    decisions: Decisions,
) -> Outcome:
    """A rule that is not HIGH never refuses: it asks a person. A fact nobody knows is asked for, unless a
    person attests it where the rule allows that."""
    truth = either(groups) if groups else UNKNOWN
    if requirement.form == "deny_if":
        truth = opposite(truth)
    if truth is YES:
        return Outcome.MET
    decision = decisions.get(requirement.id)
    decided = decision.decision if decision else None
    if requirement.form == "decide_by" and requirement.groups:
        return Outcome.NOT_MET if truth is NO else Outcome.NEEDS_STAFF
    if requirement.form != "decide_by":
        if truth is UNKNOWN and not all(cannot_be_worked_out(n, facts, dictionary) for n in unknown):
            attested = decided == "attested" and requirement.owed_within is not None
            return Outcome.ATTESTED if attested else Outcome.UNKNOWN
        if truth is NO and requirement.confidence == "HIGH":
            return Outcome.NOT_MET
    return Outcome(decided) if decided in ("met", "not_met") else Outcome.NEEDS_STAFF
