"""One payment: what is to be paid, its attempts, and the two-person log for payments made elsewhere."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.approval import queries as approval
from reunify.approval.behind import authors_of
from reunify.bootstrap import House
from reunify.disbursement import (
    cards_placing,
    logging_queries,
    policy,
    queries,
    quiet,
    rail,
    reapproving,
    troubles,
)
from reunify.disbursement import logging_payments as logged
from reunify.disbursement.policy import Instrument
from reunify.disbursement.queries import Instruction
from reunify.funds import queries as funds
from reunify.identity.queries import staff_names
from reunify.intake.reach import Reach
from reunify.kernel.ids import InstructionId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed, Problem, Refused
from reunify.payees import queries as payees
from reunify.web import payee_bank, payment_acts, reading
from reunify.web.audience import AtHouse, Finance, ReadsPayment, SteppedUpFinance
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.form_showing import ShownField, ShownProblem, id_of, short_form
from reunify.web.pages.labels import label
from reunify.web.pages.payment_decisions import choices
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import go, organisation_now, posted, staff_page, text_of
from reunify.web.scope import PaidCase, SeenPayment

_PAID_ON = "Write the day it was paid, like 2026-10-01."
router = APIRouter(include_in_schema=False)
Posted = Annotated[FormData, Depends(posted)]


@router.get("/payments/{instruction_id}")
def show(
    request: Request, instruction_id: UUID, by: ReadsPayment, at: AtHouse, case: SeenPayment
) -> Response:
    return _page(request, instruction_id, case, by, at, FormData(), [])


@router.post("/payments/{instruction_id}/record")
def record(
    request: Request, instruction_id: UUID, form: Posted, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    """Write down a payment made without Stripe; it counts once a colleague has checked it."""
    try:
        paid_on = day_read(text_of(form, "/paid_on"), "/paid_on", say=_PAID_ON)
        instrument = _instrument(text_of(form, "/instrument"))
        evidence = text_of(form, "/evidence")
        if not evidence:
            raise Refused("Write what you have seen: the bill, the bank line.", field="/evidence")
        with at.db.work() as session:
            logged.record_logged(
                session,
                instruction_id=InstructionId(instruction_id),
                instrument=instrument,
                external_reference=text_of(form, "/external_reference"),
                paid_on=paid_on,
                evidence_note=evidence[:4000],
                standing_digest=at.standing_digest,
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        if refused.field is None:
            raise
        wrong = [Problem(refused.field, str(refused))]
        return _page(request, instruction_id, case, by, at, form, wrong, status=422)
    return go(f"/payments/{instruction_id}", "recorded")


@router.post("/payments/{instruction_id}/verify")
def verify(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    """Another person has seen the evidence."""
    payment_acts.verify(at, instruction_id, by)
    return go(f"/payments/{instruction_id}", "verified")


def _instrument(code: str) -> Instrument:
    try:
        return Instrument(code)
    except ValueError:
        raise Refused("Choose how it was paid.", field="/instrument") from None


def _page(
    request: Request,
    instruction_id: UUID,
    case: Reach,
    by: Staff,
    at: House,
    form: FormData,
    wrong: list[Problem],
    *,
    status: int = 200,
) -> Response:
    with at.db.work() as session:
        made = queries.instruction(session, InstructionId(instruction_id))
        context = _about(session, made, by, at)
        org = organisation_now(session, at)
        reading.one(
            session, by=by, at=at.now(), subject="payment", subject_id=instruction_id, sight=case.sight
        )
    return staff_page(
        request,
        "staff/payment.html",
        me=by,
        org=org,
        status=status,
        made=made,
        fields=_fields(form, wrong, made, at),
        problems=[ShownProblem(id_of(p.pointer), "This payment", p.remedy) for p in wrong],
        **context,
    )


def _about(session: Session, made: Instruction, by: Staff, at: House) -> dict[str, Any]:
    tried = queries.attempts(session, made.id)
    award = approval.award(session, made.award)
    log = queries.logged(session, made.id)
    live = next((entry for entry in log if entry.state != "voided"), None)
    authors = authors_of(session, award.request_id, at.now())
    proofs = logging_queries.proofs(session, made.id)
    people = {i for entry in log for i in (entry.recorder, entry.verifier) if i}
    people |= {proof.added_by for proof in proofs}
    return {
        "award": award,
        "payee": payees.payee(session, made.payee),
        "lines": queries.lines(session, made.id),
        "funds": {f.id: f.name for f in funds.all_funds(session)},
        "attempts": tried,
        "rail": rail.rail_now(session, on=at.gateway is not None) if made.rail == "global_payout" else None,
        "charges": cards_placing.could_pay(session, made.id),
        "choices": choices(made, tried, by, at.now()),
        "bank": payee_bank.wanted(session, at, made, by),
        "anew": reapproving.waiting(session, made.id),
        "held_back": quiet.is_held_back(session, made.id),
        "log": log,
        "proofs": proofs,
        "live": live,
        "names": staff_names(session, people),
        "cannot_verify": _why_not(
            lambda: policy.check_verifier(by, live.recorder, live.recorded_for, authors=authors)
        )
        if live
        else None,
        "asks_bank": troubles.stale_at_bank(session, [made.id], now=at.now()),
        "cannot_record": _why_not(lambda: policy.check_recorder(by)),
    }


def _why_not(check: Any) -> str | None:
    """The reason in words; None if it may be done."""
    try:
        check()
    except NotAllowed as reason:
        return str(reason)
    return None


def _fields(form: FormData, wrong: list[Problem], made: Instruction, at: House) -> list[ShownField]:
    fits = policy.instruments_for(made.unit)
    options: Options = (("", "Choose"), *((i.value, label(i.value)) for i in fits))
    fields = (
        Field("instrument", "How it was paid", "choice", options=options, needed=True),
        Field("external_reference", "Number on the paper", hint="Check, voucher or bill number", needed=True),
        Field("paid_on", "Paid on", "date", needed=True, start=at.now().date().isoformat()),
        Field("evidence", "What you have seen", "long", "Like: bill seen, bank line matched", needed=True),
    )
    return short_form(form, fields, wrong)
