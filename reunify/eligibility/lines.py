"""One cost line with everything its test needs: kept with the facts, so an answer can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from reunify.intake.form import Category, CostLine, Place, Settlement
from reunify.rates.fields import Words
from reunify.rates.places import Town

_UNITS_GIVEN = {Category.LODGING: "night", Category.AIR_FARE: "mile"}


class Finding(StrEnum):
    """What a rule about a line comes to, before a person has said anything."""

    MET = "met"
    NEEDS_INFORMATION = "needs_information"
    NEEDS_STAFF = "needs_staff_decision"


@dataclass(frozen=True, slots=True)
class LineCheck:
    """One rule about one line. `federal`: it holds for federal money only.

    `asks`: what is missing and where the answer goes (JSON pointer). `lifts_to`: with a person's yes the line
    may cost so many cents, and their no leaves the published limit; None: their no takes the line from this
    source. A rule that is sure (HIGH) and not met is no person's to wave: it asks how the plan changes.
    """

    rule: str
    finding: Finding
    cite: str
    en: str
    es: str
    federal: bool = False
    asks: tuple[tuple[str, str], ...] = ()
    lifts_to: int | None = None

    def content(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "finding": self.finding.value,
            "cite": self.cite,
            "en": self.en,
            "es": self.es,
            "federal": self.federal,
            "asks": [list(pair) for pair in self.asks],
            "lifts_to": self.lifts_to,
        }

    @classmethod
    def from_content(cls, stored: dict[str, Any]) -> LineCheck:
        asks = tuple((str(what), str(pointer)) for what, pointer in stored["asks"])
        return cls(**{**stored, "finding": Finding(stored["finding"]), "asks": asks})


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One cost line with its rate, the same for every source.

    `unit`: cents, or what a partner gives of it (night, mile), `units` of them. `limit_cents`: rate and tax
    together; None: the quote is the price (fares, documents). `tax_cents` is a part of the quote. `missing`:
    fields of the line nobody has told yet, by name. `awaits`: what makes the amount provisional, for staff.
    `told`: the fingerprint of the line as told; `terms`: of those of its terms that say nothing of a family.
    `traveler`, `leg`: whose and which, where the line says so. `worked_out_by`: the function of published
    rates that priced it, `name@version`; empty where it was priced as quoted.
    """

    number: int
    key: str
    category: str
    settled: str
    quote_cents: int
    ceiling_cents: int
    limit_cents: int | None = None
    tax_cents: int = 0
    unit: str = "cents"
    units: int = 0
    awaits: str = ""
    missing: tuple[str, ...] = ()
    checks: tuple[LineCheck, ...] = ()
    cite: str = "Price as quoted"
    en: str = "At the quoted price."
    es: str = "Al precio cotizado."
    told: str = ""
    terms: str = ""
    traveler: str | None = None
    leg: str | None = None
    worked_out_by: str = ""

    def content(self) -> dict[str, Any]:
        """What was kept before functions had versions reads, and is written, as it was."""
        return {
            name: _plain(getattr(self, name))
            for name in self.__slots__
            if name != "worked_out_by" or self.worked_out_by
        }

    @classmethod
    def from_content(cls, stored: dict[str, Any]) -> LineFacts:
        checks = tuple(LineCheck.from_content(c) for c in stored["checks"])
        return cls(**{**stored, "missing": tuple(stored["missing"]), "checks": checks})

    def checked(self, *checks: LineCheck) -> LineFacts:
        return replace(self, checks=(*self.checks, *checks)) if checks else self


def bare(number: int, line: CostLine) -> LineFacts:
    """The line as told, before any rate."""
    given = line.settled is Settlement.PARTNER_GIVES
    unit = _UNITS_GIVEN.get(line.category, "night") if given else "cents"
    return LineFacts(
        number,
        line.key,
        line.category.value,
        line.settled.value,
        line.quote_cents,
        line.ceiling_cents,
        tax_cents=line.tax_cents,
        unit=unit,
        traveler=line.traveler,
        leg=line.leg,
    )


def pointer(line: LineFacts, field: str) -> str:
    return f"/cost_lines/{line.number}/{field}"


def town(place: Place) -> Town:
    return Town(place.city, place.state, place.country, place.county, place.zip)


def staff_check(rule: str, words: Words, cite: str, **more: Any) -> LineCheck:
    return LineCheck(rule, Finding.NEEDS_STAFF, cite, words.en, words.es, **more)


def asking(rule: str, what: str, at: str, cite: str, **more: Any) -> LineCheck:
    """A check that waits for one answer; its question is in line_tests."""
    return LineCheck(rule, Finding.NEEDS_INFORMATION, cite, "", "", asks=((what, at),), **more)


def change_of_plan(rule: str, words: Words, cite: str, what: str, at: str) -> LineCheck:
    """The plan as told cannot stand: `words` say why, the question asks what to do instead."""
    return LineCheck(rule, Finding.NEEDS_INFORMATION, cite, words.en, words.es, asks=((what, at),))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [v.content() if isinstance(v, LineCheck) else v for v in value]
    return value
