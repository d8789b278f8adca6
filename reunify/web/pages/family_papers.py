"""Where a family sends papers: the warning, the form, and what this reader sent before."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.audit import actions as audit
from reunify.bootstrap import House
from reunify.files import evidence
from reunify.files import evidence_queries as queries
from reunify.files.evidence_policy import Kind, NoLongerKept, TooManyPapers
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Family
from reunify.web.audience import AtFamily, AtHouse
from reunify.web.limits import count_upload
from reunify.web.pages import family_plan as plan
from reunify.web.pages.family_plan import Seen
from reunify.web.pages.family_shell import family_page, language_of_page
from reunify.web.pages.family_words import speaker
from reunify.web.pages.view import go, organisation_now
from reunify.web.papers_sent import ACCEPT, NotTaken, UploadForm, attachment, batch_of, take_in

router = APIRouter(include_in_schema=False)
PAGE = "/family/papers"


@router.get(PAGE)
def show(
    request: Request, opened: AtFamily, at: AtHouse, lang: str | None = None, sent: str | None = None
) -> Response:
    return _page(request, at, opened, lang, thanks=sent == "yes")


@router.post(PAGE)
def send(request: Request, opened: AtFamily, at: AtHouse, form: UploadForm) -> Response:
    """What arrived well is kept, whatever became of the others."""
    who, request_id = opened
    count_upload(at, who.id)
    lang = _language_typed(form)
    with at.db.read() as session:
        _seen(session, request_id, who)
    batch = batch_of(form)
    wrong = [
        key
        for key, is_so in (
            ("wrong_kind", batch.kind is None),
            ("wrong_files", not batch.files),
            ("wrong_many", batch.too_many),
        )
        if is_so
    ]
    if wrong:
        return _page(request, at, opened, lang, wrong=wrong, chosen=batch.kind)
    try:
        refused = take_in(at, batch, request_id=request_id, by=who)
    except TooManyPapers:
        return _page(request, at, opened, lang, wrong=["wrong_full"], chosen=batch.kind)
    if refused:
        some = len(refused) < len(batch.files)
        return _page(request, at, opened, lang, refused=refused, some=some, chosen=batch.kind)
    return go(PAGE + (f"?lang={lang}&sent=yes" if lang else "?sent=yes"))


@router.get(PAGE + "/{paper_id}")
def look(
    request: Request, paper_id: UUID, opened: AtFamily, at: AtHouse, lang: str | None = None
) -> Response:
    """One of the papers this reader sent; the picture is the one drawn again."""
    who, request_id = opened
    with at.db.work() as session:
        seen = _seen(session, request_id, who)
        paper = queries.paper(session, evidence_id=paper_id, request_id=request_id, by=who)
        if paper is None or not paper.openable:
            raise NoLongerKept("There is no such paper.")
        org = organisation_now(session, at)
        audit.record(
            session, by=who, at=at.now(), subject=evidence.SUBJECT, subject_id=paper_id, moved="read"
        )
        language = language_of_page(request, lang, seen.language)
        return family_page(request, "family/paper.html", language, org, paper=paper, chosen_language=lang)


@router.get(PAGE + "/{paper_id}/file")
def file(request: Request, paper_id: UUID, opened: AtFamily, at: AtHouse) -> Response:
    who, request_id = opened
    with at.db.work() as session:
        _seen(session, request_id, who)
        shown = evidence.show(session, evidence_id=paper_id, request_id=request_id, by=who, now=at.now())
        return attachment(request, shown)


def _page(
    request: Request,
    at: House,
    opened: tuple[Family, RequestId],
    lang: str | None,
    *,
    wrong: list[str] | None = None,
    refused: list[NotTaken] | None = None,
    some: bool = False,
    thanks: bool = False,
    chosen: Kind | None = None,
) -> Response:
    who, request_id = opened
    with at.db.work() as session:
        seen = _seen(session, request_id, who)
        papers = queries.own_papers(session, request_id=request_id, by=who)
        audit.record(
            session, by=who, at=at.now(), subject=evidence.SUBJECT, subject_id=request_id, moved="read"
        )
        org = organisation_now(session, at)
        language = language_of_page(request, lang, seen.language)
    say = speaker(language)
    return family_page(
        request,
        "family/papers.html",
        language,
        org,
        status=422 if wrong or refused else 200,
        papers=papers,
        wrong=[say(key) for key in wrong or []],
        refused=[(one.name or say("sent_unnamed"), say(f"not_{one.reason}")) for one in refused or []],
        some=some,
        thanks=thanks,
        kinds=list(Kind),
        chosen=chosen,
        accept=ACCEPT,
        chosen_language=lang if lang in ("en", "es") else None,
    )


def _seen(session: Session, request_id: RequestId, who: Family) -> Seen:
    """Raises NoLongerKept for somebody the request no longer names."""
    seen = plan.seen_by(session, request_id, who.reader)
    if seen is None:
        raise NoLongerKept("There is no such page.")
    return seen


def _language_typed(form: FormData) -> str | None:
    said = form.get("lang")
    return said if said in ("en", "es") and isinstance(said, str) else None
