"""The worked examples of a draft: what they begin with, what each changes, which answer it must give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.text import is_safe
from reunify.rates.fields import Dictionary
from reunify.rates.fields import Field as Fact
from reunify.rules import proving, queries
from reunify.rules.examples import ANSWERS
from reunify.rules.views import DraftView
from reunify.rules.writing import written_examples
from reunify.web.audience import AtHouse
from reunify.web.limits import count_upload
from reunify.web.pages import rules_document as parts
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownField, ShownProblem
from reunify.web.pages.labels import label
from reunify.web.pages.rules_document import Document
from reunify.web.pages.rules_editing import (
    Author,
    DraftId,
    Reader,
    Texts,
    compiled,
    counted,
    document_of,
    draft_page,
    examples_of,
    facts_now,
    keep,
    parts_in,
    texts_of,
)
from reunify.web.pages.rules_example_caps import CapsWrong, caps_in, caps_shown
from reunify.web.pages.rules_example_words import (
    RECORDED,
    ShownExample,
    decision_field,
    fact_field,
    given_of,
    shown_examples,
)
from reunify.web.pages.rules_grid import Grid
from reunify.web.pages.view import PostedForm, go, text_of

router = APIRouter(include_in_schema=False)
NOBODY = "nothing"
_ASKS = f"Their names with commas, or {NOBODY}. Empty: not checked"


class ExamplesTextFirst(Refused):
    """The examples cannot be read as a file at all."""


@router.get("/rules/drafts/{rule_draft_id}/examples")
def show(request: Request, draft_id: DraftId, by: Reader, at: AtHouse, edit: int | None = None) -> Response:
    """With `edit`, the form holds that example."""
    with at.db.read() as session:
        draft = queries.draft(session, draft_id)
    return _page(request, draft, by, at, edit=edit)


@router.post("/rules/drafts/{rule_draft_id}/examples")
def save(request: Request, draft_id: DraftId, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """Add or change one, take one out, or change what all begin with."""
    count_upload(at, by.id)
    here = f"/rules/drafts/{draft_id}/examples"
    try:
        keep(at, draft_id, form, by, lambda draft: _changed(draft, form))
    except Refused as refused:
        if isinstance(refused, NotFound):
            raise
        with at.db.read() as session:
            draft = queries.draft(session, draft_id)
        return _page(request, draft, by, at, form=form, refused=refused)
    return go(f"{here}#examples", "draft_saved")


def _document(draft: DraftView) -> Document:
    """Raises ExamplesTextFirst."""
    if not draft.examples.strip():
        return {"given": {}, "examples": []}
    found = parts_in(draft.examples)
    if found is None:
        raise ExamplesTextFirst("The examples cannot be read. Mend their text first.")
    return found


def _changed(draft: DraftView, form: FormData) -> Texts:
    document = _document(draft)
    listed = parts.part_at(document, "examples")
    examples = list(listed) if isinstance(listed, list) else []
    verb, _, about = text_of(form, "do").partition(":")
    number = counted(about)
    facts = _facts_in(form, _relevant(draft, facts_now()))
    if verb == "given":
        document["given"] = _unknown(document.get("given")) | facts
    elif verb == "remove" and 0 <= number < len(examples):
        del examples[number]
    elif verb == "keep":
        _keep(examples, number, form, facts)
    document["examples"] = examples
    return replace(texts_of(draft), examples=written_examples(document))


def _keep(examples: list[Any], number: int, form: FormData, facts: dict[str, str]) -> None:
    """The example as typed, in its old place or at the end."""
    old = examples[number] if 0 <= number < len(examples) else None
    kept: Document = dict(old) if isinstance(old, dict) else {}
    name = parts.one_line(text_of(form, "name"), "name", "Name")
    if not name:
        raise Refused("Give the example a name.", field="/name")
    kept["name"] = name
    kept["answer"] = text_of(form, "answer")
    parts.put(kept, "because", text_of(form, "because"))
    parts.put(kept, "facts", _unknown(kept.get("facts")) | facts)
    asks = [name for part in text_of(form, "asks").split(",") if (name := part.strip())]
    if asks:
        kept["asks"] = [] if asks == [NOBODY] else asks
    else:
        kept.pop("asks", None)
    caps = caps_in(form, kept.pop("caps", None))
    if caps is not None:
        kept["caps"] = caps  # an empty one says: no limit at all
    parts.put(kept, "decisions", _decisions_in(form))
    if old is None:
        examples.append(kept)
    else:
        examples[number] = kept


def _unknown(said: Any) -> dict[str, Any]:
    """What no field of the form can hold, as a misspelt fact: it is kept, and named as wrong."""
    known = facts_now().fields
    return {n: v for n, v in said.items() if n not in known} if isinstance(said, dict) else {}


def _decisions_in(form: FormData) -> dict[str, str]:
    named = sorted(name for name in set(form) if name.startswith("decision-"))
    found = {name.removeprefix("decision-"): text_of(form, name) for name in named}
    return {name: said for name, said in found.items() if said in RECORDED and is_safe(name)}


def _decided(requirement: Document) -> bool:
    """Whether a person's word can be recorded on it."""
    plain = "decide_by" in requirement and "decision" not in requirement
    return plain or "attest" in requirement or requirement.get("confidence") == "MEDIUM"


def _facts_in(form: FormData, facts: list[Fact]) -> dict[str, str]:
    """What was said of each fact; one left as it is given is left out."""
    found = {}
    for fact in facts:
        said = parts.one_line(text_of(form, f"fact-{fact.name}"), f"fact-{fact.name}", fact.label.en)
        if said:
            found[fact.name] = said
    return found


def _relevant(draft: DraftView, facts: Dictionary) -> list[Fact]:
    """The facts the draft's rules speak of, and those its examples do, in the dictionary's order."""
    document = document_of(draft)
    named: set[str] = set()
    for requirement in parts.mappings_at(document, "requirements"):
        for key in ("require", "require_any", "deny_if", "decision"):
            value = requirement.get(key)
            for group in value if isinstance(value, list) else [value]:
                named.update(group if isinstance(group, dict) else ())
    for text in draft.tables.values():
        named.update(Grid.of(text).heads)
    try:
        examples = _document(draft)
    except Refused:
        examples = {}
    for group in (
        parts.part_at(examples, "given"),
        *(e.get("facts") for e in parts.mappings_at(examples, "examples")),
    ):
        named.update(group if isinstance(group, dict) else ())
    return [fact for name, fact in facts.fields.items() if name in named]


def _page(
    request: Request,
    draft: DraftView,
    by: Staff,
    at: House,
    *,
    edit: int | None = None,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    facts = facts_now()
    book, read_examples = compiled(draft, facts), examples_of(draft)
    shown: list[ShownExample] = []
    if not isinstance(read_examples, Refused):
        unproved = () if isinstance(book, Refused) else proving.known_failures(book, read_examples, facts)
        shown = shown_examples(read_examples, given_of(read_examples), facts, unproved)
    document = {} if draft.examples.strip() and not _readable(draft) else _document(draft)
    typed = form if form is not None and text_of(form, "do").partition(":")[0] == "keep" else None
    number = counted(text_of(typed, "do").partition(":")[2]) if typed is not None else edit
    held = _held(document, number)
    about = _form_for(draft, document, facts, held, typed, refused)
    wrong_rows = refused.problems if isinstance(refused, CapsWrong) else []
    return draft_page(
        request,
        "rules/examples.html",
        draft,
        by,
        at,
        refused,
        examples=sorted(shown, key=lambda e: not e.failures),
        failing=sum(bool(e.failures) for e in shown),
        rules_problem=str(book) if isinstance(book, Refused) else "",
        examples_problem=str(read_examples) if isinstance(read_examples, Refused) else "",
        about=about[:4],
        facts=[f for f in about[4:] if f.name.startswith("fact-")],
        decisions=[f for f in about[4:] if f.name.startswith("decision-")],
        given=_given_fields(draft, document, facts),
        caps=caps_shown(held.get("caps") if held else None, typed, refused),
        editing=number if held is not None else None,
        problems=wrong_rows or ([ShownProblem(about[0].id, "Not saved", str(refused))] if refused else []),
    )


def _readable(draft: DraftView) -> bool:
    try:
        return bool(_document(draft))
    except Refused:
        return False


def _form_for(
    draft: DraftView,
    document: Document,
    facts: Dictionary,
    held: Document | None,
    typed: FormData | None,
    refused: Refused | None,
) -> list[ShownField]:
    """Name, answer, requirement, what is asked, then a field for each fact and each decision."""
    requirements = parts.mappings_at(document_of(draft), "requirements")
    ids = [(number, " ".join(_named(r))) for r in requirements if (number := _named(r)[0])]
    given = parts.part_at(document, "given")
    given = given if isinstance(given, dict) else {}
    fields = [
        Field("name", "What the example shows", needed=True),
        Field("answer", "The answer it must give", "choice", options=tuple((a, label(a)) for a in ANSWERS)),
        Field(
            "because", "Which requirement decides it", "choice", options=(("", "None in particular"), *ids)
        ),
        Field("asks", "Which facts it must ask for", hint=_ASKS),
        *(fact_field(f, given.get(f.name)) for f in _relevant(draft, facts)),
        *(decision_field(*_named(r)) for r in requirements if _decided(r)),
    ]
    if typed is not None:
        return parts.as_typed(typed, fields, refused)
    if held is None:
        return parts.shown({}, fields)
    flat = _flat(held, "facts", "fact") | _flat(held, "decisions", "decision")
    if isinstance(asks := held.get("asks"), list):
        flat["asks"] = ", ".join(map(str, asks)) or NOBODY
    return parts.shown({**held, **flat}, fields)


def _held(document: Document, number: int | None) -> Document | None:
    """The example that is edited, where there is one a form can show."""
    listed = parts.part_at(document, "examples")
    if number is None or not isinstance(listed, list) or not 0 <= number < len(listed):
        return None
    return listed[number] if isinstance(listed[number], dict) else None


def _named(requirement: Document) -> tuple[str, str]:
    return parts.text_at(requirement, "id"), parts.text_at(requirement, "name")


def _flat(held: Document, key: str, prefix: str) -> dict[str, Any]:
    said = held.get(key)
    return {f"{prefix}-{name}": value for name, value in said.items()} if isinstance(said, dict) else {}


def _given_fields(draft: DraftView, document: Document, facts: Dictionary) -> list[ShownField]:
    held = _flat(document, "given", "fact")
    return [
        replace(shown, id=f"given-{shown.id}")
        for shown in parts.shown(held, [fact_field(f, None) for f in _relevant(draft, facts)])
    ]
