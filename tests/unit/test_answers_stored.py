"""A kept answer is shown, and replayed, though a program officer has since changed its fact's type."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from reunify.eligibility.assessment import SourceResult, decide_all, known_facts
from reunify.eligibility.explained import SourceView
from reunify.eligibility.from_stored import source_view
from reunify.eligibility.replay import facts_kept
from reunify.intake.form import TravelRequest
from reunify.rates.fields import TYPES, Dictionary
from reunify.rates.published import published
from reunify.rules.library import shipped
from reunify.sandbox.families import sample_family

BOOKS = shipped()
FUND = "domestic_reunification"
REQUEST = TravelRequest.model_validate(sample_family("d", date(2026, 11, 26)).draft)
KNOWN = known_facts(REQUEST, published=published(), guideline_limit_percent=200, dictionary=BOOKS.dictionary)


def answered() -> SourceResult:
    return next(s for s in decide_all(KNOWN, BOOKS).sources if s.source == FUND)


def with_type(name: str, kind: str) -> Dictionary:
    words = BOOKS.dictionary
    changed = replace(words[name], type=kind, values={"other": words[name].label}, low=None, high=None)
    return replace(words, fields=words.fields | {name: changed})


def shown(words: Dictionary) -> SourceView:
    content = answered().content()
    return source_view(content, words, determination_id=uuid4(), rule_sha256="r", answer_hash="a")


def values(view: SourceView, name: str) -> set[str]:
    return {s.value for r in view.requirements for s in r.seen if s.field == name}


SEEN = sorted({s.field for r in shown(BOOKS.dictionary).requirements for s in r.seen})


@pytest.mark.parametrize("kind", sorted(TYPES))
@pytest.mark.parametrize("name", SEEN)
def test_whatever_type_a_fact_has_now_the_page_shows_what_was_stored(name: str, kind: str) -> None:
    stored = KNOWN.content()["facts"][name]
    before, after = shown(BOOKS.dictionary), shown(with_type(name, kind))
    assert [r.outcome for r in after.requirements] == [r.outcome for r in before.requirements]
    if BOOKS.dictionary[name].type == "choice":
        assert values(after, name) == {"not known yet" if stored is None else str(stored)}


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_stored_fact_that_does_not_fit_its_type_any_more_is_not_known(kind: str) -> None:
    stored = KNOWN.content()["facts"]
    kept = facts_kept(stored, with_type("purpose", kind))
    assert "purpose" not in kept
    assert set(kept) == {name for name in stored if stored[name] is not None} - {"purpose"}
