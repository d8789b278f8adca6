"""A certificate in staff English, with what stands beside the split: prior approvals, later parts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from reunify.allocation import certificate
from reunify.allocation.ground import Ground
from reunify.allocation.picture import picture, svg
from reunify.allocation.policy import LineNeed
from reunify.allocation.solving import Waits
from reunify.allocation.split import Piece, Split
from reunify.kernel.ids import FundId

_BESIDE = 26  # letters


def beside(ground: Ground, needs: Sequence[LineNeed], waits: Waits | None) -> dict[str, Any]:
    """`conditions`: lines a source may not be charged before its funder approves, with the funder's words.
    `waits`: what the next part of a source would pay, and the day it begins. JSON values only."""
    closed = [
        {
            "line": n.key,
            "fund": ground.held[n.fund_code].public_name,
            "text": found.text,
            "cite": found.cite,
        }
        for n in needs
        if (found := ground.stands_in_the_way(n)) is not None
    ]
    said: dict[str, Any] = {"conditions": closed} if closed else {}
    if waits is not None:
        names = {fund.id: fund.public_name for fund in ground.held.values()}
        said["waits"] = {
            "on": waits.next_on.isoformat(),
            "funds": [names[FundId(fund)] for fund in waits.funds],
            "lines": dict(waits.lines),
        }
    return said


def sentences(kept: Mapping[str, Any], *, lines: Mapping[str, str] | None = None) -> list[str]:
    """Of each line that is short, then what stands beside. `lines`: what each is called, `Meals`."""
    called = lines or {}
    said = certificate.sentences(kept, lines=called)
    for c in kept.get("conditions", ()):
        line = called.get(c["line"], c["line"])
        said.append(
            f"{c['fund']} is not charged for {line[:1].lower()}{line[1:]} before its funder approves it: "
            f"{c['text'].rstrip('.')} ({c['cite']})."
        )
    if waits := kept.get("waits"):
        day = date.fromisoformat(waits["on"])
        said.append(
            f"The next part of {' and '.join(waits['funds'])} is released on {day:%B} {day.day}, {day.year}: "
            "this request is tried again by itself that day."
        )
    return said


def drawn(
    kept: Mapping[str, Any], *, lines: Mapping[str, str], funds: Mapping[UUID, str], title: str
) -> tuple[str, tuple[str, ...]]:
    """The split as a drawing, a whole `<svg>`, and the same in words; both empty where nothing was asked."""
    units = {short["line"]: short["unit"] for short in kept.get("shortfalls", ())}
    pieces = tuple(
        Piece(p["line"], UUID(p["fund"]), "", p["unit"], p["amount"], p["basis"]) for p in kept["pieces"]
    )
    split = Split(pieces, kept["uncovered"])
    found = picture(split, lines=lines, funds=funds, units=units)
    if not found.bands:
        return "", ()
    short = picture(
        split,
        lines={key: _cut(name) for key, name in lines.items()},
        funds={key: _cut(name) for key, name in funds.items()},
        units=units,
    )
    return svg(short, title=title), found.words


def _cut(name: str) -> str:
    """As much of a name as stands beside a bar, its end too, for lines may differ there alone."""
    return name if len(name) <= _BESIDE else f"{name[:15].rstrip()}…{name[-10:].lstrip()}"
