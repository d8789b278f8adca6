"""What a draft would have answered: caps counted, old facts as they are, a report that stays small."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from reunify.eligibility.lines import LineFacts
from reunify.eligibility.replay import NOT_ASKED, Difference, Draft, Past, facts_kept
from reunify.eligibility.replay_caps import LEFT_OUT_WORDS, count_up, left_out_words
from reunify.eligibility.replay_caps import Cap as Kept
from reunify.eligibility.replay_report import MOST_FLIPS, Tally, with_words
from reunify.rates.fields import dictionary
from reunify.rules import cells
from reunify.rules.library import shipped
from reunify.rules.model import Cap, Row, Rulebook, Table

FUND = shipped().versions["domestic_reunification"][-1]
WORDS = dictionary()
FACTS = {"child_age_now": 12, "traveler_count": 2, "travel_start": "2026-12-01", "purpose": "visit_child"}


def book(*, at_most: int | None = None, category: str | None = None, scope: str = "trip") -> Rulebook:
    """Pays for children under 18, with one cap for everybody."""
    rule = replace(
        FUND.requirements[0],
        id="XX-01",
        form="require",
        groups=((cells.parse("< 18", WORDS["child_age_now"]),),),
        confidence="HIGH",
        owed_within=None,
    )
    caps = (Cap(scope, category, at_most, "1", "T row A"),) if at_most is not None else ()
    row = Row("A", (cells.parse("-", WORDS["child_age_now"]),), caps, "1")
    table = Table("T", "t.csv", "first", ("child_age_now",), ("=> trip_cap",), (row,), ((1,),))
    return replace(FUND, requirements=(rule,), tables=(table,))


def line(key: str, category: str, cents: int) -> dict[str, Any]:
    return LineFacts(0, key, category, "organisation_books", cents, cents).content()


LINES = [line("fare", "air_fare", 800_00), line("bag", "air_fare", 50_00), line("room", "lodging", 300_00)]


def past(answer: str = "ineligible", facts: dict[str, Any] | None = None, **content: Any) -> Past:
    known = {"facts": FACTS if facts is None else facts, "lines": LINES, "decisions": {}, "suspended": []}
    kept = {"unit": "cents", "requirements": [], "lines": [], "caps": []} | content
    return Past(UUID(int=1), UUID(int=2), answer, known, lambda: kept)


@pytest.mark.parametrize(
    ("cap", "payable"),
    [
        ({}, 1_150_00),
        ({"at_most": 1_000_00}, 1_000_00),
        ({"at_most": 2_000_00}, 1_150_00),
        ({"at_most": 700_00, "category": "air_fare"}, 1_000_00),
        ({"at_most": 0, "category": "lodging", "scope": "family"}, 850_00),
        ({"at_most": 1, "category": "meals"}, 1_150_00),
        ({"at_most": 200_00, "scope": "traveler"}, 400_00),  # of two, over lines that are nobody's own
        ({"at_most": 1, "scope": "leg"}, 1_150_00),  # how many legs there are is not kept
    ],
)
def test_what_a_source_may_pay_is_counted_up_to_the_rules_own_caps(cap: dict[str, Any], payable: int) -> None:
    found = Draft(book(**cap), WORDS).compare(past())
    assert found is not None
    assert (found.payable_before, found.payable_after) == (0, payable)
    kept = [{"key": "fare", "outcome": "payable", "ceiling": 800_00}]
    earlier = Draft(book(), WORDS).compare(
        past("eligible", lines=kept, caps=[{"scope": "trip", "category": None, "at_most": 500_00}])
    )
    assert earlier is not None
    assert (earlier.flips, earlier.payable_before, earlier.payable_after) == (False, 500_00, 1_150_00)


@pytest.mark.parametrize(
    ("age", "after", "to_yes"),
    [(17, "eligible", True), (18, "ineligible", False), (None, "needs_information", False)],
)
def test_the_requirement_that_turned_it_is_named(age: int | None, after: str, to_yes: bool) -> None:
    was = [{"id": "XX-01", "outcome": "not_met"}, {"id": "XX-02", "outcome": "met"}]
    found = Draft(book(), WORDS).compare(past("unlikely", FACTS | {"child_age_now": age}, requirements=was))
    assert found is not None
    assert (found.answer_after, found.to_yes) == (after, to_yes)
    turned = {"eligible": "met", "needs_information": "unknown"}
    here = [("XX-01", "not_met", turned[after])] if after in turned else []
    assert list(found.requirements) == [*here, ("XX-02", "met", "not_there")]


def test_facts_that_left_the_dictionary_or_changed_their_type_are_not_known() -> None:
    kept = facts_kept(
        {
            "child_age_now": "twelve",
            "travel_start": "2026-12-01",
            "purpose": 3,
            "gone": "x",
            "child_recovered": 1,
            "household_income": True,
        },
        WORDS,
    )
    assert kept == {"travel_start": date(2026, 12, 1)}


@pytest.mark.parametrize(
    ("starts", "judged"),
    [("2026-05-31", False), ("2026-06-01", True), ("2026-08-31", True), ("2026-09-01", False), (None, False)],
)
def test_only_trips_of_the_versions_own_days_are_compared(starts: str | None, judged: bool) -> None:
    own = replace(
        book(), effective_from=date(2026, 6, 1), effective_to=date(2026, 12, 31), basis="travel_start"
    )
    others = [replace(own, effective_from=date(2026, month, 1)) for month in (1, 9)]
    draft = Draft(own, WORDS, others)  # the next version begins in September
    assert (draft.compare(past(facts={"travel_start": starts})) is not None) is judged


@pytest.mark.parametrize("ends", [date(2026, 12, 1), date(2026, 11, 30)])
def test_a_version_that_ends_before_a_trip_takes_the_answer_away_and_its_money(ends: date) -> None:
    """As `Rulebooks.chosen`: once it has begun, no older version comes back to life after its end."""
    older = replace(book(), effective_from=date(2026, 1, 1))
    own = replace(older, effective_from=date(2026, 6, 1), effective_to=ends)
    kept = [{"key": "fare", "outcome": "payable", "ceiling": 800_00}]
    found = Draft(own, WORDS, [older]).compare(past("eligible", lines=kept))
    assert found is not None
    ended = ends < date(2026, 12, 1)
    assert found.answer_after == (NOT_ASKED if ended else "eligible")
    assert (found.payable_before, found.payable_after) == (800_00, 0 if ended else 1_150_00)
    tally = Tally(Draft(own, WORDS))
    tally.add(found)
    assert tally.report(since=None)["flips_total"] == int(ended)
    asked_before = Draft(own, WORDS, [older]).compare(past(NOT_ASKED))
    assert (asked_before is None) is ended


MINE = [
    LineFacts(0, "a", "air_fare", "advance", 500, 500, traveler="child", leg="out"),
    LineFacts(1, "b", "air_fare", "advance", 400, 400, traveler="child", leg="back"),
    LineFacts(2, "c", "air_fare", "advance", 300, 300, traveler="aunt", leg="out"),
    LineFacts(3, "d", "lodging", "advance", 200, 200),
]


@pytest.mark.parametrize(
    ("caps", "amount", "left_out"),
    [
        ([], 1_400, []),
        ([("traveler", "air_fare", 450)], 450 + 300 + 200, []),
        ([("traveler", None, 450)], 900, []),  # of two, the room included
        ([("leg", "air_fare", 450)], 450 + 400 + 200, []),
        ([("leg", None, 450)], 450 + 400 + 200, ["leg"]),
        ([("traveler", "air_fare", 450), ("leg", "air_fare", 350)], 350 + 350 + 200, []),
        ([("traveler", "air_fare", 300), ("leg", "air_fare", 350)], 300 + 300 + 200, []),
        ([("trip", "air_fare", 600), ("traveler", None, 500)], 800, []),
        ([("child", None, 1_000)], 1_000, ["earlier_trips"]),
        ([("family", "lodging", 50)], 1_250, ["earlier_trips"]),
        ([("lifetime_uses", None, 1)], 1_400, ["lifetime_uses"]),
        ([("child", "meals", 1)], 1_400, []),  # nothing of that cost in this trip
    ],
)
def test_caps_of_each_traveler_and_leg_are_counted_and_what_is_not_is_named(
    caps: list[Kept], amount: int, left_out: list[str]
) -> None:
    payable = {line.key: line.ceiling_cents for line in MINE}
    found = count_up(payable, caps, MINE, travelers=2, earlier=None)
    assert (found.amount, list(found.left_out)) == (amount, left_out)


@pytest.mark.parametrize(
    ("earlier", "most", "amount", "left_out"),
    [(0, 1, 1_000, ()), (1, 1, 0, ("earlier_trips",)), (1, 2, 1_000, ("earlier_trips",))],
)
def test_a_childs_earlier_trips_are_held_against_how_often_a_source_may_help(
    earlier: int, most: int, amount: int, left_out: tuple[str, ...]
) -> None:
    payable = {line.key: line.ceiling_cents for line in MINE}
    caps: list[Kept] = [("lifetime_uses", None, most), ("child", None, 1_000)]
    found = count_up(payable, caps, MINE, travelers=None, earlier=earlier)
    assert (found.amount, found.left_out) == (amount, left_out)


def test_what_the_sums_leave_out_is_said_with_how_many_answers_it_is_true_of() -> None:
    draft = Draft(book(at_most=500_00, scope="child"), WORDS)
    tally = Tally(draft)
    for _ in range(2):
        tally.add(draft.compare(past()))
        tally = Tally(draft, tally.state())
    report = tally.report(since=None)
    assert report["caps_not_counted"] == [["earlier_trips", 2]]
    assert left_out_words(report["caps_not_counted"]) == [f"In 2 answers: {LEFT_OUT_WORDS['earlier_trips']}."]


def test_a_report_stays_small_however_many_families_turn() -> None:
    tally = Tally(Draft(book(), WORDS))
    for number in range(MOST_FLIPS + 7):
        tally.add(difference(number))
        if number % 100 == 0:  # put aside and gone on with
            tally = Tally(Draft(book(), WORDS), tally.state())
    tally.add(None)
    tally.skip_erased()
    tally.skip_unreadable()
    report = tally.report(since=date(2026, 1, 2))
    assert len(report["flips"]) == MOST_FLIPS
    assert report["flips_total"] == report["flips_to_yes"] == report["determinations"] == MOST_FLIPS + 7
    assert [s["families"] for s in report["samples"]] == [MOST_FLIPS + 7]
    assert "XX-01" not in str(report["flips"])  # beside a family no requirement, not even its id
    assert FUND.requirements[0].name not in str(report)
    (why,) = with_words(report, book())["samples"][0]["because"]
    assert (why["id"], why["name"]) == ("XX-01", FUND.requirements[0].name)
    assert report["requirements"] == [["XX-01", "not_met", "met", MOST_FLIPS + 7]]
    assert report["by_fund"][0]["payable_after"] == 3 * (MOST_FLIPS + 7)
    assert (report["since"], report["same"]) == ("2026-01-02", 0)
    assert [report[k] for k in ("not_covered", "skipped_erased", "skipped_unreadable")] == [1, 1, 1]


def difference(number: int) -> Difference:
    return Difference(
        UUID(int=number),
        UUID(int=number),
        "ineligible",
        "eligible",
        (("XX-01", "not_met", "met"),),
        payable_after=3,
        unit_before="cents",
        unit_after="cents",
    )


def test_a_source_that_pays_in_another_unit_now_has_a_row_for_each() -> None:
    tally = Tally(Draft(replace(book(), unit="night"), WORDS))
    tally.add(replace(difference(1), payable_before=500, payable_after=2, unit_after="night"))
    assert tally.report(since=None)["by_fund"] == [
        {"source": FUND.source, "payable_before": 500, "payable_after": 0, "unit": "cents"},
        {"source": FUND.source, "payable_before": 0, "payable_after": 2, "unit": "night"},
    ]
