"""What was really paid, line by line: the same facts as an approval letter's, with what left. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reunify.documents import phrases, words
from reunify.documents.context import Said
from reunify.intake.form import CostLine, Language, TravelRequest
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused


class NothingPaid(Refused):
    """A paper about a payment names at least one cost that was paid."""


@dataclass(frozen=True, slots=True)
class Part:
    """One fund's share by its PUBLIC name: cents, or whole units in kind."""

    source: Said
    cents: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One cost of the request as its household may read it, and who paid how much of it."""

    line: CostLine
    parts: Sequence[Part]

    @property
    def cents(self) -> int:
        return sum(part.cents for part in self.parts)


def table(lines: Sequence[PaidLine], language: Language, *, view: TravelRequest) -> list[dict[str, Any]]:
    """A row for each line: what it was for, to whom, from which fund, how much. `view`: of the household."""
    return [_row(_facts(one, view), language) for one in lines]


def total(lines: Sequence[PaidLine]) -> Money:
    """Money alone; what partners gave in kind has no price."""
    return Money(sum(one.cents for one in lines))


def _row(facts: Mapping[str, Any], language: Language) -> dict[str, Any]:
    return {
        "what": phrases.cost(facts, language),
        "to": facts["payee"],
        "source": phrases.sources(facts, language),
        "amount": phrases.amount(facts, language),
    }


def _facts(paid: PaidLine, view: TravelRequest) -> dict[str, Any]:
    line = paid.line
    traveler = next((t for t in view.travelers if t.key == line.traveler), None)
    facts = phrases.cost_facts(
        line,
        payee=next(p.name for p in view.payees if p.key == line.payee),
        traveler=words.first_name(traveler.name) if traveler else "",
    )
    shares = [
        {"name_en": p.source.en, "name_es": p.source.es, "cents": p.cents, "units": p.units}
        for p in paid.parts
    ]
    return facts | {"ceiling_cents": paid.cents, "paid_from": shares}
