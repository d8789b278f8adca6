"""The picture carries each cent of the split once, can be read without seeing, and cannot carry a script."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID
from xml.etree import ElementTree

import pytest

from reunify.allocation.picture import picture, svg
from reunify.allocation.split import FundTerms, Limit, Pair, Split, best_split

FAMILY, ROOMS, GENERAL = (UUID(int=i) for i in (1, 2, 3))
FUNDS = {FAMILY: "Family Travel Fund", ROOMS: "Partner rooms", GENERAL: "General Fund"}
LINES = {"air": "Air fare", "meals": "Meals", "room": "Room"}
TERMS = {fund: FundTerms(10 * place) for place, fund in enumerate(FUNDS, 1)}


def pair(line: str, fund: UUID, most: int, unit: str = "cents") -> Pair:
    return Pair(line, fund, "x", unit, most, "rule 4(b)")


def sample() -> Split:
    """Air fare from two sources, meals short, a room for two of three nights."""
    pairs = [
        pair("air", FAMILY, 90_000),
        pair("air", GENERAL, 90_000),
        pair("meals", GENERAL, 15_000),
        pair("room", ROOMS, 2, "night"),
    ]
    limits = [
        Limit("Family Travel Fund: trip limit", (0,), 60_000),
        Limit("General: trip limit", (1, 2), 40_000),
    ]
    return best_split({"air": 90_000, "meals": 15_000, "room": 3}, pairs, limits, TERMS)


def test_each_piece_is_one_band_and_what_is_open_another() -> None:
    drawn = picture(sample(), lines=LINES, funds=FUNDS)
    carried = sorted((b.line, str(b.fund), b.amount) for b in drawn.bands)
    split = sample()
    pieces = [(p.line, str(p.fund), p.amount) for p in split.pieces]
    still = [(line, "None", left) for line, left in split.uncovered.items() if left]
    assert carried == sorted(pieces + still)
    assert len(still) == 2


def test_bands_of_one_unit_are_as_wide_as_what_they_carry() -> None:
    drawn = picture(sample(), lines=LINES, funds=FUNDS)
    for unit in ("cents", "night"):
        each = [b.tall / b.amount for b in drawn.bands if b.unit == unit]
        assert each == pytest.approx([each[0]] * len(each))


def test_bands_leave_and_reach_their_bars_side_by_side_and_bars_never_overlap() -> None:
    drawn = picture(sample(), lines=LINES, funds=FUNDS)
    for bars, edges in ((drawn.left, "from_y"), (drawn.right, "to_y")):
        for upper, lower in pairwise(bars):
            assert upper.y + upper.tall <= lower.y
        for bar in bars:
            inside = [b for b in drawn.bands if bar.y <= getattr(b, edges) < bar.y + bar.tall]
            assert sum(b.tall for b in inside) == pytest.approx(bar.tall)
        assert bars[-1].y + bars[-1].tall <= drawn.height


def test_a_single_cent_is_still_seen() -> None:
    pairs = [pair("air", FAMILY, 999_999), pair("air", GENERAL, 1)]
    split = best_split({"air": 1_000_000}, pairs, [], TERMS)
    assert min(b.tall for b in picture(split).bands) >= 2


def test_it_says_in_words_what_it_shows() -> None:
    drawn = picture(sample(), lines=LINES, funds=FUNDS)
    assert "Room: 2 nights from Partner rooms" in drawn.words
    assert "Room: 1 night not covered" in drawn.words
    root = ElementTree.fromstring(svg(drawn, title="Who pays what"))
    of = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.findtext(f"{of}title") == "Who pays what"
    assert root.findtext(f"{of}desc") == "; ".join(drawn.words)
    assert [path.findtext(f"{of}title") for path in root.findall(f"{of}path")] == list(drawn.words)


def test_names_are_escaped_and_nothing_in_it_runs_or_has_a_colour() -> None:
    wicked = '"><script>alert(1)</script>&'
    drawn = picture(sample(), lines=dict.fromkeys(LINES, wicked), funds=dict.fromkeys(FUNDS, wicked))
    text = svg(drawn, title=wicked)
    assert "<script" not in text
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == wicked
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "desc", "path", "rect", "text", "tspan"}
    assert all(
        not name.startswith("on") and name not in ("style", "fill", "stroke", "href")
        for element in root.iter()
        for name in element.attrib
    )
    assert {c for p in root.iter() for c in p.get("class", "").split()} >= {"band", "open", "line", "fund"}


def test_nothing_to_pay_is_an_empty_picture() -> None:
    drawn = picture(Split((), {}))
    assert (drawn.bands, drawn.words) == ((), ())
    ElementTree.fromstring(svg(drawn, title="Who pays what"))
