"""Who may bring in a Word template and who may approve it, and why not. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from reunify.documents.template_ports import Finding
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe

STATES: Final = ("approved", "declined", "withdrawn")
# Whoever writes the sentences families read in the rules writes the rest of the letter too, under the same
# two-person rule. Administrators look after people and machines; what is said to families is not theirs.
CHANGES: Final = Role.RULES_AUTHOR
LONGEST_REASON: Final = 2000


class NoSuchTemplate(NotFound):
    """There is no such version, or nobody ever kept such a file."""


class TemplateNotTaken(Refused):
    """The files hold something that must be mended first. `findings`: all of it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        more = f" And {len(findings) - 1} more." if len(findings) > 1 else ""
        super().__init__(f"{findings[0]}{more}", field="/files")
        self.findings = tuple(findings)


class NothingChanged(Refused):
    """These very files are in force already."""


class OneAtATime(OutOfStep):
    """Another version of this letter waits for its second person."""


class AlreadyDecided(OutOfStep):
    """Somebody approved, declined or withdrew it."""


class ProposerMayNotApprove(NotAllowed):
    """Whoever brought a template in never brings it into force, nor whoever stands in for them."""


class OnlyTheProposerWithdraws(NotAllowed):
    """A colleague declines; the person who brought it in withdraws."""


class ReasonNeeded(Refused):
    """What letters say, and why it was changed or not, is read for years."""


def check_another(by: Staff, proposed: Collection[UUID]) -> None:
    """`proposed`: everybody the first person counts as."""
    if not by.selves.isdisjoint(proposed):
        raise ProposerMayNotApprove(
            "You brought these files in, or count as one with whoever did. Another rules author decides."
        )


def check_own(by: Staff, proposed_by: UUID) -> None:
    if by.id != proposed_by:
        raise OnlyTheProposerWithdraws("Decline it instead, with the reason: somebody else brought it in.")


def checked_reason(said: str, *, field: str = "/reason") -> str:
    """As kept. Raises ReasonNeeded."""
    said = " ".join(said.split())
    if not 3 <= len(said) <= LONGEST_REASON or not is_safe(said):
        raise ReasonNeeded("Say it in a few plain words.", field=field)
    return said
