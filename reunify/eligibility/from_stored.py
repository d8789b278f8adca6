"""A kept answer, JSON as `SourceResult.content()` wrote it, becomes what pages and letters show. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from reunify.eligibility.explained import (
    CapView,
    ChangeView,
    HandOffView,
    LineView,
    QuestionView,
    RequirementView,
    SeenView,
    SourceView,
    TableView,
)
from reunify.rates.fields import Dictionary, Words

# A fact of this sensitivity, or one a document mends, may stand in what a family reads.
_OPEN, _DOCUMENT = "open", "document"


def source_view(
    content: dict[str, Any],
    dictionary: Dictionary,
    *,
    determination_id: UUID,
    rule_sha256: str,
    answer_hash: str,
) -> SourceView:
    """From `SourceResult.content()` as it was stored."""
    card, order = content["hand_off"], content["payer_order"]
    return SourceView(
        id=determination_id,
        source=content["source"],
        name=content["name"],
        public_name=_words(content["public_name"]),
        kind=content["kind"],
        unit=content["unit"],
        organisation_set=content["organisation_set"],
        answer=content["answer"],
        provisional=content["provisional"],
        awaits_guideline=content["awaits_guideline"],
        requirements=tuple(_requirement(r, dictionary) for r in content["requirements"]),
        lines=tuple(_line(line) for line in content["lines"]),
        hand_off=_hand_off(card) if card else None,
        rule_sha256=rule_sha256,
        answer_hash=answer_hash,
        federal=content["federal"],
        loan=content["loan"],
        suspended=content["suspended"],
        said_no=content["said_no"],
        said_yes=content.get("said_yes", False),
        caps=tuple(CapView(**cap) for cap in content["caps"]),
        tables=tuple(
            TableView(t["id"], t["outcome"], tuple(t["rows"]), tuple(t["possible"]), t["fault"])
            for t in content["tables"]
        ),
        changes=tuple(_change(c, dictionary) for c in content["changes"]),
        tier=order["tier"] if order else None,
        because=order["because"] if order else "",
    )


def question_view(stored: dict[str, Any]) -> QuestionView:
    return QuestionView(
        field=stored["field"],
        pointer=stored["pointer"],
        text=Words(stored["en"], stored["es"]),
        supplied_by=tuple(stored["supplied_by"]),
        family_can_fix=stored["family_can_fix"],
    )


def _requirement(stored: dict[str, Any], dictionary: Dictionary) -> RequirementView:
    cite = stored["cite"]
    return RequirementView(
        id=stored["id"],
        name=stored["name"],
        outcome=stored["outcome"],
        confidence=stored["confidence"],
        seen=tuple(_seen(s, dictionary) for s in stored["seen"]),
        cite_doc=cite["doc"],
        cite_at=cite["at"],
        cite_link=cite["link"],
        say=_words(stored["say"]) if stored["say"] else None,
        form=stored["form"],
        question=_words(stored["question"]) if stored["question"] else None,
        owed_by=date.fromisoformat(stored["owed_by"]) if stored["owed_by"] else None,
        attestable=stored["attestable"],
    )


def _seen(stored: dict[str, Any], dictionary: Dictionary) -> SeenView:
    """A field may have left today's dictionary, or be of another type; what was stored is still shown."""
    name, cell, truth = stored["field"], stored["cell"], stored["truth"]
    field = dictionary.fields.get(name)
    if field is None:
        bare = Words(name, name)
        return SeenView(name, bare, str(stored["value"]), cell, truth, bare, False)
    told = field.sensitivity == _OPEN or field.family_can_fix == _DOCUMENT
    raw = stored["value"]
    typed = field.from_json(raw)
    value = str(raw) if typed is None and raw is not None else field.shown(typed)
    return SeenView(name, field.label, value, cell, truth, field.question, told, field.pointer)


def _line(stored: dict[str, Any]) -> LineView:
    return LineView(
        key=stored["key"],
        outcome=stored["outcome"],
        unit=stored["unit"],
        payable=stored["payable"],
        ceiling=stored["ceiling"],
        reason=Words(stored["en"], stored["es"]),
        cite=stored["cite"],
        provisional=stored["provisional"],
        awaits=stored["awaits"],
        decides=tuple(stored["decides"]),
    )


def _hand_off(card: dict[str, Any]) -> HandOffView:
    return HandOffView(
        staff=_words(card["staff"]),
        family=_words(card["family"]),
        deadline=card["deadline"],
        phone=card["phone"],
        form=card["form"],
        link=card["link"],
        follow_up_days=card["follow_up_days"],
        consequence=_words(card["consequence"]) if card["consequence"] else None,
    )


def _change(stored: dict[str, Any], dictionary: Dictionary) -> ChangeView:
    facts = []
    for name, cell in stored["facts"]:
        field = dictionary.fields.get(name)
        bare = Words(name, name)
        facts.append((field.label if field else bare, cell, field.question if field else bare))
    known = all(name in dictionary.fields for name, _ in stored["facts"])
    places = tuple(f.pointer if (f := dictionary.fields.get(name)) else "" for name, _ in stored["facts"])
    return ChangeView(tuple(facts), stored["for_family"] and known, places)


def _words(stored: dict[str, str]) -> Words:
    return Words(stored["en"], stored["es"])
