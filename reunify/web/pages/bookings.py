"""The booking desk: what is to be booked in all cases of this person, and the lines of one award."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.approval import queries as approval
from reunify.bookings import policy, queries
from reunify.bookings.policy import OverCeiling
from reunify.bootstrap import House
from reunify.identity.queries import staff_names
from reunify.intake import queries as intake
from reunify.intake.reach import Reach
from reunify.kernel.ids import AwardId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, Problem
from reunify.reporting import desk
from reunify.web import booking_acts, reading
from reunify.web.audience import AtHouse, CaseManager, staff
from reunify.web.pages.bookings_fields import DEPOSITS, at_their_blocks, blocks, told
from reunify.web.pages.form_showing import ShownProblem, id_of
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)
AtDesk = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR))]


@router.get("/bookings")
def to_do(request: Request, by: AtDesk, at: AtHouse) -> Response:
    """What is to be booked, and what must be kept or cancelled in time, award by award."""
    with at.db.work() as session:
        found = desk.to_do(session, me=by, now=at.now())
        names = staff_names(session, {todo.handled_by for todo in found})
        org = organisation_now(session, at)
        ids = [todo.request_id for todo in found]
        reading.many(session, by=by, at=at.now(), subject="booking_desk", ids=ids)
    books = Role.CASE_MANAGER in by.roles  # a supervisor looks on, and opens the award
    return staff_page(request, "staff/desk.html", me=by, org=org, found=found, names=names, books=books)


@router.get("/awards/{award_id}/bookings")
def show(request: Request, award_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    return _page(request, award_id, case, by, at, FormData(), [])


@router.post("/awards/{award_id}/bookings")
def book(
    request: Request, award_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Several lines in one act. What was typed stays on the page when something needs another look."""
    with at.db.read() as session:
        listed = queries.of_award(session, AwardId(award_id))
        org = organisation_now(session, at)
    numbers: list[int] = []
    try:
        lines, numbers = told(form, listed, org.zone if org else UTC)
        booking_acts.book(at, award_id, lines, by)
    except BadInput as wrong:
        problems = at_their_blocks(wrong.problems, numbers) if numbers else wrong.problems
        return _page(request, award_id, case, by, at, form, problems, status=422)
    except OverCeiling as over:
        problems = at_their_blocks([Problem(str(over.field), str(over))], numbers)
        return _page(request, award_id, case, by, at, form, problems, status=422)
    return go(f"/awards/{award_id}/bookings", "booked")


@router.post("/bookings/{booking_id}/change")
def change(
    request: Request, booking_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """It will be another seat or room."""
    try:
        booking_acts.change(at, booking_id, text_of(form, "reason"), by)
    except BadInput as wrong:
        return _again(request, booking_id, form, "change", case, by, at, wrong)
    return _back(at, booking_id, "booking_changed")


@router.post("/bookings/{booking_id}/cancel")
def cancel(
    request: Request, booking_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Nobody travels or sleeps there."""
    try:
        booking_acts.cancel(at, booking_id, text_of(form, "reason"), by)
    except BadInput as wrong:
        return _again(request, booking_id, form, "cancel", case, by, at, wrong)
    return _back(at, booking_id, "booking_cancelled")


@router.post("/bookings/{booking_id}/use")
def use(booking_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    """It was flown, ridden or slept in."""
    booking_acts.use(at, booking_id, by)
    return _back(at, booking_id, "booking_used")


@router.post("/bookings/{booking_id}/keep")
def keep(booking_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    """The answer to its alarm."""
    booking_acts.keep(at, booking_id, by)
    return _back(at, booking_id, "booking_kept")


@router.post("/bookings/{booking_id}/desk")
def confirm_desk(
    request: Request, booking_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Somebody at the hotel's desk said that the card form is there."""
    said, deposit = text_of(form, "card_form_confirmed_by"), text_of(form, "deposit")
    try:
        booking_acts.confirm_desk(at, booking_id, said, deposit, by)
    except BadInput as wrong:
        return _again(request, booking_id, form, "desk", case, by, at, wrong)
    return _back(at, booking_id, "desk_confirmed")


def _again(
    request: Request,
    booking_id: UUID,
    form: FormData,
    act: str,
    case: Reach,
    by: Staff,
    at: House,
    wrong: BadInput,
) -> Response:
    """The award's page, with what needs another look at the booking it was said of."""
    with at.db.read() as session:
        award_id = queries.booking(session, booking_id).award_id
    problems = [
        Problem(f"/{booking_id}/{act if p.pointer == '/reason' else p.pointer[1:]}", p.remedy)
        for p in wrong.problems
    ]
    return _page(request, award_id, case, by, at, form, problems, status=422)


def _back(at: House, booking_id: UUID, said: str) -> Response:
    with at.db.read() as session:
        award_id = queries.booking(session, booking_id).award_id
    return go(f"/awards/{award_id}/bookings", said)


def _page(
    request: Request,
    award_id: UUID,
    case: Reach,
    by: Staff,
    at: House,
    form: FormData,
    wrong: list[Problem],
    *,
    status: int = 200,
) -> Response:
    now = at.now()
    with at.db.work() as session:
        award = approval.award(session, award_id)
        found = queries.of_award(session, award.id)
        content = intake.newest_version(session, award.request_id).content
        org = organisation_now(session, at)
        reading.one(session, by=by, at=now, subject="award", subject_id=award_id, sight=case.sight)
    return staff_page(
        request,
        "staff/bookings.html",
        me=by,
        org=org,
        status=status,
        award=award,
        reference=case.reference,
        what={line.key: line.what for line in content.cost_lines},
        blocks=blocks(form, found, wrong),
        made=[booking for booking in found if booking.state != "wanted"],
        alarms={b.id for b in found if policy.alarms(b.state, b.cancel_by, b.kept_at, now=now)},
        unwanted=[booking for booking in found if booking.state == "wanted"],
        deposits=DEPOSITS[1:],
        reason=text_of(form, "reason"),
        wrong={id_of(p.pointer): p.remedy for p in wrong},
        problems=[ShownProblem(id_of(p.pointer), "The bookings", p.remedy) for p in wrong],
    )
