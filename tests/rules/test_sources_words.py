"""What the sources say: whole in both languages, and nothing a family should not be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reunify.rates.fields import Words
from reunify.rules.library import shipped
from reunify.rules.model import Rulebook

WORDS = shipped().dictionary
BOOKS = [book for versions in shipped().versions.values() for book in versions]


def texts() -> Iterator[tuple[str, Words]]:
    for field in WORDS.fields.values():
        yield f"question {field.name}", field.question
    for book in BOOKS:
        yield f"{book.source} public name", book.public_name
        for rule in book.requirements:
            yield f"{rule.id} met", rule.met
            yield f"{rule.id} not met", rule.not_met
            if rule.question:
                yield f"question {rule.id}", rule.question
        if book.hand_off:
            yield f"{book.source} card for staff", book.hand_off.staff
            yield f"{book.source} card for the family", book.hand_off.family


TEXTS = list(texts())


@pytest.mark.parametrize(("where", "text"), TEXTS, ids=[where for where, _ in TEXTS])
def test_each_text_is_whole_in_both_languages(where: str, text: Words) -> None:
    assert text.en != text.es
    assert min(len(text.en), len(text.es)) > 0.4 * max(len(text.en), len(text.es))
    if where.startswith("question"):
        assert "?" in text.en
        assert "¿" in text.es


# A rule's sentence says what a fund is for. Whether it pays this family is in the letter, and nowhere before.
_PROMISES = {
    "en": ("we can pay", "we will pay", "as soon as", "this fund can pay now", "this fund pays"),
    "es": ("podemos pagar", "pagaremos", "en cuanto", "este fondo puede pagar ahora", "este fondo paga"),
}


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_no_sentence_of_a_rule_promises_money(book: Rulebook) -> None:
    said = [text for rule in book.requirements for text in (rule.met, rule.not_met)]
    said += [book.hand_off.family] if book.hand_off else []
    for text in said:
        for language, promises in _PROMISES.items():
            sentence = getattr(text, language)
            assert not [p for p in promises if p in sentence.lower()], sentence


def test_a_free_ticket_is_spoken_of_to_a_parent_and_to_a_young_adult_alike() -> None:
    (home_free,) = [b for b in BOOKS if b.source == "home_free"]
    assert home_free.hand_off is not None
    said = [text for rule in home_free.requirements for text in (rule.met, rule.not_met)]
    for text in [*said, home_free.hand_off.family]:
        assert "your child" not in text.en.lower()
        assert "su hijo" not in text.es.lower()


# People.md: staff only, and nothing a family could be told to change.
_THEIRS_ALONE = (
    "case_type",
    "child_age_now",
    "child_age_when_missing",
    "purpose",
    "household_size",
    "household_income",
    "household_area",
    "income_percent_of_limit",
    "income_percent_of_guideline",
    "abuse_suspected",
    "protective_order",
    "crime_place",
    "violent_crime",
    "self_identifies",
    "taken_from_united_states",
    "going_to",
    "us_citizen",
    "return_authority_decision",
)


@pytest.mark.parametrize("name", _THEIRS_ALONE)
def test_nobody_tells_a_family_to_change_who_they_are_or_what_was_done_to_them(name: str) -> None:
    assert WORDS[name].family_can_fix == "no"


@pytest.mark.parametrize(
    "name",
    ["crime_place", "violent_crime", "self_identifies", "taken_from_united_states", "abuse_suspected",
     "protective_order", "child_age_when_missing", "return_reason", "home_free_tickets_before", "us_citizen"],
)  # fmt: skip
def test_a_question_that_could_frighten_or_shame_is_never_put_to_a_family(name: str) -> None:
    assert "family" not in WORDS[name].supplied_by
    assert WORDS[name].sensitivity == "staff_only"
