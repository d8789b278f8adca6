"""What staff read of a kept certificate: sentences, what stands beside the split, and the picture."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from reunify.allocation.told import drawn, sentences

FUND = UUID(int=7)
LONG = "To the bus stop near the lake & back, <b>ride 1</b>"


def kept(**more: Any) -> dict[str, Any]:
    return {
        "pieces": [
            {"line": "ride", "fund": str(FUND), "unit": "cents", "amount": 2_000, "basis": "rule 3"},
            {"line": "room", "fund": str(FUND), "unit": "night", "amount": 2, "basis": "rule 4"},
        ],
        "uncovered": {"ride": 1_125, "room": 0},
        "binding": {},
        "shortfalls": [],
        "conflict": None,
        **more,
    }


def picture(certificate: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    names = {"ride": LONG, "room": "Second night"}
    return drawn(certificate, lines=names, funds={FUND: "Family Travel Fund"}, title="Who pays what")


def test_the_words_have_whole_names_and_the_drawing_what_stands_beside_a_bar() -> None:
    svg, words = picture(kept())
    assert words == (
        f"{LONG}: $20 from Family Travel Fund",
        f"{LONG}: $11.25 not covered",
        "Second night: 2 nights from Family Travel Fund",
    )
    root = ElementTree.fromstring(svg)
    written = [(t.text or "") for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "To the bus stop…ride 1</b>" in written
    assert max(map(len, written)) <= 26


def test_what_a_family_wrote_is_never_markup() -> None:
    svg, _ = picture(kept(pieces=[], uncovered={LONG: 5}))
    assert "<b>" not in svg
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#)", svg)


def test_a_split_of_nothing_draws_nothing() -> None:
    assert picture(kept(pieces=[], uncovered={})) == ("", ())


def test_a_prior_approval_is_told_in_the_funders_words_and_a_later_part_with_its_day() -> None:
    beside = {
        "conditions": [
            {"line": "ride", "fund": "VRT", "text": "Rides need our yes.", "cite": "award term 7"}
        ],
        "waits": {"on": "2027-01-02", "funds": ["VRT", "Pool"], "lines": {"ride": 5}},
    }
    assert sentences(kept(**beside), lines={"ride": "Rides"}) == [
        "VRT is not charged for rides before its funder approves it: Rides need our yes (award term 7).",
        "The next part of VRT and Pool is released on January 2, 2027: this request is tried again by itself "
        "that day.",
    ]
