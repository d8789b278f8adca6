"""Money for the night: envelopes two people sign, and night decisions a third reviews."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.approval import envelope_policy as policy
from reunify.approval import envelope_queries as queries
from reunify.bootstrap import House
from reunify.closeout import bearing
from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.identity.duties import Span
from reunify.identity.queries import staff_names
from reunify.kernel.may import FINANCE
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.web import envelope_acts, reading
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance, staff
from reunify.web.errors import status_of
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_reading import MONEY_REMEDY
from reunify.web.pages.labels import label
from reunify.web.pages.people_fields import moment, problems, shown
from reunify.web.pages.typed import NotRead
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of, today
from reunify.web.scope import PaidCase

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(staff(*FINANCE, Role.AUDITOR))]
_PER_REQUEST = "per_request_cents"


@router.get("/envelopes")
def show(request: Request, by: Reader, at: AtHouse) -> Response:
    """What waits for a second signature, what is in force, and what was."""
    return _page(request, by, at, FormData(), None)


@router.post("/envelopes")
def propose(request: Request, form: PostedForm, by: SteppedUpFinance, at: AtHouse) -> Response:
    """The first signature; a colleague signs second before anything is held."""
    try:
        with at.db.read() as session:
            org = organisation_now(session, at)
        zone = org.zone if org else UTC
        envelope_acts.propose(
            at,
            text_of(form, "fund"),
            _amounts(form),
            Money(_cents(form, _PER_REQUEST)),
            Span(moment(form, "starts_at", zone), moment(form, "ends_at", zone)),
            by,
        )
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return go("/envelopes", "envelope_proposed")


@router.post("/envelopes/{envelope_id}/sign")
def sign(request: Request, envelope_id: UUID, by: SteppedUpFinance, at: AtHouse) -> Response:
    try:
        envelope_acts.sign(at, envelope_id, by)
    except Refused as refused:
        return _page(request, by, at, FormData(), refused)
    return go("/envelopes", "envelope_signed")


@router.post("/envelopes/{envelope_id}/withdraw")
def withdraw(request: Request, envelope_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    try:
        envelope_acts.withdraw(at, envelope_id, text_of(form, "reason"), by)
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return go("/envelopes", "envelope_ended")


@router.post("/envelopes/{envelope_id}/close")
def close(request: Request, envelope_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    try:
        envelope_acts.close(at, envelope_id, text_of(form, "reason"), by)
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return go("/envelopes", "envelope_ended")


@router.get("/reviews")
def reviews(request: Request, by: Reader, at: AtHouse) -> Response:
    """Night decisions by their award alone: who decided, until when a third looks, what is not borne yet."""
    return _reviews_page(request, by, at, None, None, "")


@router.post("/awards/{award_id}/review")
def review(
    request: Request, award_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    """A third person's yes, or no with a reason."""
    reason = text_of(form, "reason")
    agrees = text_of(form, "answer") == "yes"
    try:
        envelope_acts.review(at, award_id, agrees, reason, by)
    except policy.EnvelopeReasonNeeded as refused:
        return _reviews_page(request, by, at, refused, award_id, reason)
    return go("/reviews", "review_agreed" if agrees else "review_refused")


def _page(request: Request, by: Staff, at: House, form: FormData, refused: Refused | None) -> Response:
    with at.db.work() as session:
        org = organisation_now(session, at)
        open_now = queries.envelopes(session)
        over = queries.envelopes(session, states=["withdrawn", "closed", "expired"], limit=50)
        people = {i for e in (*open_now, *over) for i in (e.signed_by, e.confirmed_by) if i}
        fields = shown(_fields(session), form, refused)
        context: dict[str, Any] = {
            "waiting": [e for e in open_now if e.state == "proposed"],
            "in_force": [e for e in open_now if e.state == "in_force"],
            "over": over,
            "mine_to_sign": {e.id for e in queries.to_sign(session, me=by)},
            "funds": {fund.id: fund.name for fund in funds.all_funds(session)},
            "names": staff_names(session, people),
            "now": at.now(),
        }
        reading.many(session, by=by, at=at.now(), subject="envelopes", ids=[e.id for e in open_now])
    return staff_page(
        request,
        "staff/envelopes.html",
        me=by,
        org=org,
        status=200 if refused is None else status_of(refused)[0],
        fields=fields,
        refused=refused,
        problems=problems(fields, refused),
        is_finance=holds(by, *FINANCE),
        **context,
    )


def _reviews_page(
    request: Request, by: Staff, at: House, wrong: Refused | None, wrong_of: UUID | None, typed: str
) -> Response:
    with at.db.work() as session:
        org = organisation_now(session, at)
        found = queries.reviews(session)
        done = queries.reviews(session, states=["agreed", "borne"], limit=50)
        people = {i for r in (*found, *done) for i in (r.decided_by, r.reviewed_by) if i}
        context: dict[str, Any] = {
            "due": [r for r in found if r.state == "due"],
            "refused": [
                (r, Money(bearing.open_cents(session, r.award_id))) for r in found if r.state == "refused"
            ],
            "done": done,
            "may": {r.award_id for r in found if policy.can_review(by, barred=r.barred)},
            "names": staff_names(session, people),
            "day_now": today(org, at),
        }
        ids = [r.award_id for r in (*found, *done)]
        reading.many(session, by=by, at=at.now(), subject="envelope_reviews", ids=ids)
    return staff_page(
        request,
        "staff/reviews.html",
        me=by,
        org=org,
        status=422 if wrong else 200,
        wrong=str(wrong) if wrong else "",
        wrong_of=wrong_of,
        typed=typed,
        **context,
    )


def _fields(session: Session) -> tuple[Field, ...]:
    held = tuple(
        (fund.code, fund.name)
        for fund in funds.all_funds(session)
        if fund.kind is FundKind.HELD and fund.unit is Unit.CENTS and fund.state == "open"
    )
    amounts = tuple(
        Field(f"amounts/{c.value}", f"{label(c.value)} (dollars)", "dollars", "Empty: nothing")
        for c in BudgetCategory
    )
    return (
        Field("fund", "Source", "choice", options=(("", "Choose"), *held), needed=True),
        *amounts,
        Field(_PER_REQUEST, "At most for one request (dollars)", "dollars", needed=True),
        Field("starts_at", "Open from", "moment", "On the organisation's clock", needed=True),
        Field("ends_at", "Until", "moment", "At most 31 days later", needed=True),
    )


def _amounts(form: FormData) -> dict[BudgetCategory, int]:
    """Those that were filled in. Raises NotRead."""
    names = {category: f"amounts/{category.value}" for category in BudgetCategory}
    return {c: _cents(form, name) for c, name in names.items() if text_of(form, name)}


def _cents(form: FormData, name: str) -> int:
    """Raises NotRead."""
    try:
        return Money.parse(text_of(form, name)).cents
    except NotMoney:
        raise NotRead(MONEY_REMEDY, field=f"/{name}") from None
