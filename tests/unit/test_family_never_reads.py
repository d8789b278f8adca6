"""Income, household, custody, what was suffered, age, case type: no paper of a family's ever speaks of them,
nor of how a request stands against another's need.

Every source we ship, in both languages, over many sets of facts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from reunify.approval import letter
from reunify.documents.refusal import CAN_DO, reasons, what_can_be_done
from reunify.eligibility.assessment import Known, SourceResult, decide_source
from reunify.eligibility.explained import SourceView
from reunify.eligibility.from_stored import source_view
from reunify.kernel.ids import new_id
from reunify.rates.fields import FactValue, Field
from reunify.rates.need_factors import need_versions
from reunify.rules.library import shipped
from reunify.rules.model import Decision, Rulebook
from tests.unit.assessment_world import DAY

SOURCES = sorted(shipped().versions)
WORDS = shipped().dictionary
STAFF_ONLY = [f for f in WORDS.fields.values() if f.family_can_fix == "no"]
MENDABLE = [f for f in WORDS.fields.values() if f.family_can_fix != "no"]
TRIES = 60
ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((ROOT / "document_templates").glob("*.yaml"))
SCORES = {"reunify.allocation.need", "reunify.allocation.need_facts", "reunify.web.pages.need_shown"}


def some_value(field: Field, chance: random.Random) -> FactValue:
    match field.type:
        case "yes_no":
            return chance.choice([True, False])
        case "choice":
            return chance.choice(sorted(field.values))
        case "date":
            return DAY
        case _:
            low, high = field.low or 0, field.high or 9_000_000
            return chance.choice([low, min(low + 1, high), (low + high) // 2, high])


def judged(book: Rulebook, number: int) -> SourceView:
    """Some facts, some unknown, and what may be attested attested."""
    chance = random.Random(f"{book.source} {number}")
    facts = {
        name: None if chance.random() < 0.2 else some_value(field, chance)
        for name, field in WORDS.fields.items()
    }
    decided = {r.id: Decision("attested", DAY) for r in book.requirements if r.owed_within}
    found = decide_source(book, Known(facts | {"travel_start": DAY}, (), decided), WORDS)
    return shown(found)


def shown(found: SourceResult) -> SourceView:
    return source_view(found.content(), WORDS, determination_id=new_id(), rule_sha256="", answer_hash="")


def answers(source: str) -> Iterator[SourceView]:
    for book in shipped().versions[source]:
        for number in range(TRIES):
            yield judged(book, number)


def told(text: str, fields: list[Field]) -> list[str]:
    """Which of these facts a text speaks of, by label or question, in either language."""
    return [
        f.name
        for f in fields
        if any(said in text for said in (f.label.en, f.label.es, f.question.en, f.question.es))
    ]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_what_can_be_done_speaks_only_of_papers_dates_and_routes(source: str, language: str) -> None:
    for view in answers(source):
        lines = what_can_be_done([view])
        assert lines[-len(CAN_DO) :] == list(CAN_DO)
        cards = [view.hand_off.family] if view.hand_off and view.answer in ("worth_applying", "ask") else []
        for line in lines[: -len(CAN_DO)]:
            if (line.en, line.es) in [(card.en, card.es) for card in cards]:
                assert view.kind == "elsewhere"
                assert not view.loan
                continue
            text = line.in_("es" if language == "es" else "en")
            assert told(text, MENDABLE)
            assert told(text, STAFF_ONLY) == []


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_still_owed_is_told_only_where_a_paper_mends_it(source: str) -> None:
    for view in answers(source):
        for item in letter.owed([view], {source}):
            assert item["by"] > DAY.isoformat()
            assert told(item["en"] + item["es"], MENDABLE)
            assert told(item["en"] + item["es"], STAFF_ONLY) == []


def test_nothing_a_family_reads_speaks_of_the_need_score() -> None:
    """Neither its pages nor its letters import it, and no template of theirs has its words."""
    graph = grimp.build_graph("reunify", cache_dir=None)
    theirs = ("reunify.web.pages.family", "reunify.documents", "reunify.approval.letter")
    family = [m for m in sorted(graph.modules) if m.startswith(theirs)]
    assert {"reunify.web.pages.family_plan", "reunify.documents.context"} <= set(family)
    assert [m for m in family if SCORES & graph.find_modules_directly_imported_by(m)] == []
    assert SCORES & graph.find_modules_directly_imported_by("reunify.web.pages.requests")
    labels = [f.label for version in need_versions() for f in version.factors]
    words = ("NeedScore", "need_score", "need.points", *labels)
    templates = [*sorted((ROOT / "reunify/web/templates/family").rglob("*.html")), *DOCUMENTS]
    texts = {path: path.read_text(encoding="utf-8") for path in templates}
    assert len(texts) > 3
    assert [path for path, said in texts.items() if any(word in said for word in words)] == []


def test_the_measure_itself_can_fail() -> None:
    income = WORDS["household_income"]
    assert told(f"Call us: {income.question.es}", STAFF_ONLY) == ["household_income"]
    seen = [view for source in SOURCES for view in answers(source)]
    assert any(what_can_be_done([v]) != list(CAN_DO) for v in seen)
    assert any(c for v in seen for c in v.changes if not c.for_family)
    assert any(letter.owed([v], {v.source}) for v in seen)
    assert any(v.owed and not letter.owed([v], {v.source}) for v in seen)


def test_a_letter_never_names_a_loan_or_a_source_that_is_not_ours() -> None:
    views = [next(answers(source)) for source in SOURCES]
    named = {r.source.en for r in reasons(views)}
    ours = {b.public_name.en for s in SOURCES for b in shipped().versions[s] if b.held}
    assert named
    assert named <= ours
