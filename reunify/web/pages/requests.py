"""The work list, and one request: where it stands, why, its questions and the family's link."""

from __future__ import annotations

import copy
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.approval import queries as approval
from reunify.bootstrap import House
from reunify.identity import family_links
from reunify.identity.family_policy import CallBackFirst
from reunify.identity.queries import has_open_link, staff_names
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.intake import signers
from reunify.intake.reach import Reach
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, Problem
from reunify.kernel.sight import Sight
from reunify.rates.policy import Organisation
from reunify.reporting import progress as reporting
from reunify.reporting import views
from reunify.reporting.progress import Progress
from reunify.rules import queries as rules
from reunify.vault.keepers import Erased
from reunify.web import reading
from reunify.web.audience import AnyStaff, AtHouse, CaseManager
from reunify.web.pages import form_told, links
from reunify.web.pages.asked_fields import AskedTyped, about_asked
from reunify.web.pages.cases import about_case
from reunify.web.pages.decisions import ToDecide, Typed, authority_asked, authority_to_decide, to_decide
from reunify.web.pages.form import case_type_options
from reunify.web.pages.form_reading import answer_to
from reunify.web.pages.form_showing import Showing, ShownProblem, value_at
from reunify.web.pages.need_shown import need_shown
from reunify.web.pages.reservations_shown import runs_out, why_nothing
from reunify.web.pages.view import go, holds, organisation_now, posted, staff_page, text_of, today
from reunify.web.pages.work_list import work_list
from reunify.web.scope import SeenCase, WholeCase

router = APIRouter(include_in_schema=False)
Posted = Annotated[FormData, Depends(posted)]


@router.get("/")
def show_work_list(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Every request in reach, under whose turn it is."""
    with at.db.work() as session:
        org = organisation_now(session, at)
        found = work_list(session, me=by, org=org, today=today(org, at), now=at.now(), accounts=at.accounts)
    return staff_page(request, "staff/work_list.html", me=by, org=org, found=found)


@router.get("/requests/{request_id}")
def show(request: Request, request_id: UUID, by: AnyStaff, at: AtHouse, case: SeenCase) -> Response:
    if case.sight is not Sight.WHOLE:
        return _money_page(request, case, by, at)
    try:
        return page_of(request, case, by, at)
    except Erased:
        return _money_page(request, case, by, at)  # that it was erased, when, and what the books keep


@router.post("/requests/{request_id}/answers")
def answer(
    request: Request, request_id: UUID, form: Posted, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Freeze the next version with what was answered."""
    with at.db.read() as session:
        asked = _asked(reporting.of(session, request_id=RequestId(request_id)))
    answers: dict[str, Any] = {}
    wrong: list[Problem] = []
    for pointer in asked:
        value, problems = answer_to(form, pointer)
        wrong += problems
        if value is not None:
            answers[pointer] = None if value == form_told.LEAVE_OUT else value
    if not answers and asked:
        wrong.append(Problem(asked[0], "Answer at least one question."))
    if wrong:
        return page_of(request, case, by, at, typed=form, wrong=wrong, status=422)
    try:
        with at.db.work(wake=True) as session:
            intake.answer(
                session,
                request_id=RequestId(request_id),
                answers=answers,
                award_stands=approval.newest_award(session, request_id) is not None,
                case_types=at.case_types,
                going_on=text_of(form, "overlap_reason")[:4000],
                by=by,
                now=at.now(),
            )
    except BadInput as refused:
        return page_of(request, case, by, at, typed=form, wrong=refused.problems, status=422)
    return go(f"/requests/{request_id}", "answered")


@router.post("/requests/{request_id}/family-link")
def make_link(request: Request, request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    """The contact person's first link, shown once; a new one needs the call back on the page of links."""
    try:
        with at.db.work() as session:
            reader = signers.contact_person(intake_queries.newest_version(session, request_id).content)
            link = family_links.make_family_link(
                session,
                request_id=RequestId(request_id),
                reader=reader.key,
                within=case.opened,
                by=by,
                now=at.now(),
            )
    except CallBackFirst:
        return go(f"/requests/{request_id}/links")
    return links.just_made(request, case, by, at, reader.key, link)


def _asked(now: Progress) -> list[str]:
    """Where answers may go: the open questions, and the return authority when a person must decide it."""
    if now.explanation is None:
        return []
    pointers = [q.pointer for q in (*now.explanation.questions, *now.explanation.elsewhere_questions)]
    if authority_to_decide(now):
        pointers += authority_asked(now.request.content)
    return list(dict.fromkeys(pointers))


def page_of(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    *,
    typed: FormData | None = None,
    wrong: list[Problem] | None = None,
    decided: Typed | None = None,
    asked: AskedTyped | None = None,
    status: int = 200,
) -> Response:
    """The case whole. `decided`, `asked`: what was refused, as typed. Raises Erased."""
    with at.db.work() as session:
        now = reporting.of(session, request_id=case.request_id)
        if now.request.erased_on is not None:
            raise Erased(now.request.erased_on)
        context = _about(session, now)
        context |= about_case(session, case, now, by)
        context["has_link"] = has_open_link(session, case.request_id)
        org = organisation_now(session, at)
        funders = about_asked(session, case, now, by, asked, at.now(), today(org, at))
        context["need"] = need_shown(session, now, on=today(org, at))
        context["runs_out"] = runs_out(session, now, org, today(org, at))
        context["no_rules"] = now.stage == "checking" and not rules.any_in_force(session)
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=case.request_id)
    draft = _with_typed(now, typed) if typed is not None else now.request.content
    showing = Showing(draft, wrong or [], case_type_options(at))
    decidable = [r for r in to_decide(now) if r.id not in funders.answered_there]
    return staff_page(
        request,
        "staff/request.html",
        me=by,
        org=org,
        status=status,
        now=now,
        case=case,
        case_manager=holds(by, Role.CASE_MANAGER),
        problems=showing.problems + _refused(decided, decidable) + funders.problems,
        asked=funders,
        asked_typed=asked,
        decided=decided,
        questions=_questions(now, showing),
        authority=[f for pointer in authority_asked(now.request.content) for f in showing.fields(pointer)]
        if authority_to_decide(now)
        else [],
        decidable=decidable,
        overdue=_overdue(now, at, org),
        value_at=value_at,
        **context,
    )


def _money_page(request: Request, case: Reach, by: Staff, at: House) -> Response:
    """The same case for finance and for auditors: what their view does not hold, the page cannot show."""
    with at.db.work() as session:
        now = reporting.of(session, request_id=case.request_id)
        masked = views.masked_view(session, now) if case.sight is Sight.MASKED else None
        money = masked.money if masked else views.money_view(session, now)
        names = staff_names(session, _people(now))
        why = why_nothing(session, now, case.sight)
        org = organisation_now(session, at)
        reading.one(
            session, by=by, at=at.now(), subject="request", subject_id=case.request_id, sight=case.sight
        )
    return staff_page(
        request,
        "staff/case_money.html",
        me=by,
        org=org,
        money=money,
        masked=masked,
        names=names,
        why_nothing=why,
    )


def _refused(decided: Typed | None, decidable: list[ToDecide]) -> list[ShownProblem]:
    """At the reason it was typed for; at the top of the page if that is not to be decided any more."""
    if decided is None or not decided.wrong:
        return []
    for number, item in enumerate(decidable, start=1):
        if item.id == decided.about:
            return [ShownProblem(f"d-{number}-reason", item.title, decided.wrong)]
    return [ShownProblem("main", "Your decision", decided.wrong)]


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


def _overdue(now: Progress, at: House, org: Organisation | None) -> date | None:
    """The first day by which something attested was owed and did not come, if that day is over."""
    found = [r.owed_by for s in (now.explanation.sources if now.explanation else ()) for r in s.owed]
    first = min((day for day in found if day), default=None)
    return first if first is not None and first < today(org, at) else None


def _people(now: Progress) -> set[UUID]:
    people: set[UUID] = {now.request.requested_by, now.request.handled_by}
    if now.award is not None:
        people |= {i for i in (now.award.approved_by, now.award.released_by) if i}
    if now.refusal is not None and now.refusal.confirmed_by:
        people.add(now.refusal.confirmed_by)
    return people


def _languages(content: Any) -> list[str]:
    """What this family speaks, as told; both while nobody has said."""
    told = [value_at(t, "/contact/language") for t in value_at(content, "/travelers") or []]
    return [said for said in ("en", "es") if said in told] or ["en", "es"]


def _about(session: Session, now: Progress) -> dict[str, Any]:
    money = views.money_view(session, now, Sight.WHOLE)
    return {
        "names": staff_names(session, _people(now)),
        "split_shown": money.split,
        "why_nothing": why_nothing(session, now, Sight.WHOLE),
        "payments": money.payments,
        "languages": _languages(now.request.content),
        "lines": {
            line["key"]: line
            for line in value_at(now.request.content, "/cost_lines") or []
            if isinstance(line, dict) and "key" in line
        },
    }
