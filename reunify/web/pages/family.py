"""The family's door and page: link, PIN, plan. The link's secret leaves the address at once."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bootstrap import House
from reunify.documents import queries as documents
from reunify.identity import family_links
from reunify.identity.limits import Kind
from reunify.identity.policy import FAMILY_SESSION, LinkNotOpen
from reunify.identity.queries import staff_names
from reunify.intake import outcomes
from reunify.intake import queries as intake
from reunify.intake.form import Language
from reunify.kernel.ids import DocumentId, RequestId
from reunify.kernel.people import Family
from reunify.kernel.refusals import NotFound
from reunify.kernel.text import SafeText
from reunify.reporting import progress as reporting
from reunify.web.audience import FAMILY_COOKIE, AtFamily, AtHouse, OpenLinkFirst, anyone
from reunify.web.audience import family_inside as family_of
from reunify.web.limits import limited
from reunify.web.pages import family_bank
from reunify.web.pages import family_plan as plan
from reunify.web.pages.documents import DocumentFormat, sent
from reunify.web.pages.family_shell import family_page, language_of_page, say_without_plan
from reunify.web.pages.view import go, organisation_now, today

router = APIRouter(include_in_schema=False)
LINK_COOKIE = "__Host-family-link"
LINK_COOKIE_SECONDS = 15 * 60
# A page nobody asks about, for whoever looks over a shoulder.
SOMEWHERE_ELSE = "https://www.weather.gov/"


@router.get("/f/{token}", dependencies=[Depends(anyone)])
def arrive(token: SafeText) -> Response:
    """Only moves the secret out of the address: a link preview that reads this consumes nothing."""
    answer = go("/family")
    answer.set_cookie(
        LINK_COOKIE, token, max_age=LINK_COOKIE_SECONDS, secure=True, httponly=True, samesite="lax"
    )
    answer.delete_cookie(FAMILY_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/family", dependencies=[Depends(anyone)])
def show(request: Request, at: AtHouse, lang: str | None = None) -> Response:
    """The plan once the PIN was typed; before that the door."""
    try:
        who, request_id = family_of(request)
    except OpenLinkFirst:
        if request.cookies.get(LINK_COOKIE):
            return _door(request, at, lang)
        return _closed(request, at, lang)
    return _plan(request, at, who, request_id, lang)


@router.post("/family", dependencies=[Depends(anyone), Depends(limited(Kind.FAMILY_DOOR))])
def open_door(
    request: Request,
    at: AtHouse,
    pin: Annotated[SafeText, Form()],
    lang: Annotated[str | None, Form()] = None,
) -> Response:
    """The PIN, five tries."""
    token = request.cookies.get(LINK_COOKIE)
    if not token:
        return _closed(request, at, lang)
    try:
        with at.db.work() as session:
            opened = family_links.open_family_link(session, token=token, pin=_digits(pin), now=at.now())
    except LinkNotOpen:
        return _closed(request, at, lang)
    if opened is None:
        return _door(request, at, lang, wrong=True)
    return _inside(opened, lang)


@router.get("/go", dependencies=[Depends(anyone)])
def type_code(request: Request, at: AtHouse, lang: str | None = None) -> Response:
    """The short address for a phone that opens no links: eight letters, and the six numbers."""
    return _code_door(request, at, lang)


@router.post("/go", dependencies=[Depends(anyone), Depends(limited(Kind.SHORT_CODE))])
def open_by_code(
    request: Request,
    at: AtHouse,
    code: Annotated[SafeText, Form()],
    pin: Annotated[SafeText, Form()],
    lang: Annotated[str | None, Form()] = None,
) -> Response:
    """A wrong code, wrong numbers and a closed page are told in the same words: no code is confirmed."""
    try:
        with at.db.work() as session:
            opened = family_links.open_by_code(session, code=code, pin=_digits(pin), now=at.now())
    except LinkNotOpen:
        opened = None
    if opened is None:
        return _code_door(request, at, lang, wrong=True)
    return _inside(opened, lang)


@router.get("/family/leave", dependencies=[Depends(anyone)])
def leave(request: Request, at: AtHouse) -> Response:
    """Away, quickly: the door is shut on the server and forgotten here, so that "back" shows nothing."""
    token = request.cookies.get(FAMILY_COOKIE)
    if token:
        try:
            with at.db.work() as session:
                family_links.leave(session, token=token)
        except SQLAlchemyError:
            pass  # nothing may hold up somebody who has to go; the session ends by itself
    answer = RedirectResponse(SOMEWHERE_ELSE, status_code=303)
    for cookie in (FAMILY_COOKIE, LINK_COOKIE):
        answer.delete_cookie(cookie, secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/family/documents/{document_id}/{format}")
def download(document_id: UUID, format: DocumentFormat, opened: AtFamily, at: AtHouse) -> Response:
    """One of their own papers, as a file."""
    who, request_id = opened
    with at.db.work() as session:
        seen = plan.seen_by(session, request_id, who.reader)
        if seen is None or not plan.has_document(session, request_id, seen, document_id):
            raise NotFound("There is no such document.")
        content = documents.content(session, DocumentId(document_id), format)
        audit.record(
            session, by=who, at=at.now(), subject="document", subject_id=document_id, moved="download"
        )
    return sent(content)


def trouble(request: Request, status: int) -> Response:
    """For errors on the family's addresses: kind words and the phone, in both languages by the browser."""
    at: House = request.app.state.house
    if status == 401:
        return _closed(request, at, None)
    what = "lost" if status == 410 else "trouble"
    return say_without_plan(request, at, None, "family/trouble.html", status=status, what=what)


def _plan(request: Request, at: House, who: Family, request_id: RequestId, lang: str | None) -> Response:
    with at.db.work() as session:
        seen = plan.seen_by(session, request_id, who.reader)
        if seen is None:
            return _closed(request, at, lang)
        if outcomes.is_quiet(session, request_id):
            return _quiet(
                request, session, at, who, request_id, language_of_page(request, lang, seen.language)
            )
        now = reporting.of(session, request_id=request_id)
        language = language_of_page(request, lang, seen.language)
        org = organisation_now(session, at)
        asked = plan.questions(now, seen, language)
        state = plan.state_of(now)
        context: dict[str, Any] = {
            "state": "arranging" if state == "question" and not asked else state,
            "reference": now.request.reference,
            "questions": asked,
            "trip": plan.trip(session, now, seen, language, org),
            "costs": plan.costs(session, now, seen, language),
            "money": plan.money_sent(session, now, seen),
            "bank_asked": family_bank.asked(session, now, seen),
            "support": plan.support(session, seen, language, today(org, at)),
            "papers": plan.papers(
                plan.own_documents(session, request_id, seen), language, now, org.zone if org else UTC
            ),
        }
        audit.record(session, by=who, at=at.now(), subject="request", subject_id=request_id, moved="read")
    return family_page(request, "family/plan.html", language, org, **context)


def _quiet(
    request: Request, session: Session, at: House, who: Family, request_id: RequestId, language: Language
) -> Response:
    """Whom to call, and nothing else."""
    handled_by = intake.request(session, request_id).handled_by
    caller = staff_names(session, [handled_by]).get(handled_by, "")
    audit.record(session, by=who, at=at.now(), subject="request", subject_id=request_id, moved="read")
    return family_page(request, "family/quiet.html", language, organisation_now(session, at), caller=caller)


def _digits(typed: str) -> str:
    return "".join(c for c in typed if c.isalnum())


def _inside(opened: str, lang: str | None) -> Response:
    answer = go("/family" + (f"?lang={lang}" if lang in ("en", "es") else ""))
    answer.set_cookie(
        FAMILY_COOKIE,
        opened,
        max_age=int(FAMILY_SESSION.total_seconds()),
        secure=True,
        httponly=True,
        samesite="lax",
    )
    answer.delete_cookie(LINK_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def _door(request: Request, at: House, lang: str | None, *, wrong: bool = False) -> Response:
    status = 401 if wrong else 200
    return say_without_plan(request, at, lang, "family/door.html", status=status, wrong=wrong, chosen=lang)


def _code_door(request: Request, at: House, lang: str | None, *, wrong: bool = False) -> Response:
    status = 401 if wrong else 200
    return say_without_plan(request, at, lang, "family/go.html", status=status, wrong=wrong, chosen=lang)


def _closed(request: Request, at: House, lang: str | None) -> Response:
    return say_without_plan(request, at, lang, "family/closed.html", status=401)
