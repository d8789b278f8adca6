"""The request form: every button keeps what was typed; submitting freezes version 1."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.intake import actions, by_rules, policy, problems, queries
from reunify.intake.overlap_policy import OverlapsAnother
from reunify.intake.queries import Draft
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import BadInput, Problem, Refused
from reunify.rates.fields import dictionary
from reunify.rules import queries as rules
from reunify.web import reading as reads
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.pages import form_reading as reading
from reunify.web.pages import form_told
from reunify.web.pages.form_fields import BY_POINTER, Options
from reunify.web.pages.form_showing import Showing, ShownProblem, id_of
from reunify.web.pages.view import go, organisation_now, posted, staff_page, text_of
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)
# Offered while typing; any zone of the tz database may be written.
US_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)
Posted = Annotated[FormData, Depends(posted)]


def case_type_options(at: House) -> Options:
    named = dictionary()["case_type"].values
    return tuple((code, named[code].en if code in named else code) for code in at.case_types)


@router.get("/requests/new")
def new(request: Request, by: CaseManager, at: AtHouse) -> Response:
    """An empty form. Nothing is kept before the first button is pressed."""
    return _show(request, at, by, kept=None, content={}, wrong=[])


@router.post("/requests/new")
def create(request: Request, form: Posted, by: CaseManager, at: AtHouse) -> Response:
    """Begin the draft, whichever button was pressed."""
    draft, fragment = _as_told(form)
    try:
        with at.db.work() as session:
            kept = actions.create(session, draft=draft, by=by, now=at.now())
    except BadInput as refused:
        return _show(request, at, by, kept=None, content=draft, wrong=refused.problems, status=422)
    return _next(request, form, at, by, kept, text_of(form, "do"), fragment)


@router.get("/requests/{request_id}/edit")
def edit(
    request: Request,
    request_id: UUID,
    by: CaseManager,
    at: AtHouse,
    case: WholeCase,
    check: str | None = None,
) -> Response:
    """The draft; with `check`, its problems at their fields."""
    policy.check_can_edit(by, case.requested_by)
    with at.db.work() as session:
        kept = queries.request(session, request_id)
        policy.MOVES.check(kept.state, "edit")
        reads.one(session, by=by, at=at.now(), subject="request", subject_id=request_id)
    wrong = _problems(at, kept.content) if check else []
    missing = len(wrong)
    if check == "wrong":
        wrong = problems.malformed(wrong)
    return _show(request, at, by, kept=kept, content=kept.content, wrong=wrong, missing=missing - len(wrong))


@router.post("/requests/{request_id}/edit")
def save(
    request: Request, request_id: UUID, form: Posted, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Keep the draft, then do what the button says."""
    draft, fragment = _as_told(form)
    revision = text_of(form, "revision")
    try:
        with at.db.work() as session:
            kept = actions.edit(
                session,
                request_id=RequestId(request_id),
                draft=draft,
                expected_revision=int(revision) if revision.isdigit() else None,
                by=by,
                now=at.now(),
            )
    except BadInput as refused:
        return _again(request, request_id, at, by, draft, refused.problems, status=422)
    except policy.DraftMovedOn:
        return _again(request, request_id, at, by, draft, [], status=409, clash=True)
    return _next(request, form, at, by, kept, text_of(form, "do"), fragment)


def _as_told(form: FormData) -> tuple[dict[str, Any], str]:
    """The draft, with what `add:` and `remove:` ask for done; and where the page should stand after."""
    verb, _, pointer = text_of(form, "do").partition(":")
    draft = reading.draft_of(form, keep_blank=verb in ("add", "remove"))
    group = BY_POINTER.get(pointer)
    if verb == "add" and group is not None and group.one:
        number = reading.with_item(draft, pointer, group)
        return draft, id_of(f"{pointer}/{number}")
    head, _, number_said = pointer.rpartition("/")
    listed = BY_POINTER.get(head)
    if verb == "remove" and listed is not None and listed.one and number_said.isdigit():
        reading.without_item(draft, pointer)
        return draft, id_of(head)
    return draft, ""


def _next(
    request: Request, form: FormData, at: House, by: Staff, kept: Draft, do: str, fragment: str
) -> Response:
    back = f"/requests/{kept.id}/edit"
    if fragment:
        return go(f"{back}#{fragment}")
    if do != "submit":
        return go(f"{back}?check=wrong", "saved")
    try:
        with at.db.work(wake=True) as session:
            actions.submit(
                session,
                request_id=kept.id,
                case_types=at.case_types,
                going_on=text_of(form, "overlap_reason")[:4000],
                by=by,
                now=at.now(),
            )
    except OverlapsAnother as refused:
        return _show(request, at, by, kept=kept, content=kept.content, wrong=[], status=422, overlaps=refused)
    except BadInput:
        return go(f"{back}?check=all")
    return go(f"/requests/{kept.id}", "submitted")


def _problems(at: House, content: Any) -> list[Problem]:
    read, wrong = problems.read(content)
    if read is None:
        return wrong
    with at.db.read() as session:
        books = rules.in_force_if_any(session)
    return policy.check_together(read, case_types=at.case_types) or by_rules.problems(read, books)


def _again(
    request: Request,
    request_id: UUID,
    at: House,
    by: Staff,
    draft: dict[str, Any],
    wrong: list[Problem],
    *,
    status: int,
    clash: bool = False,
) -> Response:
    """What was typed, not kept yet; pressing save again keeps it over the other copy."""
    with at.db.read() as session:
        kept = queries.request(session, request_id)
    return _show(request, at, by, kept=kept, content=draft, wrong=wrong, status=status, clash=clash)


def _show(
    request: Request,
    at: House,
    by: Staff,
    *,
    kept: Draft | None,
    content: Any,
    wrong: list[Problem],
    missing: int = 0,
    status: int = 200,
    clash: bool = False,
    overlaps: Refused | None = None,
) -> Response:
    """`overlaps`: another request holds the same people; a reason is asked for beside the button."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        books = rules.in_force_if_any(session)
        asked = form_told.asked_by(books) if books is not None else {}
    showing = Showing(content, wrong, case_type_options(at), asked)
    return staff_page(
        request,
        "staff/form.html",
        status=status,
        me=by,
        org=org,
        kept=kept,
        groups=showing.groups(),
        problems=showing.problems + _overlapping(overlaps),
        overlaps=overlaps,
        missing=missing,
        clash=clash,
        zones=US_ZONES,
    )


def _overlapping(found: Refused | None) -> list[ShownProblem]:
    return [ShownProblem("overlap_reason", "Another request", str(found))] if found else []
