"""Which case an address belongs to, and how much of it the caller sees: asked before the route runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.bookings import queries as bookings
from reunify.disbursement import cards_borne
from reunify.disbursement import queries as disbursement
from reunify.documents import queries as documents
from reunify.eligibility import hand_off_queries as hand_offs
from reunify.intake import reach
from reunify.intake.reach import Reach
from reunify.kernel.ids import DocumentId, InstructionId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.kernel.sight import Sight
from reunify.notices import queries as notices
from reunify.reconciliation import suspense_queries
from reunify.reporting import outages
from reunify.web.audience import (
    AnyStaff,
    CaseManager,
    EntersRequests,
    Finance,
    ReadsPayment,
    ReadsProgress,
    SteppedUpFinance,
    house,
)

R = TypeVar("R")


class NotThisPart(NotAllowed):
    """The case may be opened, but not this part of it."""


def case_for(by: Staff, session: Session, request_id: UUID, *, now: datetime | None = None) -> Reach:
    """The case, with `sight`. Raises NotFound, in the same words, if it is hidden from `by` or not there.

    Pass `now` to count an emergency opening or a disclosure in force; without it they do not count.
    """
    return reach.reach(session, request_id, by=by, now=now)


def whole_case(by: Staff, session: Session, request_id: UUID, *, now: datetime | None = None) -> Reach:
    """As `case_for`, for what only those who see the whole case may know is there (papers, narrative)."""
    found = case_for(by, session, request_id, now=now)
    if found.sight is not Sight.WHOLE:
        raise NotFound("There is no such request.")
    return found


# What an address may name, in our words, and the case it is of.
def _of_payment(session: Session, instruction_id: UUID) -> UUID:
    return approval.request_of(
        session, disbursement.instruction(session, InstructionId(instruction_id)).award
    )


def _of_item(session: Session, item_id: UUID) -> UUID:
    """What a merchant took from a travel card, in suspense: of the card's award. Raises NotFound."""
    charge = suspense_queries.object_of(session, item_id)
    award = cards_borne.awards_of(session, [charge]).get(charge)
    if award is None:
        raise NotFound("This is of no case.")
    return approval.request_of(session, award)


_CASE_OF: dict[str, tuple[str, Callable[[Session, UUID], UUID]]] = {
    "request_id": ("request", lambda _, found: found),
    "award_id": ("award", approval.request_of),
    "refusal_id": ("refusal", lambda session, found: approval.refusal(session, found).request_id),
    "instruction_id": ("payment", _of_payment),
    "item_id": ("item", _of_item),
    "outage_id": ("payment", outages.request_of),
    "hand_off_id": ("hand-off", hand_offs.request_of),
    "booking_id": ("booking", lambda session, found: bookings.booking(session, found).request_id),
    "notice_id": ("message", notices.request_of),
    "document_id": ("document", lambda session, found: documents.request_of(session, DocumentId(found))),
}
_PART = {
    Sight.MONEY: "Finance sees amounts and payees, never what the family told. Read the approval sheet.",
    Sight.MASKED: "Auditors read masked copies. True names need an order (2 CFR 200.337(b)).",
}


def case_at(audience: Any, *sights: Sight) -> Callable[..., Reach]:
    """A dependency: the case this address is of, for that audience, seen in one of these ways.

    `audience` is an alias such as `CaseManager`; FastAPI asks it once for the route and for this.
    """
    allowed = audience.__metadata__[0].dependency

    def case(request: Request, by: Staff = Depends(allowed)) -> Reach:
        at = house(request)
        key, found_id = next((k, v) for k, v in request.path_params.items() if k in _CASE_OF)
        word, case_of = _CASE_OF[key]
        hidden = NotFound(f"There is no such {word}.")
        with at.db.read() as session:
            try:
                found = case_for(by, session, case_of(session, UUID(str(found_id))), now=at.now())
            except (NotFound, ValueError):
                raise hidden from None
        if found.sight not in sights:
            raise NotThisPart(_PART[found.sight])
        return found

    return _told(case, sights)


def item_at(audience: Any, *sights: Sight) -> Callable[..., Reach | None]:
    """As `case_at`, of money in suspense; None for what was paid past us, which is of no case."""
    allowed = audience.__metadata__[0].dependency
    of_case = case_at(audience, *sights)

    def item(request: Request, item_id: UUID, by: Staff = Depends(allowed)) -> Reach | None:
        with house(request).db.read() as session:
            if suspense_queries.is_past_us(session, item_id):
                return None
        return of_case(request, by)

    return _told(item, sights)


def _told(rule: Callable[..., R], sights: tuple[Sight, ...]) -> Callable[..., R]:
    """The same, with what the access test reads of it."""
    rule.object_rule = sights  # type: ignore[attr-defined]
    return rule


EVERY_SIGHT = (Sight.WHOLE, Sight.MONEY, Sight.MASKED)
SeenCase = Annotated[Reach, Depends(case_at(AnyStaff, *EVERY_SIGHT))]
EnteredCase = Annotated[Reach, Depends(case_at(EntersRequests, Sight.WHOLE))]
ProgressCase = Annotated[Reach, Depends(case_at(ReadsProgress, *EVERY_SIGHT))]
WholeCase = Annotated[Reach, Depends(case_at(CaseManager, Sight.WHOLE))]
ReleasedCase = Annotated[Reach, Depends(case_at(SteppedUpFinance, Sight.WHOLE, Sight.MONEY))]
ReleasedItem = Annotated[Reach | None, Depends(item_at(SteppedUpFinance, Sight.WHOLE, Sight.MONEY))]
PaidItem = Annotated[Reach | None, Depends(item_at(Finance, Sight.WHOLE, Sight.MONEY))]
PaidCase = Annotated[Reach, Depends(case_at(Finance, Sight.WHOLE, Sight.MONEY))]
SeenPayment = Annotated[Reach, Depends(case_at(ReadsPayment, Sight.WHOLE, Sight.MONEY))]
