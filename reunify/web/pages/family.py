"""The family's door and page: link, PIN, plan. The link's secret leaves the address at once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from reunify.audit import actions as audit
from reunify.bootstrap import House
from reunify.documents import queries as documents
from reunify.identity import family_links
from reunify.identity.policy import FAMILY_SESSION, LinkNotOpen
from reunify.intake import queries as intake
from reunify.intake.form import Language
from reunify.kernel.ids import DocumentId, RequestId
from reunify.kernel.people import Family
from reunify.kernel.refusals import NotFound
from reunify.kernel.text import SafeText
from reunify.rates.policy import Organisation
from reunify.reporting import progress as reporting
from reunify.web.audience import FAMILY_COOKIE, AtFamily, AtHouse, OpenLinkFirst, anyone
from reunify.web.audience import family as family_of
from reunify.web.pages import family_plan as plan
from reunify.web.pages.documents import DocumentFormat, sent
from reunify.web.pages.family_words import speaker
from reunify.web.pages.view import go, organisation_now, page

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


@router.post("/family", dependencies=[Depends(anyone)])
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
            digits = "".join(c for c in pin if c.isalnum())
            opened = family_links.open_family_link(session, token=token, pin=digits, now=at.now())
    except LinkNotOpen:
        return _closed(request, at, lang)
    if opened is None:
        return _door(request, at, lang, wrong=True)
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


@router.get("/family/leave", dependencies=[Depends(anyone)])
def leave() -> Response:
    """Away, quickly: this browser forgets the door, so that "back" shows nothing."""
    answer = RedirectResponse(SOMEWHERE_ELSE, status_code=303)
    for cookie in (FAMILY_COOKIE, LINK_COOKIE):
        answer.delete_cookie(cookie, secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/family/documents/{document_id}/{format}")
def download(document_id: UUID, format: DocumentFormat, opened: AtFamily, at: AtHouse) -> Response:
    """One of their own papers, as a file."""
    who, request_id = opened
    with at.db.work() as session:
        mine = {d.id for d in documents.list_for_request(session, request_id)}
        if DocumentId(document_id) not in mine:
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
    return _say(request, at, None, "family/trouble.html", status=status)


def _plan(request: Request, at: House, who: Family, request_id: RequestId, lang: str | None) -> Response:
    with at.db.work() as session:
        now = reporting.of(session, request_id=request_id)
        content = intake.newest_version(session, request_id).content if now.number else None
        language = _language(request, lang, plan.language_of(content) if content else None)
        org = organisation_now(session, at)
        context: dict[str, Any] = {
            "state": plan.state_of(now),
            "reference": now.request.reference,
            "questions": plan.questions(now, language),
            "trip": plan.trip(session, now, language, org),
            "costs": plan.costs(now, language),
            "money": plan.money_sent(session, now),
            "papers": plan.papers(list(now.documents), language),
        }
        audit.record(session, by=who, at=at.now(), subject="request", subject_id=request_id, moved="read")
    return _render(request, "family/plan.html", language, org, **context)


def _door(request: Request, at: House, lang: str | None, *, wrong: bool = False) -> Response:
    return _say(request, at, lang, "family/door.html", status=401 if wrong else 200, wrong=wrong, chosen=lang)


def _closed(request: Request, at: House, lang: str | None) -> Response:
    return _say(request, at, lang, "family/closed.html", status=401)


def _say(
    request: Request, at: House, lang: str | None, template: str, *, status: int, **context: Any
) -> Response:
    try:
        with at.db.read() as session:
            org = organisation_now(session, at)
    except SQLAlchemyError:  # even then the page is kind; it only cannot say the number
        org = None
    return _render(request, template, _language(request, lang, None), org, status=status, **context)


def _render(
    request: Request,
    template: str,
    language: Language,
    org: Organisation | None,
    *,
    status: int = 200,
    **context: Any,
) -> Response:
    other = "en" if language == "es" else "es"
    return page(
        request,
        template,
        status=status,
        say=speaker(language),
        language=language,
        other=other,
        day_phone=org.day_phone if org else None,
        night_phone=org.night_phone if org else None,
        called=org.name if org else None,
        **context,
    )


def _language(request: Request, chosen: str | None, told: Language | None) -> Language:
    """What they chose on the page, else the language on record, else the browser's."""
    if chosen in ("en", "es"):
        return "es" if chosen == "es" else "en"
    if told is not None:
        return told
    first = request.headers.get("accept-language", "").strip().casefold()
    return "es" if first.startswith("es") else "en"
