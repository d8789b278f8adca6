"""What was paid in an outage: written down, ratified by two of finance, or listed for the auditor."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.disbursement import outage_proofs
from reunify.disbursement.outage_policy import Instrument, NotWhatWasPaid
from reunify.identity.queries import staff_names
from reunify.kernel.may import FINANCE
from reunify.kernel.money import Money, NotMoney
from reunify.reporting import outages
from reunify.web import outage_acts, reading
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.outage_acts import OutageCase, ReadsOutage, RecordsOutage
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of
from reunify.web.papers_sent import ACCEPT, UploadForm, attachment
from reunify.web.scope import PaidCase

router = APIRouter(include_in_schema=False)


@router.get("/outage-payments")
def listed(request: Request, by: ReadsOutage, at: AtHouse) -> Response:
    """Open ones with what each may have been, and those reported. The auditor reads no text of a family."""
    acts = holds(by, *FINANCE)
    with at.db.work() as session:
        found = outages.listed(session)
        org = organisation_now(session, at)
        may_be = outages.may_be(session, [o for o in found if acts and o.state == "recorded"])
        people = {i for o in found for i in (o.recorder, o.proposer, o.reporter, o.bearer) if i}
        names = staff_names(session, people)
        reading.many(session, by=by, at=at.now(), subject="outage_payment", ids=[o.id for o in found])
    return staff_page(
        request,
        "staff/outage.html",
        me=by,
        org=org,
        found=found,
        may_be=may_be,
        names=names,
        acts=acts,
        accept=ACCEPT,
    )


@router.get("/outage-payments/new")
def form(request: Request, by: RecordsOutage, at: AtHouse) -> Response:
    """What to write down."""
    with at.db.read() as session:
        org = organisation_now(session, at)
    instruments = [i.value for i in Instrument]
    return staff_page(
        request, "staff/outage_new.html", me=by, org=org, instruments=instruments, accept=ACCEPT
    )


@router.post("/outage-payments")
def record(by: RecordsOutage, at: AtHouse, form: UploadForm) -> Response:
    """Kept, with its paper if there is one, and in suspense."""
    outage_acts.record(
        at,
        request=text_of(form, "/request"),
        instrument=_instrument(text_of(form, "/instrument")),
        paid_on=_day(text_of(form, "/paid_on")),
        cents=_cents(text_of(form, "/amount")),
        payee=text_of(form, "/payee"),
        to_whom=text_of(form, "/to_whom"),
        reference=text_of(form, "/reference"),
        why=text_of(form, "/why"),
        by=by,
        form=form,
    )
    return go("/outage-payments/new", "outage_recorded")


@router.post("/outage-payments/{outage_id}/paper")
def attach_paper(
    outage_id: UUID, by: RecordsOutage, at: AtHouse, case: OutageCase, form: UploadForm
) -> Response:
    outage_acts.attach_paper(at, form, outage_id=outage_id, request_id=case.request_id, by=by)
    return go("/outage-payments" if holds(by, *FINANCE) else "/outage-payments/new", "proof_attached")


@router.get("/outage-payments/{outage_id}/papers/{evidence_id}/file")
def file(
    request: Request, outage_id: UUID, evidence_id: UUID, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    """Only what was attached to this payment: no other paper of the family is finance's to open."""
    with at.db.work() as session:
        opened = outage_proofs.show(
            session, outage_id=outage_id, evidence_id=evidence_id, by=by, now=at.now()
        )
        return attachment(request, opened)


@router.post("/outage-payments/{outage_id}/proposal")
def propose(outage_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    try:
        instructions = [UUID(str(said)) for said in form.getlist("/instructions")]
    except ValueError:
        raise NotWhatWasPaid("Choose which payments it was.", field="/instructions") from None
    outage_acts.propose(at, outage_id, instructions, text_of(form, "/reason"), by)
    return go("/outage-payments", "outage_proposed")


@router.post("/outage-payments/{outage_id}/ratification")
def ratify(outage_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    state = outage_acts.ratify(at, outage_id, by)
    return go("/outage-payments", "outage_ratified" if state == "ratified" else "outage_part_ratified")


@router.post("/outage-payments/{outage_id}/return")
def send_back(outage_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase) -> Response:
    outage_acts.send_back(at, outage_id, text_of(form, "/reason"), by)
    return go("/outage-payments", "outage_sent_back")


@router.post("/outage-payments/{outage_id}/report")
def report(outage_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    outage_acts.report(at, outage_id, text_of(form, "/reason"), by)
    return go("/outage-payments", "outage_reported")


@router.post("/outage-payments/{outage_id}/strike")
def strike(outage_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    outage_acts.strike(at, outage_id, text_of(form, "/reason"), by)
    return go("/outage-payments", "outage_struck")


@router.post("/outage-payments/{outage_id}/bearing")
def bear(outage_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> Response:
    outage_acts.bear(at, outage_id, by)
    return go("/outage-payments", "outage_borne")


def _instrument(said: str) -> Instrument:
    if said not in list(Instrument):
        raise NotWhatWasPaid("Choose with what it was paid.", field="/instrument")
    return Instrument(said)


def _cents(said: str) -> int:
    try:
        return Money.parse(said).cents
    except NotMoney:
        raise NotWhatWasPaid("Write an amount like 120.50.", field="/amount") from None


def _day(said: str) -> date:
    return day_read(said, "/paid_on")
