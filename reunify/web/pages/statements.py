"""Vendors' bills: taken in, matched to bookings, written down by one person and verified by another."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.disbursement import statements_cases, statements_queries
from reunify.disbursement.statements import SUBJECT
from reunify.disbursement.statements_policy import OwnerNotFinance
from reunify.disbursement.statements_queries import LineShown
from reunify.identity.queries import staff_names
from reunify.kernel.ids import StaffId
from reunify.reconciliation.cases import may_own
from reunify.web import reading, statement_acts
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of, today
from reunify.web.papers_sent import UploadForm

router = APIRouter(include_in_schema=False)


@router.get("/statements")
def listed(request: Request, by: Finance, at: AtHouse) -> Response:
    """Every bill, the newest first, and the cases of all of them, the oldest first."""
    with at.db.work() as session:
        found = statements_queries.statements(session)
        cases = statements_queries.open_cases(session, now=at.now())
        org = organisation_now(session, at)
        names = staff_names(session, {s.uploaded_by for s in found} | {c.owner for c in cases if c.owner})
        reading.many(session, by=by, at=at.now(), subject=SUBJECT, ids=[s.id for s in found])
    return staff_page(request, "staff/statements.html", me=by, org=org, bills=found, cases=cases, names=names)


@router.post("/statements")
def take_in(by: Finance, at: AtHouse, form: UploadForm) -> Response:
    """One CSV file, whole or not at all."""
    return go(f"/statements/{statement_acts.take_in(at, form, by=by)}", "bill_taken_in")


@router.get("/statements/{statement_id}")
def one(request: Request, statement_id: UUID, by: Finance, at: AtHouse) -> Response:
    """Its lines, and what may be done with them."""
    with at.db.work() as session:
        bill, lines = statements_queries.statement(session, statement_id, now=at.now())
        org = organisation_now(session, at)
        known = {i for line in lines for i in _people(line) if i}
        names = staff_names(session, known | {bill.uploaded_by})
        people = may_own(session)
        reading.many(session, by=by, at=at.now(), subject=SUBJECT, ids=[bill.id])
    return staff_page(
        request,
        "staff/statement.html",
        me=by,
        org=org,
        bill=bill,
        lines=lines,
        names=names,
        people=people,
        today=today(org, at),
    )


@router.post("/statements/{statement_id}/record")
def record(statement_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """Every matched line is written down as paid on that day."""
    statement_acts.record(at, statement_id, day_read(text_of(form, "/paid_on"), "/paid_on"), by)
    return go(f"/statements/{statement_id}", "bill_recorded")


@router.post("/statements/{statement_id}/verify")
def verify(statement_id: UUID, by: SteppedUpFinance, at: AtHouse) -> Response:
    """Another person has compared the lines with the bill."""
    statement_acts.verify(at, statement_id, by)
    return go(f"/statements/{statement_id}", "bill_verified")


@router.post("/statements/{statement_id}/lines/{line_id}/owner")
def assign(statement_id: UUID, line_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """Somebody of finance answers for it; nobody chosen: finance as a whole."""
    with at.db.work() as session:
        statements_cases.assign(session, line_id=line_id, to=_owner(form), by=by, now=at.now())
    return go(f"/statements/{statement_id}", "owner_kept")


@router.post("/statements/{statement_id}/lines/{line_id}/resolve")
def resolve(statement_id: UUID, line_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """How it ended, in words."""
    with at.db.work() as session:
        statements_cases.resolve(session, line_id=line_id, why=text_of(form, "reason"), by=by, now=at.now())
    return go(f"/statements/{statement_id}", "bill_case_resolved")


@router.post("/statements/{statement_id}/lines/{line_id}/set-aside")
def set_aside(statement_id: UUID, line_id: UUID, by: Finance, at: AtHouse) -> Response:
    """A matched line that somebody doubts becomes a case."""
    with at.db.work() as session:
        statements_cases.set_aside(session, line_id=line_id, by=by, now=at.now())
    return go(f"/statements/{statement_id}", "bill_line_set_aside")


@router.post("/statements/{statement_id}/lines/{line_id}/acceptance")
def accept(statement_id: UUID, line_id: UUID, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """The vendor or the day differs, and it is that booking's bill."""
    with at.db.work() as session:
        statements_cases.accept(session, line_id=line_id, why=text_of(form, "reason"), by=by, now=at.now())
    return go(f"/statements/{statement_id}", "bill_line_accepted")


def _people(line: LineShown) -> tuple[StaffId | None, ...]:
    return line.owner, line.recorder, line.resolved_by, line.accepted_by


def _owner(form: FormData) -> StaffId | None:
    """Raises OwnerNotFinance for what is no id."""
    said = text_of(form, "owner")
    try:
        return StaffId(UUID(said)) if said else None
    except ValueError:
        raise OwnerNotFinance("Choose a person of finance from the list.") from None
