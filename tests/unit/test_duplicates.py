"""What looks like one cost: the same person, category, and days or leg; one night apart is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from reunify.kernel.ids import FundId, RequestId, new_id
from reunify.ledger.policy import Unit
from reunify.reporting.duplicates import (
    Elsewhere,
    Line,
    SayWhy,
    Share,
    Suspicion,
    Why,
    check_reason,
    suspicions,
)
from reunify.reporting.duplicates_told import told_lines

NIGHT = date(2026, 11, 28)
GRANT, GIFT, STATE = FundId(new_id()), FundId(new_id()), FundId(new_id())


def share(cents: int, fund: FundId = GRANT, unit: Unit = Unit.CENTS) -> Share:
    return Share(fund, "Fund", unit, 0, 0, cents)


def room(**changed: Any) -> Line:
    line = Line(
        request_id=RequestId(new_id()),
        reference="R-1",
        key="room",
        number=1,
        category="lodging",
        whose=frozenset({"child"}),
        first=NIGHT,
        last=NIGHT,
        leg=None,
        ceiling=12_000,
        shares=(share(10_000),),
    )
    return replace(line, **changed)


def why(*lines: Line) -> list[Why]:
    return [s.why for s in suspicions(lines)]


def one(*lines: Line) -> Suspicion:
    (found,) = suspicions(lines)
    return found


def test_one_night_of_one_child_in_two_requests() -> None:
    found = one(room(), room(shares=(share(8_000, GIFT),)))
    assert (found.why, found.cents) == (Why.TWO_REQUESTS, 8_000)
    assert found.because == "the same night, 2026-11-28"


@pytest.mark.parametrize(
    "other",
    [
        {"first": NIGHT + timedelta(days=1), "last": NIGHT + timedelta(days=1)},
        {"first": NIGHT - timedelta(days=1), "last": NIGHT - timedelta(days=1)},
        {"whose": frozenset({"somebody else"})},
        {"whose": frozenset()},
        {"category": "meals"},
    ],
)
def test_another_night_person_or_kind_of_cost_is_another_cost(other: dict[str, Any]) -> None:
    assert why(room(), room(**other)) == []


def test_two_rooms_of_one_request_are_its_own_business() -> None:
    first = room()
    assert why(first, room(request_id=first.request_id, key="room2")) == []
    days = {"category": "bus_fare", "request_id": first.request_id}
    assert why(room(**days), room(**days, key="seat2")) == []


def test_one_seat_on_two_lines_of_one_request() -> None:
    leg = ("2026-11-28", "tulsa ok us", "wichita ks us")
    seat = room(category="bus_fare", leg=leg)
    again = replace(seat, key="again", number=2)
    assert one(seat, again).why is Why.TWICE_IN_ONE
    assert why(seat, replace(again, leg=(leg[0], leg[2], leg[1]))) == []
    assert why(seat, replace(again, whose=frozenset({"child", "mother"}))) == []


def test_days_overlap_from_the_first_they_share() -> None:
    meals = room(category="meals", last=NIGHT + timedelta(days=2))
    last = NIGHT + timedelta(days=2)
    assert one(meals, room(category="meals", first=last, last=last)).because == "the same day, 2026-11-30"
    later = meals_of(meals, NIGHT + timedelta(days=1))
    assert one(meals, later).because == "overlapping days, 2026-11-29 to 2026-11-30"
    after = last + timedelta(days=1)
    assert why(meals, room(category="meals", first=after, last=after)) == []


def meals_of(line: Line, first: date) -> Line:
    return replace(line, request_id=RequestId(new_id()), first=first, last=first + timedelta(days=2))


def test_a_leg_is_one_day_from_one_place_to_another() -> None:
    leg = ("2026-11-28", "tulsa ok us", "wichita ks us")
    seat = room(category="bus_fare", leg=leg)
    assert one(seat, room(category="bus_fare", leg=leg)).because == "the same leg"
    back = (leg[0], leg[2], leg[1])
    assert why(seat, room(category="bus_fare", leg=back)) == []
    assert why(seat, room(category="bus_fare")) == [Why.TWO_REQUESTS]  # of the whole trip, the same day


def test_a_pair_that_shares_two_people_is_told_once_and_three_requests_are_three_pairs() -> None:
    family = frozenset({"child", "mother"})
    assert len(suspicions([room(whose=family), room(whose=family)])) == 1
    assert len(suspicions([room(), room(), room()])) == 3


@pytest.mark.parametrize(("cents", "found"), [(12_000, []), (12_001, [Why.BEYOND_THE_LINE])])
def test_two_sources_may_bear_a_line_up_to_its_ceiling_and_no_cent_more(cents: int, found: list[Why]) -> None:
    assert why(room(shares=(share(10_000), share(cents - 10_000, GIFT)))) == found


def test_a_night_that_is_given_and_paid() -> None:
    found = one(room(shares=(share(1, unit=Unit.NIGHT), share(9_000, GIFT))))
    assert (found.why, found.cents) == (Why.IN_KIND_AND_MONEY, 9_000)
    assert why(room(shares=(share(1, unit=Unit.NIGHT),))) == []


def test_a_night_given_in_two_requests_is_counted_in_nights() -> None:
    given = (share(1, unit=Unit.NIGHT),)
    assert one(room(shares=given), room(shares=given)).twice == ((Unit.NIGHT, 1),)
    assert one(room(), room(shares=given)).twice == ()
    assert one(room(), room()).twice == ((Unit.CENTS, 10_000),)


def test_what_came_back_and_was_paid_again() -> None:
    whole = Elsewhere(STATE, "State", verified=10_000, waiting=0)
    assert why(room(shares=(share(2_000),), elsewhere=(whole,))) == []
    found = one(room(shares=(share(2_001),), elsewhere=(whole,)))
    assert (found.why, found.cents, found.because) == (
        Why.PAID_ELSEWHERE,
        1,
        "it was paid again after it came back",
    )


def test_what_came_back_and_is_not_verified_is_in_the_books_twice() -> None:
    waits = Elsewhere(STATE, "State", verified=0, waiting=1)
    found = one(room(elsewhere=(waits,)))
    assert (found.why, found.cents) == (Why.PAID_ELSEWHERE, 1)
    assert why(room(shares=(), elsewhere=(waits,))) == []


def test_a_pair_is_the_same_suspicion_whatever_its_order_and_its_state() -> None:
    first, second = room(), room()
    spent = replace(second, shares=(Share(GRANT, "Fund", Unit.CENTS, 0, 10_000, 0),))
    assert one(first, second).id == one(second, first).id == one(first, spent).id
    moved = replace(second, shares=(share(10_000, GIFT),))
    assert one(first, second).id != one(first, moved).id
    grown = replace(second, shares=(share(10_001),))
    assert one(first, second).id != one(first, grown).id
    another_day = replace(second, when="another day")
    assert one(first, second).id != one(first, another_day).id
    beyond = room(shares=(share(13_000),))
    assert one(beyond).id != one(replace(beyond, shares=(share(13_001),))).id


def test_the_most_money_is_told_first() -> None:
    much = room(reference="R-9", whose=frozenset({"a"}), shares=(share(50_000),), ceiling=50_000)
    little = room(reference="R-2", whose=frozenset({"b"}))
    found = suspicions(
        [
            little,
            replace(little, request_id=RequestId(new_id())),
            much,
            room(whose=frozenset({"a"}), shares=(share(40_000),), ceiling=50_000),
        ]
    )
    assert [s.cents for s in found] == [40_000, 10_000]


@pytest.mark.parametrize("said", ["", "    ", "abcd", "x" * 2_001, "hidden\u202etext"])
def test_a_finding_has_a_reason_that_can_be_read(said: str) -> None:
    with pytest.raises(SayWhy):
        check_reason(said)
    assert check_reason("  abcde ") == "abcde"


def content() -> dict[str, Any]:
    place = {"city": "Tulsa", "state": "OK", "country": "US"}
    leg = {
        "key": "out",
        "departs": "2026-11-27T08:15:00",
        "arrives": "2026-11-30T12:05:00",
        "origin": place,
        "destination": {**place, "city": "  WICHITA "},
    }
    line = {"category": "lodging", "ceiling_cents": 9_000}
    return {
        "case": {"number": "S-1", "child": {"name": "Zora"}},
        "travelers": [
            {"key": "mother", "name": "Tanisha", "role": "parent", "birth_date": "1990-01-01"},
            {"key": "child", "name": "Zora", "role": "child"},
            {"key": "brother", "name": "Ben", "role": "child"},
        ],
        "legs": [leg],
        "cost_lines": [
            {**line, "key": "night", "night": "2026-11-28", "traveler": "mother"},
            {
                **line,
                "key": "meals",
                "first_day": "2026-11-28",
                "last_day": "2026-11-29",
                "traveler": "child",
            },
            {**line, "key": "seat", "leg": "out", "traveler": "brother"},
            {**line, "key": "papers"},
        ],
    }


def test_whose_a_line_is_and_when_is_read_from_what_was_told() -> None:
    told = told_lines(content(), child="id-of-zora", fingerprint=lambda *parts: "/".join(parts))
    assert told["night"].whose == {"Tanisha/S-1", "Tanisha/1990-01-01"}
    assert told["meals"].whose == {"id-of-zora"}
    assert told["seat"].whose == {"Ben/S-1"}
    assert told["papers"].whose == {"id-of-zora", "Ben/S-1", "Tanisha/S-1", "Tanisha/1990-01-01"}
    days = {key: (line.first.day, line.last.day) for key, line in told.items()}
    assert days == {"night": (28, 28), "meals": (28, 29), "seat": (27, 27), "papers": (27, 30)}
    assert told["seat"].leg == ("2026-11-27", "tulsa ok us", "wichita ok us")
    assert [line.number for line in told.values()] == [1, 2, 3, 4]
    assert len({line.when for line in told.values()}) == 4
    assert "Tanisha" not in repr(told)
