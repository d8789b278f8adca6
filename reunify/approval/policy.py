"""Who may approve, release and confirm a refusal. The tables say the same again in CHECKs."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, Staff, check_role
from reunify.kernel.refusals import NotAllowed, OutOfStep, Refused

AWARD_MOVES = Moves(
    "award",
    Move(START, "open", "awaiting_approval", "flow"),
    Move("awaiting_approval", "approve", "approved", "finance approver, not an author"),
    Move("approved", "release", "released", "finance releaser, not an author or the approver"),
    Move("approved", "approve", "approved", "finance approver, not an author"),
    Move("awaiting_approval", "decline", "declined", "finance approver, not an author"),
    Move("approved", "decline", "declined", "finance approver, not an author"),
    Move("awaiting_approval", "replace", "replaced", "flow"),
    Move("approved", "replace", "replaced", "flow"),
    Move("awaiting_approval", "lapse", "lapsed", "flow"),
    Move("lapsed", "replace", "replaced", "flow"),
)

REFUSAL_MOVES = Moves(
    "refusal",
    Move(START, "propose", "proposed", "flow"),
    Move("proposed", "confirm", "confirmed", "case manager"),
    Move("proposed", "replace", "replaced", "flow"),
)


class AuthorMayNot(NotAllowed):
    """Whoever asked or answered for a family never approves or releases its money."""


class StandsForAnAuthor(AuthorMayNot):
    """A delegate and whoever lent the role count as one person."""


class ApproverMayNotRelease(NotAllowed):
    """Two different finance people are needed above the small-amount limit."""


class ApprovalNoLongerHolds(OutOfStep):
    """What was approved is not what stands now."""


class NewerVersionWaiting(OutOfStep):
    """The family's request changed and has not been checked again yet."""


class ReasonNeeded(Refused):
    """A no carries a reason."""


def check_can_approve(by: Actor, *, authors: Collection[StaffId]) -> None:
    check_role(by, Role.FINANCE_APPROVER)
    _check_no_author(by, authors)


def check_can_release(
    by: Actor,
    *,
    authors: Collection[StaffId],
    approved_by: StaffId,
    approved_for: Collection[UUID] = (),
    ceiling: Money,
    small_limit: Money,
    not_alone: str | None = "",
) -> None:
    """Approver and releaser differ, with all they stand for, except at or under the small-amount limit.

    `not_alone`: None inside an open envelope, for whoever is on call; else why that does not hold here.
    """
    check_role(by, Role.FINANCE_RELEASER)
    _check_no_author(by, authors)
    if ceiling <= small_limit or not_alone is None:
        return
    if by.id == approved_by:
        raise ApproverMayNotRelease(
            f"You approved this award. Above {small_limit} a colleague must release it. {not_alone}".rstrip()
        )
    if one_person(by, approved_by, approved_for):
        raise ApproverMayNotRelease(
            "You and whoever approved this award stand in for the same person. "
            f"Above {small_limit} a colleague who stands for neither must release it."
        )


def can_release(
    by: Actor,
    *,
    authors: Collection[StaffId],
    approved_by: StaffId,
    approved_for: Collection[UUID] = (),
    ceiling: Money,
    small_limit: Money,
    not_alone: str | None = "",
) -> bool:
    """For pages: show the button or not."""
    try:
        check_can_release(
            by,
            authors=authors,
            approved_by=approved_by,
            approved_for=approved_for,
            ceiling=ceiling,
            small_limit=small_limit,
            not_alone=not_alone,
        )
    except NotAllowed:
        return False
    return True


def can_approve(by: Actor, *, authors: Collection[StaffId]) -> bool:
    try:
        check_can_approve(by, authors=authors)
    except NotAllowed:
        return False
    return True


def check_can_confirm_refusal(by: Actor) -> None:
    """No refusal leaves without a named person, whose name and title the letter carries."""
    check_role(by, Role.CASE_MANAGER)


def check_reason(reason: str) -> None:
    if len(reason.strip()) < 3:
        raise ReasonNeeded("Say why, in a few words.", field="/reason")


def check_digest(approved: str, standing: str) -> None:
    """What was approved is what is paid."""
    if approved != standing:
        raise ApprovalNoLongerHolds(
            "A payee, fund, ceiling or letter changed after the approval. It needs a fresh approval."
        )


def check_newest(*, assessed: int, newest: int) -> None:
    if newest > assessed:
        raise NewerVersionWaiting(
            "The request changed after this award was made. Wait until the change is checked."
        )


def one_person(by: Actor, approved_by: UUID, approved_for: Collection[UUID]) -> bool:
    """Whether they count as whoever approved."""
    return not _selves(by).isdisjoint({approved_by, *approved_for})


def _check_no_author(by: Actor, authors: Collection[StaffId]) -> None:
    if by.id in authors:
        raise AuthorMayNot("You entered or changed this request, so a colleague must decide on its money.")
    if not _selves(by).isdisjoint(authors):
        raise StandsForAnAuthor(
            "A colleague you stand in for entered or changed this request, "
            "so somebody else must decide on its money."
        )


def _selves(by: Actor) -> frozenset[StaffId]:
    return by.selves if isinstance(by, Staff) else frozenset()
