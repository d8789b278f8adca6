"""The need score: points at and beside every limit, unknown in the middle, and a misspelt factor refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from reunify.allocation.need import NOT_KNOWN, NeedScore, score
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import FactValue, dictionary
from reunify.rates.need_factors import (
    FILE,
    NoNeedScore,
    load_need,
    need_parameters,
    need_versions,
)
from reunify.rates.places import rules_folder

DAY = date(2026, 11, 25)
BODY = (rules_folder() / "parameters" / FILE).read_text(encoding="utf-8")
KNOWN: Mapping[str, FactValue] = {
    "travel_start": DAY + timedelta(days=3),
    "income_percent_of_guideline": 100,
    "sources_that_may_pay": 1,
    "held_over_24_hours": True,
    "child_age_now": 5,
    "traveler_count": 4,
}
LEAVES, INCOME, HELD = (
    "Days until departure",
    "Income as a percent of the poverty guideline",
    "Child held out of state over 24 hours",
)


def scored(**changed: FactValue) -> NeedScore:
    return score({**KNOWN, **changed}, need_parameters(DAY), on=DAY)


def part(found: NeedScore, label: str) -> tuple[str, int]:
    (one,) = [(value, points) for said, value, points in found.parts if said == label]
    return one


def test_whoever_needs_it_most_has_all_the_points_and_they_add_up() -> None:
    found = scored()
    assert found.points == found.most == 118
    assert found.points == sum(points for _, _, points in found.parts)
    assert found.unknown == ()
    assert found.source.startswith("Organisation-set")


@pytest.mark.parametrize(
    ("percent", "points"), [(0, 30), (100, 30), (101, 18), (200, 18), (201, 9), (300, 9), (301, 0)]
)
def test_a_band_holds_its_upper_end(percent: int, points: int) -> None:
    assert part(scored(income_percent_of_guideline=percent), INCOME) == (f"{percent}", points)


@pytest.mark.parametrize(
    ("days", "points"), [(-1, 30), (0, 30), (3, 30), (4, 21), (7, 21), (8, 12), (14, 12), (15, 3)]
)
def test_a_date_counts_by_the_days_until_it(days: int, points: int) -> None:
    assert part(scored(travel_start=DAY + timedelta(days=days)), LEAVES) == (f"{days}", points)


def test_unknown_is_not_no_and_is_said() -> None:
    yes, no, unknown = (part(scored(held_over_24_hours=said), HELD) for said in (True, False, None))
    assert (yes, no, unknown) == (("yes", 20), ("no", 0), (NOT_KNOWN, 10))
    assert scored(held_over_24_hours=None).unknown == (HELD,)
    nothing = score({}, need_parameters(DAY), on=DAY)
    assert len(nothing.unknown) == len(nothing.parts)
    assert all(points > 0 for _, _, points in nothing.parts)


def test_a_fact_of_another_kind_than_the_factor_counts_as_unknown() -> None:
    assert part(scored(held_over_24_hours="perhaps"), HELD) == (NOT_KNOWN, 10)
    assert part(scored(income_percent_of_guideline=True), INCOME) == (NOT_KNOWN, 15)
    assert part(scored(travel_start="2026-11-28"), LEAVES) == (NOT_KNOWN, 15)


def test_every_unknown_of_the_file_lies_between_its_lowest_and_highest_points() -> None:
    for version in need_versions():
        for factor in version.factors:
            points = [p for _, p in factor.bands] + [factor.above] if factor.bands else []
            points += list((factor.values or {}).values())
            assert min(points) < factor.unknown < max(points)


def test_the_version_of_the_day_counts() -> None:
    later = BODY + BODY[BODY.index("  - effective_from") :].replace("2026-01-01", "2027-01-01").replace(
        "weight: 3", "weight: 4"
    )
    first, second = load_need(later.encode(), dictionary())
    assert (first.effective_from, second.effective_from) == (date(2026, 1, 1), date(2027, 1, 1))
    assert [f.weight for f in second.factors[:2]] == [4, 4]
    with pytest.raises(NoNeedScore):
        need_parameters(date(2025, 12, 31))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fact: travel_start", "fact: travel_begin", "version 1, row 1, `fact`: found `travel_begin`"),
        ("weight: 3", "wieght: 3", "version 1, row 1, `weight`: found nothing"),
        (
            "weight: 3",
            "weight: 3\n        wait: 1",
            "version 1, row 1, `wait`: found a word that is not known",
        ),
        ("weight: 3", "weight: 1.5", "version 1, row 1, `weight`: found `1.5`"),
        ("weight: 3", "weight: 0", "version 1, row 1, `weight`: found `0`"),
        ("weight: 3", "weight: 101", "version 1, row 1, `weight`: found `101`"),
        ("unknown: 5", "unknown: 1", "version 1, row 1, `unknown`: found `1`"),
        ("unknown: 5", "unknown: 10", "version 1, row 1, `unknown`: found `10`"),
        ("unknown: 5", "", "version 1, row 1, `unknown`: found nothing"),
        ("up_to: 7,", "up_to: 3,", "version 1, row 1, band 2, `up_to`: found `3`"),
        ("above: 14", "above: 15", "version 1, row 1, band 4, `above`: found `15`"),
        ("points: 10}", "points: 101}", "version 1, row 1, band 1, `points`: found `101`"),
        ('{"yes": 10, "no": 0}', '{"yes": 10}', "version 1, row 4, `values`, `no`: found nothing"),
        ('{"yes": 10, "no": 0}', '{"yes": 10, "no": 0, "so": 5}', "`so`: found a word that is not known"),
        ("fact: traveler_count", "fact: child_age_now", "`factors`: found `child_age_now` twice"),
        ('source: "Org', 'sorce: "Org', "version 1, `source`: found nothing"),
        ("2026-01-01", "2026-02-30", "version 1, `effective_from`: found `2026-02-30`"),
        ("effective_from: 2026-01-01", "effective_from: 20260101", "`effective_from`: found `20260101`"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_file_and_the_row(old: str, new: str, said: str) -> None:
    text = BODY.replace(old, new, 1)
    assert text != BODY
    with pytest.raises(RuleFileBroken) as broken:
        load_need(text.encode(), dictionary())
    assert broken.value.file == FILE
    assert said in str(broken.value)


def test_versions_come_in_the_order_of_their_days() -> None:
    again = BODY + BODY[BODY.index("  - effective_from") :]
    with pytest.raises(RuleFileBroken, match="each from a later day on"):
        load_need(again.encode(), dictionary())
    with pytest.raises(RuleFileBroken, match="`versions`: found none"):
        load_need(b"versions: []\n", dictionary())
