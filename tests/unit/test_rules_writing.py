"""A rule file that a form writes means what was read, whatever was typed into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.kernel.text import is_safe
from reunify.rates.closed_yaml import read
from reunify.rates.fields import load_dictionary
from reunify.rates.places import rules_folder
from reunify.rules.bundle import joined, parted
from reunify.rules.examples import load_examples
from reunify.rules.library import shipped
from reunify.rules.reading import compile_rulebook
from reunify.rules.substance import wording_only
from reunify.rules.writing import written, written_examples

FILES = sorted(p for p in rules_folder().glob("*/20*.yaml") if not p.name.endswith(".examples.yaml"))
_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).filter(is_safe)
_PARTS = st.recursive(
    _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["source", "requirements", "pays", "effective", "tables", "payer_order", "hand_off", "x: y", ""]
)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_shipped_file_read_and_written_means_the_same(path: Path) -> None:
    rulebooks = shipped()
    before = next(
        b for b in rulebooks.versions[path.parent.name] if b.effective_from.isoformat() == path.stem
    )
    _, tables = parted(before.body)
    text = written(read(path.read_bytes(), path.name))
    after = compile_rulebook(joined(text.encode(), tables), rulebooks.dictionary, named(path))
    assert wording_only(before, after)  # not one condition, number, date or citation
    assert [r.name for r in before.requirements] == [r.name for r in after.requirements]
    assert [(r.met, r.not_met) for r in before.requirements] == [
        (r.met, r.not_met) for r in after.requirements
    ]
    assert written(read(text.encode(), path.name)) == text, "written twice, it is the same text"
    assert "#" not in text.replace("# table", "") or "#" in str(read(text.encode(), path.name))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_shipped_examples_read_and_written_mean_the_same(path: Path) -> None:
    place = path.with_name(f"{path.stem}.examples.yaml")
    facts = load_dictionary((rules_folder() / "_fields.yaml").read_bytes())
    before = load_examples(place.read_bytes(), facts, place.name)
    text = written_examples(read(place.read_bytes(), place.name))
    assert load_examples(text.encode(), facts, place.name) == before


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_KEYS, _PARTS, min_size=1, max_size=5))
def test_whatever_was_typed_is_read_back_letter_by_letter(draft: dict[str, Any]) -> None:
    assert read(written(draft).encode(), "draft") == draft


def test_words_that_yaml_would_take_for_something_else_stay_words() -> None:
    draft = {
        "name": "no",
        "pays": ["yes", "2026-01-01", "1_000", "~", "null", "*all", "&a", "!!str x", "- x", "{", "#"],
        "requirements": [{"id": "A-01", "require": {"fact": "<= 100", "other": "in a, b"}, "more": "kept"}],
    }
    text = written(draft)
    assert read(text.encode(), "draft") == draft
    assert 'require: {fact: "<= 100", other: "in a, b"}' in text
    assert text.index("pays:") < text.index("requirements:")


def test_parts_stand_in_one_order_whatever_order_they_came_in() -> None:
    one = {"kind": "held", "source": "a", "unit": "cents"}
    assert written(one) == written(dict(reversed(one.items()))) == "source: a\nkind: held\nunit: cents\n"
