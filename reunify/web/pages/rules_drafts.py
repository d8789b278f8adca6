"""A draft as a whole: the source, its requirements in order, its tables, its text, and handing it in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.text import cleaned, is_safe
from reunify.rates.fields import Dictionary
from reunify.rules import actions, proving, queries
from reunify.rules.difference import in_words
from reunify.rules.model import Rulebook
from reunify.rules.views import DraftView
from reunify.web.audience import AtHouse
from reunify.web.limits import count_upload
from reunify.web.pages import rules_document as parts
from reunify.web.pages import rules_fields as fields
from reunify.web.pages import rules_problems as problems
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownField, ShownProblem
from reunify.web.pages.rules_document import Document
from reunify.web.pages.rules_editing import (
    Author,
    DraftId,
    Reader,
    Texts,
    amiss_in,
    compiled,
    counted,
    document_of,
    draft_page,
    examples_of,
    facts_now,
    in_document,
    keep,
    revision_of,
    texts_of,
)
from reunify.web.pages.rules_grid import Grid
from reunify.web.pages.view import PostedForm, go, text_of

router = APIRouter(include_in_schema=False)


@router.get("/rules/drafts/{rule_draft_id}")
def show(request: Request, draft_id: DraftId, by: Reader, at: AtHouse) -> Response:
    return _page(request, draft_id, by, at)


@router.post("/rules/drafts/{rule_draft_id}")
def save(request: Request, draft_id: DraftId, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """Keep what the form about the source says, broken or not."""
    facts = facts_now()
    try:
        keep(at, draft_id, form, by, _about(form, facts))
    except Refused as refused:
        return _page(request, draft_id, by, at, form, refused)
    return go(f"/rules/drafts/{draft_id}", "draft_saved")


@router.post("/rules/drafts/{rule_draft_id}/requirements")
def arrange(request: Request, draft_id: DraftId, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """Move a requirement up or down, take it out, or begin one."""
    verb, _, about = text_of(form, "do").partition(":")
    number = counted(about)
    try:
        draft = keep(at, draft_id, form, by, in_document(lambda d: _arrange(d, verb, number)))
    except Refused as refused:
        return _page(request, draft_id, by, at, None, refused)
    if verb == "add":
        count = len(_requirements(document_of(draft) or {}))
        return go(f"/rules/drafts/{draft_id}/requirements/{count}")
    return go(f"/rules/drafts/{draft_id}#requirements")


@router.get("/rules/drafts/{rule_draft_id}/text")
def show_text(request: Request, draft_id: DraftId, by: Reader, at: AtHouse) -> Response:
    """The whole YAML, for what no form can show."""
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
    return _text_page(request, draft, by, at)


@router.post("/rules/drafts/{rule_draft_id}/text")
def save_text(request: Request, draft_id: DraftId, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """Keep both texts as typed; spaces at the ends aside, nothing is changed."""
    count_upload(at, by.id)
    rules, examples = (_lines(form, name) for name in ("rules", "examples"))
    try:
        _check_visible(rules, examples)
        keep(at, draft_id, form, by, lambda draft: Texts(rules, dict(draft.tables), examples))
    except Refused as refused:
        if isinstance(refused, NotFound):
            raise
        with at.db.read() as session:
            draft = queries.draft(session, draft_id)
        return _text_page(request, draft, by, at, form, refused)
    return go(f"/rules/drafts/{draft_id}/text", "draft_saved")


@router.post("/rules/drafts/{rule_draft_id}/submit")
def submit(request: Request, draft_id: DraftId, by: Author, at: AtHouse) -> Response:
    """Freeze it as a version that another person may approve."""
    count_upload(at, by.id)
    try:
        with at.db.work() as session:
            sha256 = actions.submit(session, draft_id=draft_id, by=by, now=at.now())
    except Refused as refused:
        return _page(request, draft_id, by, at, None, refused)
    return go(f"/rules/versions/{sha256}", "version_submitted")


@router.post("/rules/drafts/{rule_draft_id}/abandon")
def abandon(request: Request, draft_id: DraftId, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """Not what a colleague saved since the page was opened."""
    try:
        with at.db.work() as session:
            actions.abandon_draft(
                session, draft_id=draft_id, expected_revision=revision_of(form), by=by, now=at.now()
            )
    except Refused as refused:
        return _page(request, draft_id, by, at, None, refused)
    return go("/rules", "draft_abandoned")


def _about(form: FormData, facts: Dictionary) -> Any:
    def write(document: Document) -> None:
        ours = text_of(form, "kind") != "elsewhere"
        parts.read_into(document, form, fields.about_fields(facts))
        parts.read_into(document, form, _shown_part(form, ours))
        for field in fields.ELSEWHERE if ours else fields.OURS:
            parts.put(document, field.path.partition("/")[0], None)

    return in_document(write)


def _shown_part(form: FormData, ours: bool) -> tuple[Field, ...]:
    """The part of the form that belongs to this kind, where the page showed it."""
    part = fields.OURS if ours else fields.ELSEWHERE
    return part if any(f.path in form for f in part) else ()


def _lines(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _check_visible(*texts: str) -> None:
    if not all(is_safe(text) for text in texts):
        raise parts.HiddenText("The text holds hidden or control characters. They were taken out below.")


def _requirements(document: Document) -> list[Any]:
    listed = document.get("requirements")
    return list(listed) if isinstance(listed, list) else []


def _arrange(document: Document, verb: str, number: int) -> None:
    listed = _requirements(document)
    there = 0 <= number < len(listed)
    other = number - 1 if verb == "up" else number + 1
    if verb == "add":
        listed.append(_blank(listed))
    elif verb == "remove" and there:
        del listed[number]
    elif verb in ("up", "down") and there and 0 <= other < len(listed):
        listed[number], listed[other] = listed[other], listed[number]
    parts.put(document, "requirements", listed)


def _blank(listed: list[Any]) -> Document:
    """The next number in the manner of the others; everything else is still to be said."""
    ids = [parts.text_at(item, "id") for item in listed]
    prefix = next((i.partition("-")[0] for i in ids if "-" in i), "NR")
    used = {counted(i.rpartition("-")[2]) for i in ids}
    return {"id": f"{prefix}-{max(used | {0}) + 1:02d}", "name": "New requirement", "confidence": "HIGH"}


def _page(
    request: Request,
    draft_id: UUID,
    by: Staff,
    at: House,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    if isinstance(refused, NotFound):
        raise refused
    facts = facts_now()
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
        base = queries.version(session, draft.based_on).row.rulebook if draft.based_on else None
        found = compiled(draft, facts)
        amiss = amiss_in(session, found, facts, at)
    document = document_of(draft)
    at_fault = problems.placed(found, document) if isinstance(found, Refused) else None
    about, said = _about_shown(document, form, facts, at_fault, refused)
    return draft_page(
        request,
        "rules/draft.html",
        draft,
        by,
        at,
        refused,
        document=document,
        name=parts.text_at(document, "name") or f"Draft of {draft.source}",
        requirements=[_line(item, n, at_fault) for n, item in enumerate(_requirements(document or {}))],
        tables=[_table_line(draft, table) for table in parts.mappings_at(document, "tables")],
        about=about,
        ours=_kind(document, form) != "elsewhere",
        at_fault=at_fault,
        unproved=_unproved(draft, found, facts),
        amiss=amiss,
        changes=in_words(base, found, facts) if base and isinstance(found, Rulebook) else None,
        problems=said,
    )


def _kind(document: Document | None, form: FormData | None) -> str:
    return text_of(form, "kind") if form is not None else parts.text_at(document, "kind")


def _about_shown(
    document: Document | None,
    form: FormData | None,
    facts: Dictionary,
    at_fault: problems.Placed | None,
    refused: Refused | None,
) -> tuple[list[ShownField], list[ShownProblem]]:
    part = fields.ELSEWHERE if _kind(document, form) == "elsewhere" else fields.OURS
    every = (*fields.about_fields(facts), *part)
    if form is not None and refused is not None:
        where = parts.field_id(refused.field.removeprefix("/")) if refused.field else "main"
        return parts.as_typed(form, every, refused), [ShownProblem(where, "Not saved", str(refused))]
    said = [ShownProblem("main", "Not done", str(refused))] if refused else []
    if at_fault is None or at_fault.requirement is not None:
        return parts.shown(document, every), said
    wrong = problems.wrong_fields(at_fault, every)
    return parts.shown(document, every, wrong), said or problems.summary_of(at_fault, wrong, every)


def _line(item: Any, number: int, at_fault: problems.Placed | None) -> dict[str, Any]:
    return {
        "number": number,
        "id": parts.text_at(item, "id") or f"No. {number + 1}",
        "name": parts.text_at(item, "name") or "without a name",
        "broken": at_fault.short if at_fault is not None and at_fault.requirement == number else "",
    }


def _table_line(draft: DraftView, table: Document) -> dict[str, Any]:
    file = parts.text_at(table, "file")
    rows = Grid.of(draft.tables[file]).rows if file in draft.tables else []
    return {"id": parts.text_at(table, "id") or file, "file": file, "rows": len(rows)}


def _unproved(draft: DraftView, found: Rulebook | Refused, facts: Dictionary) -> tuple[str, ...]:
    """What still stands between the draft and a version."""
    examples = examples_of(draft)
    if isinstance(examples, Refused):
        return (str(examples),)
    if isinstance(found, Refused):
        return () if examples else ("There is no example.",)
    return proving.known_failures(found, examples, facts)


def _text_page(
    request: Request,
    draft: DraftView,
    by: Staff,
    at: House,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    facts = facts_now()
    texts = texts_of(draft)
    if form is not None:
        typed = [cleaned(_lines(form, name)) for name in ("rules", "examples")]
        texts = replace(texts, rules=typed[0], examples=typed[1])
    broken = [found for found in (compiled(draft, facts), examples_of(draft)) if isinstance(found, Refused)]
    said = [ShownProblem("main", "Not saved", str(refused))] if refused else []
    return draft_page(
        request,
        "rules/text.html",
        draft,
        by,
        at,
        refused,
        texts=texts,
        problems=said or [ShownProblem("main", "Not ready", str(b)) for b in broken],
    )
