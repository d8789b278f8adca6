"""The page of a replay says what its sums do not count."""

from __future__ import annotations

from typing import Any

import pytest

from reunify.web.pages import rules_replays
from tests.web.pages_world import text
from tests.web.rules_world import Hall, hall

__all__ = ["hall"]


def test_what_the_sums_leave_out_stands_below_them(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    page = f"/rules/versions/{hall.newest()}/replay"
    assert "Less may be payable" not in text(hall.as_("ada").get(page))

    def capped(report: dict[str, Any], _: object) -> dict[str, Any]:
        return {**report, "caps_not_counted": [["leg", 2], ["earlier_trips", 1]]}

    monkeypatch.setattr(rules_replays, "with_words", capped)
    said = text(hall.as_("ada").get(page))
    assert "Less may be payable than these sums say. They do not count:" in said
    assert "In 2 answers: a cap for each leg over costs that do not say which leg they are of." in said
    assert "In 1 answer: what the child's other trips already used" in said
