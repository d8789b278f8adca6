"""True names by order: an administrator writes the order down, a supervisor confirms, the reader sees it."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.identity.queries import holders, staff_names
from reunify.intake import disclosing, disclosures, order_papers
from reunify.intake.disclosing import Basis
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, Problem
from reunify.rates.queries import organisation
from reunify.web import reading
from reunify.web.audience import AtHouse, SteppedUpAdministrator, staff
from reunify.web.limits import count_upload
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.form_showing import ShownField, ShownProblem, id_of, short_form
from reunify.web.pages.labels import label
from reunify.web.pages.view import go, holds, organisation_now, staff_page, text_of
from reunify.web.papers_sent import ACCEPT, UploadForm, attachment, one_file

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR))]
Confirmer = Annotated[Staff, Depends(staff(Role.SUPERVISOR, step_up=True))]
Ender = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR, Role.SUPERVISOR, step_up=True))]
OrderReader = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR, Role.SUPERVISOR))]
NOBODY = StaffId(UUID(int=0))


@router.get("/disclosures")
def show(request: Request, by: Reader, at: AtHouse) -> Response:
    """Every order to who makes and confirms them; to an auditor, their own."""
    return _page(request, by, at, FormData(), [])


@router.post("/disclosures")
def propose(request: Request, by: SteppedUpAdministrator, at: AtHouse, form: UploadForm) -> Response:
    """With the paper itself. Nothing is in force before a supervisor has read and confirmed it."""
    count_upload(at, by.id)
    content = one_file(form, "file", largest=order_papers.LARGEST)
    try:
        attached = order_papers.looked_into(content, examiner=at.examiner, scanner=at.scanner)
        with at.db.work() as session:
            zone = organisation(session, on=at.now().date()).zone
            starts_at, ends_at = _moment(form, "starts_at", zone), _moment(form, "ends_at", zone)
            auditors = holders(session, Role.AUDITOR)
            disclosing.propose(
                session,
                reader=_reader(form),
                auditors=auditors.keys(),
                asked_by=text_of(form, "/asked_by")[:400],
                basis=text_of(form, "/basis"),
                paper=text_of(form, "/paper")[:400],
                attached=attached,
                references=text_of(form, "/references").split(),
                starts_at=starts_at,
                ends_at=ends_at,
                by=by,
                now=at.now(),
            )
    except BadInput as refused:
        return _page(request, by, at, form, refused.problems, status=422)
    except order_papers.OrderNotTaken as refused:
        return _page(request, by, at, form, [Problem("/file", str(refused))], status=422)
    return go("/disclosures", "disclosure_proposed")


@router.get("/disclosures/{disclosure_id}/paper")
def paper(request: Request, disclosure_id: UUID, by: OrderReader, at: AtHouse) -> Response:
    """The approval or order itself, as a file; that it was opened is written down."""
    with at.db.work() as session:
        opened = order_papers.show(session, disclosure_id=disclosure_id, by=by, now=at.now())
    return attachment(request, opened)


@router.post("/disclosures/{disclosure_id}/confirm")
def confirm(disclosure_id: UUID, by: Confirmer, at: AtHouse) -> Response:
    """A second person has read the paper."""
    with at.db.work() as session:
        disclosing.confirm(session, disclosure_id=disclosure_id, by=by, now=at.now())
    return go("/disclosures", "disclosure_confirmed")


@router.post("/disclosures/{disclosure_id}/end")
def end(disclosure_id: UUID, by: Ender, at: AtHouse) -> Response:
    """At once."""
    with at.db.work() as session:
        disclosing.end(session, disclosure_id=disclosure_id, by=by, now=at.now())
    return go("/disclosures", "disclosure_ended")


def _reader(form: FormData) -> StaffId:
    try:
        return StaffId(UUID(text_of(form, "/reader")))
    except ValueError:
        return NOBODY


def _moment(form: FormData, name: str, zone: tzinfo) -> datetime:
    """A day of the organisation's; the last day counts whole."""
    try:
        day = datetime.fromisoformat(text_of(form, f"/{name}")).replace(tzinfo=zone)
    except ValueError:
        raise BadInput([Problem(f"/{name}", "Write a day, like 2026-12-01.")]) from None
    return day + timedelta(days=1) if name == "ends_at" else day


def _page(
    request: Request, by: Staff, at: House, form: FormData, wrong: list[Problem], *, status: int = 200
) -> Response:
    own_only = not holds(by, Role.ADMINISTRATOR, Role.SUPERVISOR)
    with at.db.work() as session:
        found = disclosures.every(session, reader=by.id if own_only else None)
        people = {i for d in found for i in (d.reader, d.proposed_by, d.confirmed_by, d.ended_by) if i}
        names = staff_names(session, people)
        auditors = holders(session, Role.AUDITOR)
        org = organisation_now(session, at)
        reading.many(session, by=by, at=at.now(), subject="disclosures", ids=[d.id for d in found])
    return staff_page(
        request,
        "staff/disclosures.html",
        me=by,
        org=org,
        status=status,
        found=[(d, d.state(at.now())) for d in found],
        names=names,
        may_propose=holds(by, Role.ADMINISTRATOR),
        may_confirm=holds(by, Role.SUPERVISOR),
        may_open=holds(by, Role.ADMINISTRATOR, Role.SUPERVISOR),
        file_wrong=next((p.remedy for p in wrong if p.pointer == "/file"), ""),
        accept=ACCEPT,
        fields=_fields(form, wrong, auditors),
        problems=[ShownProblem(id_of(p.pointer), "This order", p.remedy) for p in wrong],
    )


def _fields(form: FormData, wrong: list[Problem], auditors: dict[StaffId, str]) -> list[ShownField]:
    readers: Options = (("", "Choose"), *((str(i), name) for i, name in auditors.items()))
    bases: Options = (("", "Choose"), *((b.value, label(b.value)) for b in Basis))
    fields = (
        Field("asked_by", "Who asks", hint="The person and the office", needed=True),
        Field("basis", "On what ground", "choice", options=bases, needed=True),
        Field("paper", "The paper", hint="Its number, and where it is kept", needed=True),
        Field("reader", "Who may read", "choice", options=readers, needed=True),
        Field(
            "references", "Which requests", "long", "Their references, like R-7KQ4MX, one a line", needed=True
        ),
        Field("starts_at", "First day", "date", needed=True),
        Field("ends_at", "Last day", "date", "Thirty days at most", needed=True),
    )
    return short_form(form, fields, wrong)
