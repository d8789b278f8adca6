"""A child who travels a leg without an adult: on which cost lines the carrier's rules stand, and its fee each
way. Every fee is confirmed live at booking, and what it comes to then a person may always allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reunify.eligibility.carrier_checks import NO_CARRIER, cite_of, rules_of
from reunify.eligibility.lines import Finding, LineCheck, LineFacts, asking, staff_check
from reunify.eligibility.ways import FARES, Way, ways_alone
from reunify.intake.form import Category, CostLine, TravelRequest
from reunify.kernel.money import Money
from reunify.rates.fields import Words
from reunify.rates.minors import SURE_ENOUGH, CarrierRules
from reunify.rates.published import Published


@dataclass(slots=True)
class ChildrenAlone:
    """Every way a child of the request goes without an adult. `spent`: what earlier fee lines took."""

    ways: tuple[Way, ...]
    spent: dict[tuple[str, ...], int] = field(default_factory=dict)

    def checks(self, line: CostLine) -> list[LineCheck]:
        """The carrier's rules about the child, on the fare and on the fee."""
        found = [check for way in self.ways if _carried(way, line) for check in rules_of(way)]
        return list(dict.fromkeys(found))

    def without_a_line(self, lines: Iterable[CostLine]) -> list[LineCheck]:
        """Of the ways no fare and no fee carries: the carrier's rules all the same, and a person is told."""
        bare = [w for w in self.ways if w.is_minor and not any(_carried(w, line) for line in lines)]
        found = [c for way in bare for c in (*rules_of(way), _noticed(way))]
        return list(dict.fromkeys(found))

    def fee(self, facts: LineFacts, line: CostLine) -> LineFacts:
        """The published fee each way, once for the children who fly together, as the carrier counts."""
        ways = [w for w in self.ways if w.is_of(line)]
        if not ways:
            return facts.checked(staff_check("UM-FEE", _NOBODY_ALONE, NO_CARRIER))
        groups = {w.keys: w for w in ways}
        if any(c.finding is Finding.NEEDS_INFORMATION for w in ways for c in rules_of(w)):
            return facts
        unsure = [w for w in groups.values() if w.connecting is None and _fee_depends(w.rules)]
        if unsure:
            asks = [asking("UM-FEE", "nonstop", f"/legs/{w.at[0]}/nonstop", cite_of(w)) for w in unsure]
            return facts.checked(*asks)
        fees = {keys: self._fee_of(way) for keys, way in groups.items()}
        if any(fee is None for fee in fees.values()):
            first = next(iter(groups.values()))
            return facts.checked(staff_check("UM-FEE", _FEE_UNSURE, cite_of(first)))
        return self._limited(facts, line, groups, {k: f for k, f in fees.items() if f is not None})

    def _fee_of(self, way: Way) -> int | None:
        """Cents for all children on this way together; None where no fee on file can be relied on."""
        rules = way.rules
        if rules is None or rules.fee_confidence not in SURE_ENOUGH or not way.of_one_carrier:
            return None
        children = sum(w.keys == way.keys and w.needs_service for w in self.ways)
        fee = rules.fee(children=children, connecting=bool(way.connecting)) if children else None
        return fee.cents if fee is not None else None

    def _limited(
        self,
        facts: LineFacts,
        line: CostLine,
        groups: dict[tuple[str, ...], Way],
        fees: dict[tuple[str, ...], int],
    ) -> LineFacts:
        left = {keys: fee - self.spent.get(keys, 0) for keys, fee in fees.items()}
        most = sum(left.values())
        wanted = min(line.quote_cents - line.tax_cents, most)
        for keys, free in left.items():
            taken = min(free, wanted)
            self.spent[keys] = self.spent.get(keys, 0) + taken
            wanted -= taken
        first = next(iter(groups.values()))
        words = _fee_words(len(groups), most) if most else _FEE_COVERED
        limit = most + line.tax_cents
        priced = replace(
            facts, limit_cents=limit, awaits=_AWAITS, cite=cite_of(first), en=words.en, es=words.es
        )
        if line.quote_cents <= limit:
            return priced
        return priced.checked(staff_check("UM-FEE", _FEE_UNSURE, cite_of(first), lifts_to=line.ceiling_cents))


def children_alone(request: TravelRequest, published: Published) -> ChildrenAlone:
    """Looked up once for the whole request; most requests have none."""
    return ChildrenAlone(ways_alone(request, published))


def _carried(way: Way, line: CostLine) -> bool:
    """A fare of the way's own kind, or the fee."""
    fee = line.category is Category.UNACCOMPANIED_MINOR_FEE
    return way.is_of(line) and (fee or way.legs[0].mode is FARES.get(line.category))


def _noticed(way: Way) -> LineCheck:
    """A person's word is of these legs: others, or another day, are another check."""
    legs = ", ".join(str(number + 1) for number in way.at)
    cite = f"{cite_of(way)}; leg {legs} of the trip, {way.legs[0].departs.date()}"
    return staff_check("UM-LEG", _NO_LINE, cite)


def _fee_depends(rules: CarrierRules | None) -> bool:
    """A fee that differs by connection, where the carrier takes children on connections at all."""
    return rules is not None and bool(rules.fees_connecting) and rules.fees_connecting != rules.fees_nonstop


def _fee_words(ways: int, cents: int) -> Words:
    each_en, each_es = ("one way", "un trayecto") if ways == 1 else (f"{ways} ways", f"{ways} trayectos")
    return Words(
        f"Fee for the airline staff who look after your child, {each_en}: up to {Money(cents)}; "
        "confirmed when we book.",
        f"Cargo por el personal de la aerolínea que cuida a su hijo o hija, {each_es}: "
        f"hasta {Money(cents)}; se confirma al reservar.",
    )


_AWAITS = "this airline's fee is confirmed when we book"
_NO_LINE = Words(
    "A child travels part of the way without an adult, and no ticket or fee here is for it; "
    "a person on our team decides.",
    "Un niño viaja una parte del camino sin una persona adulta y aquí no hay boleto ni cargo para ella; "
    "lo decide una persona de nuestro equipo.",
)
_FEE_COVERED = Words(
    "Another cost line already carries the fee for the children who travel together.",
    "Otro gasto ya incluye el cargo de los niños que viajan juntos.",
)
_FEE_UNSURE = Words(
    "We confirm this fee with the company when we book; a person on our team decides.",
    "Confirmamos este cargo con la empresa al reservar; lo decide una persona de nuestro equipo.",
)
_NOBODY_ALONE = Words(
    "No child travels without an adult here, so this fee may not be needed; a person on our team decides.",
    "Ningún niño viaja aquí sin una persona adulta, así que este cargo quizá no haga falta; "
    "lo decide una persona de nuestro equipo.",
)
