"""Which recorded decisions count: each for what it was given about, what is owed only in time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from reunify.eligibility.line_tests import line_decision_id
from reunify.eligibility.lines import LineFacts
from reunify.intake.form import Category, CostLine, Leg, TravelRequest
from reunify.kernel.canonical import digest_of
from reunify.rules.model import Decision, Requirement, Rulebook, Table, suspended_id
from reunify.rules.substance import substance

_FLOWN = (Category.AIR_FARE, Category.UNACCOMPANIED_MINOR_FEE)


@dataclass(frozen=True, slots=True)
class Decidable:
    """What people may be asked about one request: its rules, its cost lines, and its suspended sources."""

    books: Sequence[Rulebook]
    lines: Sequence[LineFacts]
    suspended: Mapping[str, str]

    def about(self, name: str) -> str | None:
        """The fingerprint of what stands under this name; None when nothing does, or nothing that changes."""
        for book in self.books:
            parts: list[Requirement | Table] = [*book.requirements, *book.tables]
            if found := next((part for part in parts if part.id == name), None):
                return substance(found)
            if name == suspended_id(book.source) and book.source in self.suspended:
                return f"suspension {self.suspended[book.source]}"
        for line in self.lines:
            for rule in dict.fromkeys(check.rule for check in line.checks):
                if name == line_decision_id(line, rule):
                    return _of_line(line, rule)
        return None

    def counting(self, decisions: Mapping[str, Decision], day: date | None) -> dict[str, Decision]:
        """Those that count on this day of the organisation. Past the day it is owed by, an attested word
        counts no more: the fact is asked for again."""
        return {
            name: said
            for name, said in decisions.items()
            if (said.about is None or said.about == self.about(name)) and not self._overdue(name, said, day)
        }

    def _overdue(self, name: str, said: Decision, day: date | None) -> bool:
        if said.decision != "attested" or day is None:
            return False
        rule = self._requirement(name)
        return rule is not None and rule.owed_within is not None and said.owed_by(rule) < day

    def _requirement(self, name: str) -> Requirement | None:
        return next((r for book in self.books for r in book.requirements if r.id == name), None)


def _of_line(line: LineFacts, rule: str) -> str:
    """All that is judged of the line, but not its place in the list, what other rules say of it, or which
    version of a function came to the same amount."""
    judged = replace(line, number=0, checks=(), worked_out_by="").content()
    checks = [replace(check, asks=()).content() for check in line.checks if check.rule == rule]
    return digest_of([judged, checks])


def told_of(request: TravelRequest, line: CostLine) -> str:
    """The fingerprint of a cost line as told, with its flights and whoever is on them. Kept sealed only."""
    legs = _legs(request, line)
    aboard = {line.traveler, *(key for leg in legs for key in leg.travelers)}
    travelers: list[Any] = [(t.key, t.role, t.birth_date) for t in request.travelers if t.key in aboard]
    flights = [leg.model_dump(mode="json", exclude={"note", "household"}) for leg in legs]
    return digest_of([line.model_dump(mode="json"), flights, travelers])


def terms_of(request: TravelRequest, line: CostLine) -> str:
    """The fingerprint of class, days, carriers and head count: it is part of a name kept in the open."""
    flights = [[leg.mode, leg.carrier, leg.us_flag, len(leg.travelers)] for leg in _legs(request, line)]
    days = [line.night, line.first_day, line.last_day, sorted(line.provided_meals)]
    return digest_of([line.fare_class, line.fare_exception, line.actual_expense, line.miles, days, flights])


def _legs(request: TravelRequest, line: CostLine) -> list[Leg]:
    return [leg for leg in request.legs if _is_of(line, leg)]


def _is_of(line: CostLine, leg: Leg) -> bool:
    if line.leg is not None:
        return line.leg == leg.key
    return line.category in _FLOWN and (line.traveler is None or line.traveler in leg.travelers)
