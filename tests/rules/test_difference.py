"""What changed between two versions is said in words, once, and only what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reunify.rates.fields import Words
from reunify.rules.difference import in_words
from reunify.rules.library import shipped
from reunify.rules.model import Cap, Cite, HandOff, PayerOrder, Requirement, Rulebook, Table
from reunify.rules.substance import wording_only
from tests.rules.tables_world import book, requirement, small, table

ONE = requirement(1, "require", {"age": "<= 3"})
TWO = requirement(2, "require_any", {"found": "yes"}, {"why": "= home"})
OLD = replace(book(ONE, TWO), basis="begins", pays=("air_fare", "lodging"))


def said(new: Rulebook, old: Rulebook = OLD) -> tuple[str, ...]:
    return in_words(old, replace(new, sha256="f" * 64), small())


def with_first(**changes: Any) -> Rulebook:
    return replace(OLD, requirements=(replace(ONE, **changes), TWO))


def capped(one: Table, *caps: int | None) -> Table:
    rows = tuple(
        replace(row, gives=() if most is None else (Cap("trip", None, most, row.cite, f"CAPS row {row.id}"),))
        for row, most in zip(one.rows, caps, strict=True)
    )
    return replace(one, rows=rows)


@pytest.mark.parametrize("source", sorted(shipped().versions))
def test_a_version_has_no_difference_from_itself(source: str) -> None:
    for one in shipped().versions[source]:
        assert in_words(one, one, shipped().dictionary) == ()


def test_a_text_that_differs_in_nothing_that_counts_says_so() -> None:
    assert said(OLD) == ("Only comments, spaces or the order of lines changed; no rule and no sentence did.",)
    turned = replace(TWO, groups=tuple(reversed(TWO.groups)))
    assert said(replace(OLD, requirements=(turned, ONE), pays=("lodging", "air_fare"))) == said(OLD)


def test_a_limit_that_moved_is_shown_before_and_after() -> None:
    moved = requirement(1, "require", {"age": "<= 4"})
    assert said(replace(OLD, requirements=(moved, TWO))) == (
        "TT-01: was `Must hold: age of the child is at most 3`, "
        "is now `Must hold: age of the child is at most 4`.",
    )


def test_a_form_that_turned_round_is_shown() -> None:
    assert said(replace(OLD, requirements=(replace(ONE, form="deny_if"), TWO))) == (
        "TT-01: was `Must hold: age of the child is at most 3`, "
        "is now `Refused when: age of the child is at most 3`.",
    )


def test_requirements_that_came_and_went_are_named_by_id() -> None:
    third = requirement(3, "deny_if", {"why": "= visit"})
    new = said(replace(OLD, requirements=(TWO, third)))
    assert new == (
        f"TT-03 is new: {third.name}. Refused when: purpose is Visit",
        f"TT-01 is gone: {ONE.name}. Must hold: age of the child is at most 3",
    )


def test_wording_is_named_as_wording_in_its_language_and_not_repeated() -> None:
    assert said(with_first(not_met=Words(ONE.not_met.en, "Otra frase."))) == (
        "TT-01: the sentence for 'not met' (Spanish) changed.",
    )
    assert said(with_first(met=Words("Another.", "Otra."))) == (
        "TT-01: the sentence for 'met' (English) changed.",
        "TT-01: the sentence for 'met' (Spanish) changed.",
    )
    assert said(with_first(question=Words("Why?", "¿Por qué?"))) == ("TT-01: the question for staff is new.",)


def test_confidence_citation_and_proof_each_have_their_own_sentence() -> None:
    new = with_first(confidence="MEDIUM", cite=Cite("Award", "2", None), owed_within=10)
    old_cite = f"{ONE.cite.doc}, {ONE.cite.at}"
    assert said(new) == (
        "TT-01, confidence: was `HIGH`, is now `MEDIUM`.",
        "TT-01, attested proof: was `not allowed`, is now `owed within 10 days`.",
        f"TT-01, where it is written: was `{old_cite}`, is now `Award, 2`.",
    )


def test_a_review_date_that_moved_for_all_is_said_once() -> None:
    def later(r: Requirement) -> Requirement:
        return replace(r, review_by=date(2029, 1, 1))

    was = ONE.review_by
    assert said(replace(OLD, requirements=(later(ONE), later(TWO)))) == (
        f"Every requirement, to be read again by: was `{was}`, is now `2029-01-01`.",
    )
    assert said(replace(OLD, requirements=(ONE, later(TWO)))) == (
        f"TT-02, to be read again by: was `{was}`, is now `2029-01-01`.",
    )


def test_dates_pays_and_payer_order_are_told() -> None:
    order = PayerOrder(10, "New reason.", OLD.payer_order.cite if OLD.payer_order else Cite("a", "b", None))
    new = replace(
        OLD,
        effective_from=date(2027, 1, 1),
        effective_to=date(2027, 9, 30),
        pays=("air_fare", "meals"),
        payer_order=order,
    )
    assert OLD.payer_order is not None
    assert said(new) == (
        f"In force: was `from {OLD.effective_from} on, by first day`, "
        "is now `from 2027-01-01 to 2027-09-30, by first day`.",
        "It pays: meals.",
        "It no longer pays: lodging.",
        f"The order of payers, tier: was `{OLD.payer_order.tier}`, is now `10`.",
        f"The order of payers, its reason: was `{OLD.payer_order.because}`, is now `New reason.`.",
    )


def test_rows_of_a_table_are_compared_by_their_id() -> None:
    was = capped(table("unique", "age", "A | < 3", "B | >= 3"), 90_000, None)
    now = capped(table("unique", "age", "A | <= 3", "C | > 3"), 120_000, 50_000)
    assert said(replace(OLD, tables=(now,)), replace(OLD, tables=(was,))) == (
        "Table CAPS, row A, age of the child: was `under 3`, is now `at most 3`.",
        "Table CAPS, row A gives: was `at most $900.00 for a trip`, is now `at most $1,200.00 for a trip`.",
        "Table CAPS, row C is new: age of the child is over 3: at most $500.00 for a trip.",
        "Table CAPS, row B is gone: age of the child is at least 3: no cap.",
    )


def test_a_column_that_was_added_says_which_rows_it_binds() -> None:
    was = table("unique", "age", "A | < 3", "B | >= 3")
    now = table("unique", "why age", "A | = home | < 3", "B | - | >= 3")
    assert said(replace(OLD, tables=(now,)), replace(OLD, tables=(was,))) == (
        "Table CAPS, row A, purpose: was `anything`, is now `Home`.",
    )


def test_the_order_of_rows_is_a_change_only_where_the_first_row_counts() -> None:
    rows = ("A | < 3", "B | < 5", "C | -")
    moved = ("B | < 5", "A | < 3", "C | -")
    for hit, expected in (("first", 1), ("collect", 0)):
        was = replace(OLD, tables=(table(hit, "age", *rows),))
        new = said(replace(OLD, tables=(table(hit, "age", *moved),)), was)
        assert len([line for line in new if "moved" in line]) == expected
    assert said(
        replace(OLD, tables=(table("first", "age", *moved),)),
        replace(OLD, tables=(table("first", "age", *rows),)),
    ) == ("Table CAPS, row B moved: it now comes first.",)


def test_a_row_put_in_between_does_not_move_the_others() -> None:
    was = replace(OLD, tables=(table("first", "age", "A | < 3", "C | -"),))
    new = said(replace(OLD, tables=(table("first", "age", "A | < 3", "B | < 4", "C | -"),)), was)
    assert new == ("Table CAPS, row B is new: age of the child is under 4: no cap.",)


def test_tables_that_came_and_went_are_named() -> None:
    one = table("unique", "age", "A | -")
    assert said(replace(OLD, tables=(one,))) == ("Table CAPS is new: 1 row; exactly one row matches.",)
    assert said(OLD, replace(OLD, tables=(one,))) == ("Table CAPS is gone.",)


def test_a_card_tells_facts_apart_from_wording() -> None:
    card = HandOff(Words("Call.", "Llame."), Words("They may pay.", "Podrían pagar."), "2 years", ONE.cite)
    was = replace(OLD, hand_off=card)
    new = replace(OLD, hand_off=replace(card, staff=Words("Ring.", "Llame."), deadline="3 years"))
    assert said(new, was) == (
        "The hand-off card: what staff are told (English) changed.",
        "The hand-off card, deadline: was `2 years`, is now `3 years`.",
    )
    assert said(OLD, was) == ("The hand-off card is gone.",)


def test_a_card_that_was_read_again_is_told_with_the_requirements_and_alone() -> None:
    day, later = date(2026, 1, 2), date(2027, 1, 2)
    card = HandOff(
        Words("Call.", "Llame."), Words("They may.", "Quizás."), "2 years", ONE.cite, review_by=day
    )
    was = replace(OLD, hand_off=card)
    read = replace(was, hand_off=replace(card, review_by=later))
    assert said(read, was) == (
        "The hand-off card, to be read again by: was `2026-01-02`, is now `2027-01-02`.",
    )
    assert not wording_only(was, read)
    moved = replace(read, requirements=tuple(replace(r, review_by=later) for r in was.requirements))
    was = replace(was, requirements=tuple(replace(r, review_by=day) for r in was.requirements))
    assert said(moved, was) == (
        "Every requirement, the hand-off card, to be read again by: was `2026-01-02`, is now `2027-01-02`.",
    )
