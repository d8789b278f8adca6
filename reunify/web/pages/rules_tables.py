"""The decision tables of a draft: a grid to type in, and the CSV to take away and bring back."""

from __future__ import annotations

import re
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from reunify.bootstrap import House
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rules import queries
from reunify.rules.model import HIT_POLICIES, UNITS
from reunify.rules.table_files import TableHead, read_table
from reunify.rules.views import DraftView
from reunify.rules.writing import written
from reunify.web.audience import AtHouse
from reunify.web.limits import count_upload
from reunify.web.pages import rules_document as parts
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_condition_fields import fact_options
from reunify.web.pages.rules_document import Document
from reunify.web.pages.rules_editing import (
    Author,
    DraftId,
    Place,
    Reader,
    TextFirst,
    Texts,
    compiled,
    counted,
    document_of,
    draft_page,
    facts_now,
    keep,
    texts_of,
)
from reunify.web.pages.rules_fields import TABLE
from reunify.web.pages.rules_grid import Grid, grid_in, head_in_words, output_options, text_of_upload
from reunify.web.pages.view import PostedForm, go, text_of
from reunify.web.papers_sent import UploadForm

router = APIRouter(include_in_schema=False)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_AT = re.compile(r"row (\S+) \(line \d+\), `([^`]+)`")


class NoFile(Refused):
    """Nothing was chosen to upload."""


class TooLargeToType(Refused):
    """The table has more cells than a form can hold."""


class NotATableName(Refused):
    """A table's name is part of a file's name."""


@router.post("/rules/drafts/{rule_draft_id}/tables")
def add(request: Request, draft_id: DraftId, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """One more table, with a row to fill in."""
    name = text_of(form, "name").lower()
    if not _NAME.fullmatch(name):
        raise NotATableName("Name the table in small letters, like caps.", field="/name")
    draft = keep(at, draft_id, form, by, lambda draft: _with_table(draft, name))
    return go(f"/rules/drafts/{draft_id}/tables/{len(_listed(draft))}")


@router.get("/rules/drafts/{rule_draft_id}/tables/{number}")
def show(request: Request, draft_id: DraftId, by: Reader, number: Place, at: AtHouse) -> Response:
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
    return _page(request, draft, number, by, at)


@router.get("/rules/drafts/{rule_draft_id}/tables/{number}/csv")
def download(draft_id: DraftId, by: Reader, number: Place, at: AtHouse) -> Response:
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
    file = parts.text_at(_table(draft, number), "file")
    return as_file(draft.tables.get(file, ""), file or "table.csv", "text/csv")


@router.post("/rules/drafts/{rule_draft_id}/tables/{number}")
def save(
    request: Request, draft_id: DraftId, by: Author, number: Place, form: PostedForm, at: AtHouse
) -> Response:
    """Keep the grid as typed, then add or take out what the button says."""
    try:
        keep(at, draft_id, form, by, lambda draft: _changed(draft, number, form))
    except Refused as refused:
        if isinstance(refused, NotFound):
            raise
        with at.db.read() as session:
            draft = queries.draft(session, draft_id)
        return _page(request, draft, number, by, at, form, refused)
    verb = text_of(form, "do").partition(":")[0]
    if verb == "remove":
        return go(f"/rules/drafts/{draft_id}", "draft_saved")
    return go(f"/rules/drafts/{draft_id}/tables/{number}", None if verb else "draft_saved")


@router.post("/rules/drafts/{rule_draft_id}/tables/{number}/upload")
def upload(
    request: Request, draft_id: DraftId, by: Author, number: Place, at: AtHouse, form: UploadForm
) -> Response:
    """The CSV takes the table's place if it can be read whole; else nothing changes, and why is said."""
    count_upload(at, by.id)
    try:
        keep(at, draft_id, form, by, lambda draft: _uploaded(draft, number, form))
    except Refused as refused:
        if isinstance(refused, NotFound):
            raise
        with at.db.read() as session:
            draft = queries.draft(session, draft_id)
        return _page(request, draft, number, by, at, None, refused)
    return go(f"/rules/drafts/{draft_id}/tables/{number}", "table_uploaded")


def as_file(text: str | bytes, name: str, kind: str) -> Response:
    """A download that no browser shows or runs in place."""
    headers = {"content-disposition": f'attachment; filename="{re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:80]}"'}
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


def _listed(draft: DraftView) -> list[Document]:
    return parts.mappings_at(document_of(draft), "tables")


def _table(draft: DraftView, number: int) -> Document:
    listed = _listed(draft)
    if not 0 <= number < len(listed):
        raise NotFound("There is no such table in this draft.")
    return listed[number]


def _with_table(draft: DraftView, name: str) -> Texts:
    document = document_of(draft)
    if document is None:
        raise TextFirst("This draft cannot be read as a rule file. Mend its text first.")
    file = f"{draft.effective_from}.{name}.csv"
    listed = parts.mappings_at(document, "tables")
    if file in draft.tables or any(parts.text_at(t, "file") == file for t in listed):
        raise NotATableName(f"There is a table {name} already. Choose another name.", field="/name")
    ids = [parts.text_at(r, "id") for r in parts.mappings_at(document, "requirements")]
    prefix = (ids[0] if ids else "").partition("-")[0] or "TB"
    table = {"id": f"{prefix}-{name.upper().replace('_', '')[:12]}", "file": file, "hit": "unique"}
    document["tables"] = [*listed, table]
    grid = Grid(["row", "=> trip_cap", "cite"])
    grid.add_row()
    return Texts(written(document), {**draft.tables, file: grid.csv}, draft.examples)


def _changed(draft: DraftView, number: int, form: FormData) -> Texts:
    document = document_of(draft) or {}
    table = dict(_table(draft, number))
    file = parts.text_at(table, "file")
    verb, _, about = text_of(form, "do").partition(":")
    listed = parts.mappings_at(document, "tables")
    if verb == "remove":
        parts.put(document, "tables", listed[:number] + listed[number + 1 :])
        left = {name: text for name, text in draft.tables.items() if name != file}
        return Texts(written(document), left, draft.examples)
    parts.read_into(table, form, TABLE)
    listed[number] = table
    document["tables"] = listed
    if not Grid.of(draft.tables.get(file, "")).fits:
        raise TooLargeToType("This table is too large for a form. Change it as a spreadsheet, below.")
    grid = grid_in(form)
    _do(grid, verb, about, form)
    return Texts(written(document), {**draft.tables, file: grid.csv}, draft.examples)


def _do(grid: Grid, verb: str, about: str, form: FormData) -> None:
    place = counted(about)
    if verb == "add-row":
        grid.add_row()
    elif verb == "drop-row" and place >= 0:
        grid.drop_row(place)
    elif verb == "drop-column":
        grid.drop_column(place)
    elif verb == "add-fact" and (fact := text_of(form, "new_fact")) in facts_now().fields:
        grid.add_column(fact)
    elif verb == "add-output" and (head := text_of(form, "new_output")) in dict(output_options()):
        grid.add_column(head)


def _uploaded(draft: DraftView, number: int, form: FormData) -> Texts:
    """Raises RuleFileBroken with row and column, NoFile."""
    table = _table(draft, number)
    file = parts.text_at(table, "file")
    sent = form.get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise NoFile("Choose the CSV file first.")
    text = text_of_upload(sent.file.read(), file)
    document = document_of(draft)
    pays = parts.part_at(document, "pays")
    hit, unit = parts.text_at(table, "hit"), parts.text_at(document, "unit")
    head = TableHead(
        id=parts.text_at(table, "id"),
        file=file,
        hit=hit if hit in HIT_POLICIES else "unique",
        unit=unit if unit in UNITS else "cents",
        categories=tuple(str(p) for p in pays) if isinstance(pays, list) else (),
    )
    read_table(text.encode(), head, facts_now(), file)
    return replace(texts_of(draft), tables={**draft.tables, file: text})


def _page(
    request: Request,
    draft: DraftView,
    number: int,
    by: Staff,
    at: House,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    """With a form, what was typed into it; else what is kept."""
    facts = facts_now()
    table = _table(draft, number)
    file = parts.text_at(table, "file")
    grid = _as_typed(form) if form is not None else Grid.of(draft.tables.get(file, ""))
    found = compiled(draft, facts)
    broken = found if isinstance(found, RuleFileBroken) and found.file.endswith(file) else None
    said = (
        [ShownProblem("main", "Not taken" if form is None else "Not saved", str(refused))] if refused else []
    )
    if broken is not None and refused is None:
        said = [ShownProblem("grid", "This table cannot be read yet", str(broken))]
    return draft_page(
        request,
        "rules/table.html",
        draft,
        by,
        at,
        refused,
        number=number,
        file=file,
        name=parts.text_at(table, "id"),
        fields=parts.as_typed(form, TABLE) if form is not None else parts.shown(table, TABLE),
        grid=grid,
        heads=[head_in_words(h, facts) for h in grid.heads],
        wrong=_wrong_cell(grid, broken),
        codes=[
            (facts[h].label.en, [(code, words.en) for code, words in facts[h].values.items()])
            for h in grid.heads
            if h in facts.fields and facts[h].values
        ],
        facts=tuple(o for o in fact_options(facts) if o[0] not in grid.heads),
        outputs=tuple(o for o in output_options() if o[0] not in grid.heads),
        problems=said,
    )


def _as_typed(form: FormData) -> Grid:
    try:
        return grid_in(form)
    except Refused:
        return Grid(["row", "cite"])


def _wrong_cell(grid: Grid, broken: RuleFileBroken | None) -> tuple[int, int]:
    """Row and column of the cell that cannot be read; (-1, -1) where it is not one cell."""
    found = _AT.match(broken.where) if broken else None
    if found is None or found[2] not in grid.heads:
        return -1, -1
    rows = [row[0] for row in grid.rows]
    return (rows.index(found[1]) if found[1] in rows else -1), grid.heads.index(found[2])
