"""The work list, and one request: where it stands, why, its questions and the family's link."""

from __future__ import annotations

import copy
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.audit import actions as audit
from reunify.bootstrap import House
from reunify.funds import queries as funds
from reunify.identity import family_links
from reunify.identity.family_links import NewLink
from reunify.identity.queries import has_open_link, staff_names
from reunify.intake import actions as intake
from reunify.intake import queries
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, Problem
from reunify.payees import queries as payees
from reunify.reporting import progress as reporting
from reunify.reporting.progress import Progress
from reunify.web.audience import AnyStaff, AtHouse, CaseManager
from reunify.web.pages.decisions import authority_asked, authority_to_decide, to_decide
from reunify.web.pages.form import case_type_options
from reunify.web.pages.form_reading import answer_to
from reunify.web.pages.form_showing import Showing, value_at
from reunify.web.pages.view import go, holds, may_read_names, organisation_now, posted, staff_page
from reunify.web.pages.work_list import turns

router = APIRouter(include_in_schema=False)
Posted = Annotated[FormData, Depends(posted)]


@router.get("/")
def work_list(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Every request under whose turn it is."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        found = turns(session, me=by, names=may_read_names(by))
    return staff_page(request, "staff/work_list.html", me=by, org=org, turns=found)


@router.get("/requests/{request_id}")
def show(request: Request, request_id: UUID, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, request_id, by, at)


@router.post("/requests/{request_id}/answers")
def answer(request: Request, request_id: UUID, form: Posted, by: CaseManager, at: AtHouse) -> Response:
    """Freeze the next version with what was answered."""
    with at.db.read() as session:
        asked = _asked(reporting.of(session, request_id=RequestId(request_id)))
    answers: dict[str, Any] = {}
    wrong: list[Problem] = []
    for pointer in asked:
        value, problems = answer_to(form, pointer)
        wrong += problems
        if value is not None:
            answers[pointer] = value
    if not answers and asked:
        wrong.append(Problem(asked[0], "Answer at least one question."))
    if wrong:
        return _page(request, request_id, by, at, typed=form, wrong=wrong, status=422)
    try:
        with at.db.work(wake=True) as session:
            intake.answer(
                session,
                request_id=RequestId(request_id),
                answers=answers,
                case_types=at.case_types,
                by=by,
                now=at.now(),
            )
    except BadInput as refused:
        return _page(request, request_id, by, at, typed=form, wrong=refused.problems, status=422)
    return go(f"/requests/{request_id}", "answered")


@router.post("/requests/{request_id}/family-link")
def make_link(request: Request, request_id: UUID, by: CaseManager, at: AtHouse) -> Response:
    """A new private link and its PIN, shown on this one page and never again."""
    with at.db.work() as session:
        queries.request(session, request_id)
        link = family_links.make_family_link(session, request_id=RequestId(request_id), by=by, now=at.now())
    return _page(request, request_id, by, at, link=link)


def _asked(now: Progress) -> list[str]:
    """Where answers may go: the open questions, and the return authority when a person must decide it."""
    if now.explanation is None:
        return []
    pointers = [q.pointer for q in (*now.explanation.questions, *now.explanation.elsewhere_questions)]
    if authority_to_decide(now):
        pointers += authority_asked(now.request.content)
    return list(dict.fromkeys(pointers))


def _page(
    request: Request,
    request_id: UUID,
    by: Staff,
    at: House,
    *,
    typed: FormData | None = None,
    wrong: list[Problem] | None = None,
    link: NewLink | None = None,
    status: int = 200,
) -> Response:
    named = may_read_names(by)
    with at.db.work() as session:
        now = reporting.of(session, request_id=RequestId(request_id))
        context = _about(session, now, named)
        context["has_link"] = has_open_link(session, request_id)
        org = organisation_now(session, at)
        if named:
            audit.record(session, by=by, at=at.now(), subject="request", subject_id=request_id, moved="read")
    draft = _with_typed(now, typed) if typed is not None else now.request.content
    showing = Showing(draft, wrong or [], case_type_options(at))
    return staff_page(
        request,
        "staff/request.html",
        me=by,
        org=org,
        status=status,
        now=now,
        named=named,
        case_manager=holds(by, Role.CASE_MANAGER),
        problems=showing.problems,
        questions=_questions(now, showing),
        authority=[f for pointer in authority_asked(now.request.content) for f in showing.fields(pointer)]
        if authority_to_decide(now)
        else [],
        decidable=to_decide(now),
        link=link,
        address=f"{at.settings.own_url.rstrip('/')}/f/{link.token}" if link else "",
        value_at=value_at,
        **context,
    )


def _with_typed(now: Progress, typed: FormData) -> dict[str, Any]:
    """The request with the answers as typed, so that a page with a problem loses none of them."""
    draft: dict[str, Any] = copy.deepcopy(now.request.content)
    for pointer in _asked(now):
        value, _ = answer_to(typed, pointer)
        _place(draft, pointer.split("/")[1:], value)
    return draft


def _place(into: Any, path: list[str], value: Any) -> None:
    """Where the request has no such place, nothing is shown again; the problem still is."""
    for part in path[:-1]:
        if isinstance(into, list):
            into = into[int(part)] if part.isdigit() and int(part) < len(into) else {}
        elif isinstance(into, dict):
            if not isinstance(into.get(part), dict | list):
                into[part] = {}
            into = into[part]
    if isinstance(into, dict):
        into[path[-1]] = value


def _questions(now: Progress, showing: Showing) -> list[dict[str, Any]]:
    """Each place to answer once, with every question it answers."""
    if now.explanation is None:
        return []
    found: dict[str, dict[str, Any]] = {}
    for blocking, asked in ((True, now.explanation.questions), (False, now.explanation.elsewhere_questions)):
        for question in asked:
            kept = found.setdefault(
                question.pointer,
                {
                    "text": question.text.en,
                    "blocking": blocking,
                    "supplied_by": question.supplied_by,
                    "fields": showing.fields(question.pointer),
                },
            )
            kept["blocking"] = kept["blocking"] or blocking
    return list(found.values())


def _about(session: Session, now: Progress, named: bool) -> dict[str, Any]:
    award = now.award
    people = {now.request.requested_by}
    if award is not None:
        people |= {i for i in (award.approved_by, award.released_by) if i}
    if now.refusal is not None and now.refusal.confirmed_by:
        people.add(now.refusal.confirmed_by)
    return {
        "names": staff_names(session, people),
        "payees": {made.payee: payees.payee(session, made.payee) for made in now.instructions},
        "funds": {f.id: f for f in funds.all_funds(session)},
        "lines": {
            line["key"]: line
            for line in value_at(now.request.content, "/cost_lines") or []
            if isinstance(line, dict) and "key" in line
        }
        if named
        else {},
    }
