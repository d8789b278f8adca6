"""Cost lines to sources as a drawing: one band for each piece, as wide as what it carries. Pure, no script.

Colours come from the page: classes `line`, `fund`, `band`, `open` and `source-N`. Cents, nights and miles are
drawn apart: within one unit, widths compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from uuid import UUID

from reunify.allocation.case import CASH
from reunify.allocation.certificate import amount_words
from reunify.allocation.split import Split

WIDTH = 720
_LEFT, _RIGHT, _BAR = 200, 520, 12
_TALLEST = 260  # of all bands of one unit together
_THIN = 2.0  # a band is never thinner, so that a cent is seen
_GAP = 26  # room for a label of two lines beside each bar
_OPEN = "not covered"


@dataclass(frozen=True, slots=True)
class Band:
    """From a line (left) to a source (right; None: to nobody yet). `y`: upper edges; `tall`: its width."""

    line: str
    fund: UUID | None
    unit: str
    amount: int
    from_y: float
    to_y: float
    tall: float


@dataclass(frozen=True, slots=True)
class Bar:
    key: str
    label: str
    words: str
    y: float
    tall: float
    place: int


@dataclass(frozen=True, slots=True)
class Picture:
    """`words`: the same in sentences, one for each band, for whoever cannot see it."""

    bands: tuple[Band, ...]
    left: tuple[Bar, ...]
    right: tuple[Bar, ...]
    height: int
    words: tuple[str, ...]


def picture(
    split: Split,
    *,
    lines: Mapping[str, str] | None = None,
    funds: Mapping[UUID, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Picture:
    """`lines` and `funds`: what each is called. `units`: of lines no source may pay; cents where not told."""
    called, named = lines or {}, funds or {}
    flows = _flows(split, units or {})
    scale = {
        unit: _TALLEST / sum(f[3] for f in flows if f[2] == unit) for unit in sorted({f[2] for f in flows})
    }
    tall = [max(_THIN, amount * scale[unit]) for _, _, unit, amount in flows]
    left = _stacked([(line, called.get(line, line), unit) for line, _, unit, _ in flows], flows, tall)
    ends = [
        (f"{fund or ''} {unit}", named.get(fund, "A source") if fund else _OPEN, unit)
        for _, fund, unit, _ in flows
    ]
    right = _stacked(ends, flows, tall)
    bands, used = [], {bar.key: bar.y for bar in (*left, *right)}
    for (line, fund, unit, amount), high, end in zip(flows, tall, ends, strict=True):
        bands.append(Band(line, fund, unit, amount, used[line], used[end[0]], high))
        used[line] += high
        used[end[0]] += high
    words = tuple(
        f"{called.get(b.line, b.line)}: {amount_words(b.amount, b.unit)} "
        + (f"from {named.get(b.fund, 'A source')}" if b.fund else _OPEN)
        for b in bands
    )
    lowest = max((bar.y + max(bar.tall, _GAP) for bar in (*left, *right)), default=0.0)
    return Picture(tuple(bands), left, right, round(lowest) + _GAP, words)


def _flows(split: Split, units: Mapping[str, str]) -> list[tuple[str, UUID | None, str, int]]:
    """By line: its pieces, then what stays open."""
    unit = {s.line: s.unit for s in split.shortfalls} | {p.line: p.unit for p in split.pieces} | dict(units)
    found: list[tuple[str, UUID | None, str, int]] = []
    for line, left in split.uncovered.items():
        found += [(line, p.fund, p.unit, p.amount) for p in split.pieces if p.line == line]
        if left:
            found.append((line, None, unit.get(line, CASH), left))
    return sorted(found, key=lambda f: (f[2], f[0]))


def _stacked(
    ends: Sequence[tuple[str, str, str]],
    flows: Sequence[tuple[str, UUID | None, str, int]],
    tall: Sequence[float],
) -> tuple[Bar, ...]:
    """One bar for each end, in the order they are met, what is open last; each as tall as its bands."""
    order = sorted(dict.fromkeys(ends), key=lambda end: end[1] == _OPEN)
    bars, y = [], float(_GAP)
    for place, end in enumerate(order):
        mine = [i for i, other in enumerate(ends) if other == end]
        high = sum(tall[i] for i in mine)
        words = amount_words(sum(flows[i][3] for i in mine), end[2])
        bars.append(Bar(end[0], end[1], words, y, high, place))
        y += max(high, _GAP) + 8
    return tuple(bars)


def svg(drawn: Picture, *, title: str) -> str:
    """A whole `<svg>` element: safe to put into a page as it is, everything in it is escaped."""
    places = {bar.key: bar.place for bar in drawn.right}
    parts = [
        f'<svg class="split-picture" role="img" viewBox="0 0 {WIDTH} {drawn.height}" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape('; '.join(drawn.words))}</desc>",
    ]
    for band, words in zip(drawn.bands, drawn.words, strict=True):
        style = f"source-{places[f'{band.fund or str()} {band.unit}']}" if band.fund else "open"
        parts.append(f'<path class="band {style}" d="{_curve(band)}"><title>{escape(words)}</title></path>')
    parts += [_bar(bar, "line", _LEFT - _BAR, _LEFT - _BAR - 8, "end") for bar in drawn.left]
    parts += [_bar(bar, "fund", _RIGHT, _RIGHT + _BAR + 8, "start") for bar in drawn.right]
    return "".join([*parts, "</svg>"])


def _curve(band: Band) -> str:
    top, end, middle = band.from_y, band.to_y, (_LEFT + _RIGHT) // 2
    return (
        f"M{_LEFT},{top:.1f} C{middle},{top:.1f} {middle},{end:.1f} {_RIGHT},{end:.1f} "
        f"L{_RIGHT},{end + band.tall:.1f} "
        f"C{middle},{end + band.tall:.1f} {middle},{top + band.tall:.1f} {_LEFT},{top + band.tall:.1f} Z"
    )


def _bar(bar: Bar, style: str, x: int, text_x: int, anchor: str) -> str:
    """The bar, its name and below it its amount."""
    style = "open" if bar.label == _OPEN else style
    return (
        f'<rect class="{style}" x="{x}" y="{bar.y:.1f}" width="{_BAR}" height="{bar.tall:.1f}"/>'
        f'<text x="{text_x}" y="{bar.y + 10:.1f}" text-anchor="{anchor}">{escape(bar.label)}'
        f'<tspan x="{text_x}" dy="14">{escape(bar.words)}</tspan></text>'
    )
