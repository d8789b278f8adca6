"""What each carrier asks when a child travels without an adult: ages, routes, and the fee each way.

Airlines change these without notice, so every fee needs a live confirmation at booking. A row says how sure
its ages and its fee are: only a HIGH one may stop a plan, only a HIGH or MEDIUM one lets a child go, and of
every other a person decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reunify.kernel.money import Money
from reunify.rates.parameter_rows import ParameterRow, parameter_rows
from reunify.rates.places import fold

TABLE = "unaccompanied_minor.csv"
SURE = ("HIGH", "MEDIUM", "LOW", "CONFLICT", "UNVERIFIED")
SURE_ENOUGH = SURE[:2]
ADULT_FROM = 18
_ANY = 99  # one fee however many children fly together
_RANGE = re.compile(r"(\d{1,2})-(\d{1,2})")
_STEP = re.compile(r"(\d|any):(\d{1,4})")
_HOURS = re.compile(r"([01]\d|2[0-3]):00-([01]\d|2[0-3]):00")
_COLUMNS = (
    "carrier",
    "also",
    "mode",
    "service",
    "age_min",
    "age_max",
    "alone_from",
    "companion_from",
    "nonstop_ages",
    "connection_ages",
    "hubs",
    "other_airlines",
    "no_departures",
    "fee_nonstop_usd",
    "fee_connecting_usd",
    "ages_confidence",
    "fee_confidence",
    "as_of",
    "fee_basis",
    "notes",
)
Ages = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CarrierRules:
    """One carrier's rules. Ages are whole years, both ends included.

    `service`: yes, no, or restricted (Amtrak: no staff travels along). `service_ages` None: not known.
    `alone_from`: from this age a child travels as anyone does, None where the source names none.
    `accompanied_by`: how old whoever travels along is at least. `hubs` empty: connections anywhere.
    `one_airline`: no connection to another airline. Fees: steps (up to so many children, dollars) for one
    way.
    """

    carrier: str
    mode: str
    service: str
    service_ages: Ages | None
    alone_from: int | None
    accompanied_by: int
    nonstop_ages: Ages | None
    connection_ages: Ages | None
    hubs: frozenset[str]
    one_airline: bool
    no_departures: tuple[int, int] | None  # hours of the day, over midnight
    fees_nonstop: tuple[tuple[int, Money], ...]
    fees_connecting: tuple[tuple[int, Money], ...]
    ages_confidence: str
    fee_confidence: str
    cite: str

    def fee(self, *, children: int, connecting: bool) -> Money | None:
        """For all the children together, one way; None where no fee is on file for so many: no source says
        that a fee for one child is asked for each of several.
        """
        steps = self.fees_connecting if connecting else self.fees_nonstop
        return next((fee for most, fee in steps if children <= most), None)

    @property
    def ages_sure(self) -> bool:
        """Whether its ages let a child go at all."""
        return self.ages_confidence in SURE_ENOUGH

    def goes_as_anyone(self, age: int) -> bool:
        """No staff of the carrier is needed, and the source says so."""
        return self.ages_sure and self.alone_from is not None and age >= self.alone_from

    def looks_after(self, age: int) -> bool:
        """Whether its staff must look after a child of this age who travels alone."""
        return self.service_ages is not None and self.service_ages[0] <= age <= self.service_ages[1]

    def departs_too_late(self, hour: int) -> bool:
        if self.no_departures is None:
            return False
        start, end = self.no_departures
        return hour >= start or hour < end


def carrier_name(told: str) -> str:
    """One spelling, without a flight number."""
    return fold(re.sub(r"\s*#?\d+$", "", told.strip()))


class Carriers:
    """Every carrier by its names, read when the first is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, carrier: str, mode: str) -> CarrierRules | None:
        """`Delta`, `Delta Air Lines` and `DL 1234` are one carrier."""
        return self._by_name.get((mode, carrier_name(carrier)))

    def check_rows(self) -> None:
        """Raises RuleFileBroken."""
        self._by_name  # noqa: B018 - reading it is the check

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], CarrierRules]:
        found: dict[tuple[str, str], CarrierRules] = {}
        for r in parameter_rows(self._folder, TABLE, _COLUMNS):
            rules = _rules(r)
            for name in (r.text("carrier"), *filter(None, r.values["also"].split(";"))):
                if (rules.mode, fold(name)) in found:
                    raise r.broken("carrier", f"`{name}` twice", "each name of a carrier once")
                found[rules.mode, fold(name)] = rules
        return found


def _rules(r: ParameterRow) -> CarrierRules:
    hours = r.values["no_departures"]
    if hours and not _HOURS.fullmatch(hours):
        raise r.broken("no_departures", f"`{hours}`", "whole hours like 21:00-05:00")
    return CarrierRules(
        carrier=r.text("carrier"),
        mode=r.one_of("mode", ("air", "rail", "bus")),
        service=r.one_of("service", ("yes", "no", "restricted")),
        service_ages=(r.whole("age_min"), r.whole("age_max")) if r.values["age_min"] else None,
        alone_from=r.whole("alone_from") if r.values["alone_from"] else None,
        accompanied_by=r.whole("companion_from") if r.values["companion_from"] else ADULT_FROM,
        nonstop_ages=_ages(r, "nonstop_ages"),
        connection_ages=_ages(r, "connection_ages"),
        hubs=frozenset(r.values["hubs"].split()),
        one_airline=r.one_of("other_airlines", ("no", "")) == "no",
        no_departures=(int(hours[:2]), int(hours[6:8])) if hours else None,
        fees_nonstop=_steps(r, "fee_nonstop_usd"),
        fees_connecting=_steps(r, "fee_connecting_usd"),
        ages_confidence=r.one_of("ages_confidence", SURE),
        fee_confidence=r.one_of("fee_confidence", SURE),
        cite=f"{r.text('carrier')}, children traveling alone ({r.text('as_of')})",
    )


def _ages(r: ParameterRow, column: str) -> Ages | None:
    written = r.values[column]
    if not written:
        return None
    found = _RANGE.fullmatch(written)
    if found is None or int(found[1]) > int(found[2]):
        raise r.broken(column, f"`{written}`", "ages like 5-7, or nothing")
    return int(found[1]), int(found[2])


def _steps(r: ParameterRow, column: str) -> tuple[tuple[int, Money], ...]:
    written = r.values[column]
    if not written:
        return ()
    steps = []
    for part in written.split(";"):
        found = _STEP.fullmatch(part)
        if found is None:
            raise r.broken(column, f"`{part}`", "children and dollars like 2:150;4:300 or any:150")
        steps.append((_ANY if found[1] == "any" else int(found[1]), Money(int(found[2]) * 100)))
    if [most for most, _ in steps] != sorted({most for most, _ in steps}):
        raise r.broken(column, f"`{written}`", "steps from few children to many")
    return tuple(steps)
