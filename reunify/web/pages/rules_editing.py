"""One draft, opened and saved: every form changes its own part and leaves the rest as it was found."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.rates.closed_yaml import RuleFileBroken, read
from reunify.rates.fields import Dictionary
from reunify.rules import actions, bundle, current, queries
from reunify.rules.amiss import found_amiss
from reunify.rules.examples import Example, load_examples
from reunify.rules.inspecting import Finding
from reunify.rules.model import Rulebook
from reunify.rules.policy import DraftChanged
from reunify.rules.reading import RETURN_AUTHORITY, compile_rulebook
from reunify.rules.views import DraftView
from reunify.rules.writing import written
from reunify.web.audience import staff
from reunify.web.pages.rules_document import Document
from reunify.web.pages.view import holds, organisation_now, staff_page, text_of, today

# Drafts are read by who writes rules and by who checks how they are made.
Reader = Annotated[Staff, Depends(staff(Role.RULES_AUTHOR, Role.AUDITOR))]
# Not the draft of a request: no family stands behind it.
DraftId = Annotated[UUID, Path(alias="rule_draft_id")]
Author = Annotated[Staff, Depends(staff(Role.RULES_AUTHOR))]
# What cannot name a version or a source at all is not looked up.
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Source = Annotated[str, Path(pattern="^[a-z0-9_]{1,60}$")]


def counted(typed: str) -> int:
    """A place in a list, 0 for the first; -1 for what names none. No list here has ten thousand places."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else -1


def _place(number: str) -> int:
    """Which requirement or table, 0 for the first. Raises NotFound."""
    if (place := counted(number)) < 0:
        raise NotFound("There is no such part of this draft.")
    return place


# After the audience in a route: nobody learns what a draft holds before it is known who asks.
Place = Annotated[int, Depends(_place)]


class TextFirst(Refused):
    """The draft's text cannot be read as a file at all, so no form can show it."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What a draft is made of. `tables` by file name."""

    rules: str
    tables: dict[str, str]
    examples: str


def document_of(draft: DraftView) -> Document | None:
    """The parts of the rule file, for the caller to change; None where its text is no YAML.

    A draft nobody has written into yet begins with what every held source must carry.
    """
    return parts_in(draft.rules) if draft.rules.strip() else _blank(draft)


def parts_in(text: str) -> Document | None:
    found = _parts_of(text)
    return deepcopy(found) if found is not None else None


def _blank(draft: DraftView) -> Document:
    words = draft.source.split("_")
    prefix = "".join(w[0] for w in words)[:4] if len(words) > 1 else draft.source[:2]
    return {
        "source": draft.source,
        "name": draft.source.replace("_", " ").capitalize(),
        "kind": "held",
        "effective": {"from": draft.effective_from.isoformat(), "basis": "travel_start"},
        "requirements": [
            {
                "id": f"{prefix.upper()}-01",
                "name": "It is safe and lawful to bring this child to this adult",
                "decide_by": "staff",
                "decision": {RETURN_AUTHORITY: "= safe_and_lawful"},
                "confidence": "HIGH",
                "cite": {"doc": "Return authority policy", "at": "staff decision, never attested or waived"},
            }
        ],
    }


@lru_cache(maxsize=16)
def _parts_of(text: str) -> Document | None:
    try:
        return read(text.encode(), "rules")
    except RuleFileBroken:
        return None


def compiled(draft: DraftView, facts: Dictionary) -> Rulebook | Refused:
    """The draft as rules, or the first thing that is wrong with it."""
    if draft.rulebook is not None:
        return draft.rulebook
    rules = draft.rules if draft.rules.strip() else written(_blank(draft))
    tables = {name: text.encode() for name, text in draft.tables.items()}
    try:
        return compile_rulebook(bundle.joined(rules.encode(), tables), facts, _file(draft, "yaml"))
    except Refused as broken:
        return broken


def examples_of(draft: DraftView) -> tuple[Example, ...] | Refused:
    if not draft.examples.strip():
        return ()
    return examples_in(draft.examples, current.dictionary().sha256, _file(draft, "examples.yaml"))


@lru_cache(maxsize=32)
def examples_in(text: str, fields_sha256: str, file: str) -> tuple[Example, ...] | Refused:
    """The examples a text writes, or why it writes none. `fields_sha256`: of the dictionary of now."""
    try:
        return load_examples(text.encode(), current.dictionary().dictionary, file)
    except Refused as broken:
        return broken


def _file(draft: DraftView, ending: str) -> str:
    return f"{draft.source}/{draft.effective_from}.{ending}"


def keep(
    at: House, draft_id: UUID, form: FormData, by: Staff, change: Callable[[DraftView], Texts]
) -> DraftView:
    """Save what `change` makes of the draft, as it stood when the page was opened. Raises DraftChanged."""
    with at.db.work() as session:
        draft = queries.draft(session, draft_id)
        texts = change(draft)
        actions.save_draft(
            session,
            draft_id=draft_id,
            expected_revision=revision_of(form),
            rules=texts.rules,
            tables=texts.tables,
            examples=texts.examples,
            by=by,
            now=at.now(),
        )
    return draft


def revision_of(form: FormData) -> int:
    """The one the page was opened with; none, if it does not say."""
    typed = text_of(form, "revision")
    return int(typed) if len(typed) <= 15 and typed.isascii() and typed.isdigit() else 0


def in_document(change: Callable[[Document], None]) -> Callable[[DraftView], Texts]:
    """A change of the rule file alone. Raises TextFirst."""

    def changed(draft: DraftView) -> Texts:
        document = document_of(draft)
        if document is None:
            raise TextFirst("This draft cannot be read as a rule file. Mend its text first.")
        change(document)
        return replace(texts_of(draft), rules=written(document))

    return changed


def texts_of(draft: DraftView) -> Texts:
    return Texts(draft.rules, dict(draft.tables), draft.examples)


def amiss_in(
    session: Session, found: Rulebook | Refused, facts: Dictionary, at: House
) -> tuple[Finding, ...]:
    """What `rules check` would find in it, beside the versions of its source in force."""
    if isinstance(found, Refused):
        return ()
    standing = queries.in_force_if_any(session)
    beside = standing.versions.get(found.source, ()) if standing else ()
    return found_amiss(found, facts, on=today(organisation_now(session, at), at), beside=beside)


def status_of(refused: Refused | None) -> int:
    if refused is None:
        return 200
    if isinstance(refused, NotAllowed):
        return 403
    if isinstance(refused, NotFound):
        return 404
    return 409 if isinstance(refused, OutOfStep) else 422


def draft_page(
    request: Request,
    template: str,
    draft: DraftView,
    by: Staff,
    at: House,
    refused: Refused | None = None,
    **context: Any,
) -> Response:
    """A page of this draft. `edits`: whether this person may change it now.

    `clash`: a colleague saved it meanwhile; the page says so, with what was typed.
    """
    with at.db.read() as session:
        org = organisation_now(session, at)
    return staff_page(
        request,
        template,
        me=by,
        org=org,
        status=status_of(refused),
        draft=draft,
        edits=holds(by, Role.RULES_AUTHOR) and draft.state == "open",
        clash=isinstance(refused, DraftChanged),
        **context | ({"problems": []} if type(refused) is DraftChanged else {}),
    )


def facts_now() -> Dictionary:
    """The dictionary the drop-downs are made of."""
    return current.dictionary().dictionary
