"""What a member of staff may decide about a requirement, and what nobody may decide that way."""

from __future__ import annotations

from reunify.kernel.people import Actor, Role, check_role
from reunify.kernel.refusals import OutOfStep, Refused
from reunify.rules.model import Requirement, Rulebooks

DECISIONS = ("met", "not_met")


class AlreadyAssessed(OutOfStep):
    """A version is assessed once; what changes is a new version."""


class NoSuchRequirement(Refused):
    """No rule file has a requirement with this id."""


class NotYoursToWaive(Refused):
    """This requirement is decided by its own recorded fact, or by nobody."""


class ReasonMissing(Refused):
    """A decision without a reason cannot be explained later."""

    field = "/reason"


def check_can_decide(
    by: Actor, *, requirement: str, decision: str, reason: str, rulebooks: Rulebooks
) -> None:
    """Only what a rule leaves to people: a MEDIUM rule, or a fact that cannot be worked out.

    The return authority is never decided here: its decision belongs to the request, with its reason.
    """
    check_role(by, Role.CASE_MANAGER)
    if decision not in DECISIONS:
        raise Refused("Decide met or not_met.", field="/decision")
    if len(reason.strip()) < 5:
        raise ReasonMissing("Write why, in a sentence.")
    found = _requirement(requirement, rulebooks)
    if found is None:
        raise NoSuchRequirement("There is no requirement with this id in the rules.")
    if found.form == "decide_by" and found.groups:
        raise NotYoursToWaive("The return authority is decided in the request itself, never here.")
    if found.confidence == "HIGH" and not _left_to_people(found, rulebooks):
        raise NotYoursToWaive("This rule decides by its facts. Correct the facts instead.")


def _requirement(name: str, rulebooks: Rulebooks) -> Requirement | None:
    for versions in rulebooks.versions.values():
        for book in reversed(versions):
            for requirement in book.requirements:
                if requirement.id == name:
                    return requirement
    return None


def _left_to_people(requirement: Requirement, rulebooks: Rulebooks) -> bool:
    """A computed fact may be impossible to work out, as where no guideline is published."""
    return any(rulebooks.dictionary[name].computed_from for name in requirement.fields)
