"""Our two accounts at Stripe and the bank as the books have them, and the differences that stand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.identity.queries import staff_names
from reunify.kernel.ids import StaffId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.ledger import queries as ledger
from reunify.ledger.policy import Cash
from reunify.reconciliation import cases, proofs
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation.policy import is_of_cards
from reunify.reconciliation.suspense_policy import NotAnOwner, days_old
from reunify.web import reading
from reunify.web.audience import AtHouse, Finance, staff
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
ReadsCash = Annotated[Staff, Depends(staff(*FINANCE, Role.AUDITOR))]


@router.get("/cash")
def accounts(request: Request, by: ReadsCash, at: AtHouse) -> Response:
    """Each account, and the differences that stand, the oldest first."""
    now = at.now()
    with at.db.work() as session:
        found = reconciliation.open_differences(session)
        org = organisation_now(session, at)
        held = [(account, ledger.cash(session, account)) for account in Cash]
        proved = proofs.last(session)
        people = cases.may_own(session)
        names = staff_names(session, {d.owner for d in found if d.owner})
        reading.many(session, by=by, at=now, subject="cash", ids=[d.id for d in found])
    return staff_page(
        request,
        "staff/cash.html",
        me=by,
        org=org,
        held=held,
        proved=proved,
        at_stripe=at.accounts,
        unproved=proofs.overdue(proved, expected=at.accounts, now=now),
        differences=[(d, days_old(d.found_at, now), is_of_cards(d.object_id)) for d in found],
        people=people,
        names=names,
        acts=holds(by, *FINANCE),
        settings=[org.suspense_fund, org.fees_cash_stripe, org.fees_cash_card, org.unallowable_costs]
        if org
        else [None] * 4,
    )


@router.post("/finance/differences/{difference_id}/owner")
def assign_difference(difference_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """As above, of a difference."""
    with at.db.work() as session:
        cases.assign(session, difference_id=difference_id, to=owner_of(form), by=by, now=at.now())
    return go("/cash", "owner_kept")


def owner_of(form: FormData) -> StaffId | None:
    """Raises NotAnOwner for what is no id."""
    said = text_of(form, "owner")
    try:
        return StaffId(UUID(said)) if said else None
    except ValueError:
        raise NotAnOwner("Choose a person of finance from the list.", field="/owner") from None
