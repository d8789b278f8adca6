"""When one cost looks paid, or set aside, twice. Only a person says whether it is. Pure.

Two costs look like one where they are of the same person (the child, or a traveler), of one category, and on
the same days or the same leg. People are known by an id or a keyed fingerprint here, never by a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import combinations

from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import FundId, RequestId
from reunify.kernel.refusals import NotAllowed, NotFound, Refused
from reunify.kernel.text import is_safe
from reunify.ledger.policy import Unit

LONGEST = 2000


class Why(StrEnum):
    TWO_REQUESTS = "two_requests"
    TWICE_IN_ONE = "twice_in_one"
    BEYOND_THE_LINE = "beyond_the_line"
    IN_KIND_AND_MONEY = "in_kind_and_money"
    PAID_ELSEWHERE = "paid_elsewhere"


class Verdict(StrEnum):
    """What a person found; the newest of a suspicion counts."""

    NO_DUPLICATE = "no_duplicate"
    LOOK_AGAIN = "look_again"


WORDS: Mapping[Why, str] = {
    Why.TWO_REQUESTS: "Two requests pay it: the same person, the same kind of cost",
    Why.TWICE_IN_ONE: "One request pays it on two lines: the same person, the same kind of cost",
    Why.BEYOND_THE_LINE: "Its sources together bear more than the line may cost",
    Why.IN_KIND_AND_MONEY: "It is given in kind, and money is set aside or spent for it, too",
    Why.PAID_ELSEWHERE: "Paid here, and by a source elsewhere",
}


class NotSuspected(NotFound):
    """Nothing like it is suspected any more."""


class DecidedIt(NotAllowed):
    """Whoever approved or released one of the awards does not find alone that nothing was paid twice."""


class SayWhy(Refused):
    """A person's finding has its reason."""

    field = "/reason"


@dataclass(frozen=True, slots=True)
class Share:
    """What one source bears of a line: whole cents or units."""

    fund_id: FundId
    fund: str
    unit: Unit
    reserved: int
    obligated: int
    expended: int

    @property
    def live(self) -> int:
        return self.reserved + self.obligated + self.expended


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a source elsewhere paid back of a line, in cents. `waiting`: written down, not verified yet."""

    fund_id: FundId
    fund: str
    verified: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Line:
    """One cost line of one request, and all that is held for it. `ceiling`: what it may cost, in cents.

    `whose`: fingerprints of the people it is for. `leg`: its day and its two ends, where it is of one.
    `when`: a keyed fingerprint of its days and its leg.
    """

    request_id: RequestId
    reference: str
    key: str = field(repr=False)
    number: int
    category: str
    whose: frozenset[str] = field(repr=False)
    first: date
    last: date
    leg: tuple[str, str, str] | None = field(repr=False)
    ceiling: int
    shares: tuple[Share, ...]
    elsewhere: tuple[Elsewhere, ...] = ()
    when: str = field(default="", repr=False)

    def live(self, unit: Unit = Unit.CENTS) -> int:
        return sum(s.live for s in self.shares if s.unit is unit)

    @property
    def in_kind(self) -> bool:
        return any(s.unit is not Unit.CENTS and s.live for s in self.shares)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """`lines`: one, or the two that look like one. `because`: what is the same, or too much, in words."""

    why: Why
    lines: tuple[Line, ...]
    because: str

    @property
    def id(self) -> str:
        """The same lines, days, sources and amounts are the same suspicion, whatever their state: what grows
        or moves is looked at anew."""
        parts = sorted([str(line.request_id), line.key, line.when, _amounts(line)] for line in self.lines)
        return digest_of({"why": self.why, "lines": parts})

    @property
    def twice(self) -> tuple[tuple[Unit, int], ...]:
        """What may have been paid twice, by unit: money first, then what two requests were given in kind."""
        found = [(Unit.CENTS, self.cents)]
        if len(self.lines) > 1:
            kind = [u for u in Unit if u is not Unit.CENTS]
            found += [(u, min(line.live(u) for line in self.lines)) for u in kind]
        return tuple((unit, amount) for unit, amount in found if amount)

    @property
    def cents(self) -> int:
        """The money that may have been paid twice: the smaller of two, or what is too much."""
        if len(self.lines) > 1:
            return min(line.live() for line in self.lines)
        return too_much(self.lines[0])


def too_much(line: Line) -> int:
    """Cents beyond what the line may cost, those of a source elsewhere counted; where one has paid what is
    not verified yet, at least that."""
    verified = sum(e.verified for e in line.elsewhere)
    waiting = sum(e.waiting for e in line.elsewhere)
    beyond = max(0, line.live() + verified - line.ceiling)
    return line.live() if line.in_kind and line.live() else max(beyond, min(waiting, line.live()))


def suspicions(lines: Sequence[Line]) -> list[Suspicion]:
    """The most money first."""
    found = [*_alone(lines), *_pairs(lines)]
    return sorted(found, key=lambda s: (-s.cents, s.lines[0].reference, s.lines[0].number, s.why))


def check_reason(said: str) -> str:
    """Trimmed. Raises SayWhy."""
    reason = said.strip()
    if not 5 <= len(reason) <= LONGEST or not is_safe(reason):
        raise SayWhy(f"Say in a sentence why it is none, in 5 to {LONGEST:,} plain characters.")
    return reason


def _alone(lines: Sequence[Line]) -> Iterator[Suspicion]:
    for line in lines:
        money = line.live()
        if line.in_kind and money:
            yield Suspicion(Why.IN_KIND_AND_MONEY, (line,), "one line, in units and in cents")
        if line.elsewhere and money and too_much(line):
            waits = any(e.waiting for e in line.elsewhere)
            said = "what came back is not verified yet" if waits else "it was paid again after it came back"
            yield Suspicion(Why.PAID_ELSEWHERE, (line,), said)
        elif money > line.ceiling:
            yield Suspicion(Why.BEYOND_THE_LINE, (line,), "more than its quote and contingency")


def _pairs(lines: Sequence[Line]) -> Iterator[Suspicion]:
    """Each two lines once. Only lines that share a person are compared; of one request, only those of the
    same people on the same leg: its rooms and meals are its own business."""
    by_person: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        for person in sorted(line.whose):
            by_person.setdefault((line.category, person), []).append(line)
    seen = set()
    for _, mine in sorted(by_person.items()):
        for one, other in combinations(mine, 2):
            pair = (one.request_id, one.key, other.request_id, other.key)
            within = one.request_id == other.request_id
            if pair in seen or (within and (one.leg is None or one.whose != other.whose)):
                continue
            seen.add(pair)
            because = same(one, other)
            if because and (not within or one.leg == other.leg):
                first, second = sorted((one, other), key=lambda line: (line.reference, line.number))
                why = Why.TWICE_IN_ONE if within else Why.TWO_REQUESTS
                yield Suspicion(why, (first, second), because)


def same(one: Line, other: Line) -> str:
    """What of two lines of one person and category is the same; empty if nothing is."""
    if one.leg is not None and other.leg is not None:
        return "the same leg" if one.leg == other.leg else ""
    first, last = max(one.first, other.first), min(one.last, other.last)
    if first > last:
        return ""
    if first == last:
        return f"the same {'night' if one.category == 'lodging' else 'day'}, {first.isoformat()}"
    return f"overlapping days, {first.isoformat()} to {last.isoformat()}"


def _amounts(line: Line) -> list[list[str | int]]:
    held = [(str(s.fund_id), s.unit.value, s.live) for s in line.shares if s.live]
    back = [(str(e.fund_id), "elsewhere", e.verified + e.waiting) for e in line.elsewhere]
    return [list(one) for one in sorted(held + back)]
