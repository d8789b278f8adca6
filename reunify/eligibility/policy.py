"""What a member of staff may decide about a requirement, and what nobody may decide that way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from reunify.kernel.people import Actor, Role, check_role
from reunify.kernel.refusals import OutOfStep, Refused
from reunify.rates.fields import Dictionary
from reunify.rules.model import Requirement, Rulebook, suspended_id

DECISIONS = ("met", "not_met", "attested")
_SHORTEST_REASON = 5


class AlreadyAssessed(OutOfStep):
    """A version is assessed once; what changes is a new version."""


class NoSuchRequirement(Refused):
    """No rule of this request has a requirement, a table or a source with this id."""


class CostChanged(NoSuchRequirement):
    """A word about a cost line counts for the line as it was shown, and nothing else."""


class NotYoursToWaive(Refused):
    """This requirement is decided by its own recorded fact, or by nobody."""


class NotAttestable(Refused):
    """Nobody may say so now and show it later: the rule does not allow it, or nothing is missing."""


class ReasonMissing(Refused):
    """A decision without a reason cannot be explained later."""

    field = "/reason"


def funder_id(source: str) -> str:
    """Under this name a person records what the funder of an asked source answered."""
    return f"{source}:funder"


def is_funder(requirement: str) -> bool:
    """Whether the name is of what a funder answered."""
    return requirement.endswith(":funder")


def check_no_ask(requirement: str, asked: Collection[str]) -> None:
    """A funder who was asked has its answer recorded with its paper, and a yes is never talked away here.

    Raises NotYoursToWaive.
    """
    if requirement in {funder_id(source) for source in asked}:
        raise NotYoursToWaive("This funder was asked: record its answer there, with its paper.")


def check_reason(reason: str) -> None:
    """Raises ReasonMissing."""
    if len(reason.strip()) < _SHORTEST_REASON:
        raise ReasonMissing("Write why, in a sentence.")


def check_can_decide(
    by: Actor,
    *,
    requirement: str,
    decision: str,
    reason: str,
    books: Sequence[Rulebook],
    dictionary: Dictionary,
    suspended: frozenset[str],
    unknown: Mapping[str, tuple[str, ...]],
    attested: frozenset[str],
    lines: frozenset[str],
) -> None:
    """Only what a rule leaves to people: a rule that is not HIGH, a plain staff decision, a fact that cannot
    be worked out, a table without a row, a check of a cost line, a suspended source, a funder's no.

    `books`: the rules this request is judged by. `unknown`: of each requirement that waits for facts, which.
    `lines`: what its cost lines leave to people.
    What is `attested` may be taken back by not_met: the rule then asks for the fact again.
    The return authority is never decided here: its decision belongs to the request, with its reason.
    """
    check_role(by, Role.CASE_MANAGER)
    if decision not in DECISIONS:
        raise Refused("Decide met or not_met; or attested, where the rule allows it.", field="/decision")
    check_reason(reason)
    found = next((r for book in books for r in book.requirements if r.id == requirement), None)
    if decision == "attested":
        _check_attestable(found, unknown.get(requirement, ()), dictionary)
    elif decision == "not_met" and requirement in attested:
        return
    elif found is not None:
        _check_left_to_people(found, dictionary)
    elif requirement == _funder_asked(requirement, books):
        if decision != "not_met":
            raise NotYoursToWaive("Record here only that the funder will not pay.")
    elif requirement not in _whole_things(books, suspended) | lines:
        if requirement.startswith("line:"):
            raise CostChanged("This cost has changed since you saw it. Look at it again, then decide.")
        raise NoSuchRequirement("No rule of this request has anything with this id to decide.")


def _check_left_to_people(found: Requirement, dictionary: Dictionary) -> None:
    if found.form == "decide_by":
        if found.groups:
            raise NotYoursToWaive("The return authority is decided in the request itself, never here.")
        return
    # A computed fact may be impossible to work out, as where no guideline is published.
    worked_out = any(dictionary[name].computed_from for name in found.fields)
    if found.confidence == "HIGH" and not worked_out:
        raise NotYoursToWaive("This rule decides by its facts. Correct the facts instead.")


def _check_attestable(found: Requirement | None, unknown: Sequence[str], dictionary: Dictionary) -> None:
    """Never identity, custody or safety, and never what is known already."""
    if found is None:
        raise NoSuchRequirement("No rule of this request has a requirement with this id.")
    if found.form == "decide_by" or found.owed_within is None:
        raise NotAttestable("This rule takes nobody's word. Ask for the fact itself.")
    if not unknown:
        raise NotAttestable("Nothing is missing for this requirement now, so nothing can be owed.")
    if not all(dictionary[name].attestable for name in unknown):
        raise NotAttestable("Identity, custody and safety are never attested. Ask for the fact itself.")


def _funder_asked(requirement: str, books: Sequence[Rulebook]) -> str | None:
    return next((i for b in books if b.kind == "asked" and (i := funder_id(b.source)) == requirement), None)


def _whole_things(books: Sequence[Rulebook], suspended: frozenset[str]) -> frozenset[str]:
    """Tables, and suspended sources that are ours to judge."""
    tables = {table.id for book in books for table in book.tables}
    judged = {b.source for b in books if b.kind != "elsewhere"}
    return frozenset(tables | {suspended_id(source) for source in judged & suspended})
