"""What finance does about a request's costs: ask and confirm; write down and verify what came back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.closeout import actions as transfers
from reunify.closeout import recovering
from reunify.intake.reach import Reach
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, NotFound, Refused
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.pages.acting import done
from reunify.web.pages.closeout import page_of
from reunify.web.pages.closeout_fields import (
    BACK,
    MOVE,
    Typed,
    cash_in,
    category_in,
    cents_in,
    code_in,
    day_in,
    id_in,
    late_of,
)
from reunify.web.pages.view import PostedForm, go, text_of
from reunify.web.scope import PaidCase, ReleasedCase

router = APIRouter(include_in_schema=False)


@router.post("/requests/{request_id}/transfers")
def ask(
    request: Request, request_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    """Ask that a cost be borne by another source; nothing moves before a colleague agrees."""

    def act(session: Session) -> None:
        transfers.ask_transfer(
            session,
            request_id=case.request_id,
            from_hold=id_in(form, "cost", MOVE),
            to=code_in(form, "to", MOVE),
            category=category_in(form),
            amount=cents_in(form, MOVE),
            reason=text_of(form, f"/{MOVE}/reason"),
            justification=text_of(form, f"/{MOVE}/justification"),
            late=late_of(form),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, MOVE, act, "transfer_asked")


@router.post("/requests/{request_id}/transfers/{transfer_id}/confirm")
def confirm(
    request: Request,
    request_id: UUID,
    transfer_id: UUID,
    form: PostedForm,
    by: SteppedUpFinance,
    at: AtHouse,
    case: ReleasedCase,
) -> Response:
    """The second person agrees: the books follow."""

    def act(session: Session) -> None:
        transfers.confirm_transfer(
            session,
            request_id=case.request_id,
            transfer_id=transfer_id,
            finding=text_of(form, "finding"),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(transfer_id), act, "transfer_confirmed")


@router.post("/requests/{request_id}/transfers/{transfer_id}/turn-down")
def turn_down(
    request: Request,
    request_id: UUID,
    transfer_id: UUID,
    form: PostedForm,
    by: Finance,
    at: AtHouse,
    case: PaidCase,
) -> Response:
    """The second person says no: the cost stays where it is."""

    def act(session: Session) -> None:
        transfers.turn_down_transfer(
            session,
            request_id=case.request_id,
            transfer_id=transfer_id,
            why=text_of(form, "reason"),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(transfer_id), act, "transfer_ended")


@router.post("/requests/{request_id}/transfers/{transfer_id}/withdraw")
def withdraw(
    request: Request,
    request_id: UUID,
    transfer_id: UUID,
    form: PostedForm,
    by: Finance,
    at: AtHouse,
    case: PaidCase,
) -> Response:
    """Whoever asked takes it back."""

    def act(session: Session) -> None:
        transfers.withdraw_transfer(
            session,
            request_id=case.request_id,
            transfer_id=transfer_id,
            why=text_of(form, "reason"),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(transfer_id), act, "transfer_ended")


@router.post("/requests/{request_id}/recoveries")
def record(
    request: Request, request_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    """Write down what a source elsewhere paid back; it counts once a colleague has verified it."""

    def act(session: Session) -> None:
        recovering.record_recovery(
            session,
            request_id=case.request_id,
            line_id=id_in(form, "line", BACK),
            source=code_in(form, "source", BACK),
            amount=cents_in(form, BACK),
            cash=cash_in(form),
            happened_on=day_in(form, "happened_on", BACK),
            bank_reference=text_of(form, f"/{BACK}/bank_reference"),
            evidence=text_of(form, f"/{BACK}/evidence"),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, BACK, act, "recovery_recorded")


@router.post("/requests/{request_id}/recoveries/{recovery_id}/verify")
def verify(
    request: Request,
    request_id: UUID,
    recovery_id: UUID,
    form: PostedForm,
    by: SteppedUpFinance,
    at: AtHouse,
    case: ReleasedCase,
) -> Response:
    """The second person has seen the bank's line: the money is there again."""

    def act(session: Session) -> None:
        recovering.verify_recovery(
            session, request_id=case.request_id, recovery_id=recovery_id, by=by, now=at.now()
        )

    return _done(request, case, by, at, form, str(recovery_id), act, "recovery_verified")


@router.post("/requests/{request_id}/recoveries/{recovery_id}/strike")
def strike(
    request: Request,
    request_id: UUID,
    recovery_id: UUID,
    form: PostedForm,
    by: Finance,
    at: AtHouse,
    case: PaidCase,
) -> Response:
    """It was written down wrongly, and never counted."""

    def act(session: Session) -> None:
        recovering.strike_recovery(
            session,
            request_id=case.request_id,
            recovery_id=recovery_id,
            why=text_of(form, "reason"),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(recovery_id), act, "recovery_struck")


def _done(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    form: FormData,
    whose: str,
    act: Callable[[Session], None],
    said: str,
) -> Response:
    """Refused, the page comes again with everything as typed; who may not is told so."""

    def again(refused: Refused) -> Response:
        return page_of(request, case, by, at, typed=Typed(whose, form, refused))

    # A new one may name what is no longer there; an act on one that stands names it in its address.
    told = (NotAllowed,) if whose in (MOVE, BACK) else (NotFound, NotAllowed)
    then = go(f"/requests/{case.request_id}/costs", said)
    return done(at, act, then=then, again=again, never_again=told)
