"""What one source may pay of one cost line, and what a person may decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from reunify.eligibility.line_questions import of_the_check, of_the_line, once
from reunify.eligibility.lines import Finding, LineCheck, LineFacts
from reunify.kernel.canonical import digest_of
from reunify.rates.fields import Words
from reunify.rules.answers import Question
from reunify.rules.model import Decision, Rulebook

_NOTHING_DECIDED: Mapping[str, Decision] = MappingProxyType({})


class LineOutcome(StrEnum):
    PAYABLE = "payable"
    NOT_THIS_SOURCE = "not_this_source"
    NEEDS_INFORMATION = "needs_information"
    NEEDS_STAFF_DECISION = "needs_staff_decision"


@dataclass(frozen=True, slots=True)
class LineTest:
    """What one source may pay of one line.

    `payable` is at the quoted price, `ceiling` is not to exceed; both in cents, nights or miles, as `unit`
    says. `decides`: what waits for a person, by its `line_decision_id`.
    """

    key: str
    source: str
    outcome: LineOutcome
    unit: str
    payable: int
    ceiling: int
    reason: Words
    cite: str
    awaits: str
    questions: tuple[Question, ...] = ()
    decides: tuple[str, ...] = ()

    @property
    def provisional(self) -> bool:
        return bool(self.awaits)

    def content(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "outcome": self.outcome.value,
            "unit": self.unit,
            "payable": self.payable,
            "ceiling": self.ceiling,
            "en": self.reason.en,
            "es": self.reason.es,
            "cite": self.cite,
            "provisional": self.provisional,
            "awaits": self.awaits,
            "questions": [q.content() for q in self.questions],
            "decides": list(self.decides),
        }


def line_decision_id(line: LineFacts, rule: str) -> str:
    """Under this name a person's decision about one line of a request is recorded: met or not_met.

    It is of this line on these terms: another price, class, carrier or limit has another name, so a form sent
    late decides nothing else. The name is kept in the open: nothing in it says who travels, or where.
    """
    lifts = [check.lifts_to for check in line.checks if check.rule == rule]
    price = [line.quote_cents, line.ceiling_cents, line.limit_cents, line.tax_cents, line.unit, line.units]
    judged = digest_of([line.category, line.settled, line.terms, *price, lifts])
    return f"line:{line.number + 1}:{rule}:{judged[:8]}"


def try_line(
    line: LineFacts, book: Rulebook, decisions: Mapping[str, Decision] = _NOTHING_DECIDED
) -> LineTest:
    """Nights and miles pay what their partner gives, money everything else the source's rules name."""
    unit = book.unit or "cents"
    if line.unit != unit:
        return _test(line, book, LineOutcome.NOT_THIS_SOURCE, _wrong_unit(line.unit, unit))
    if line.category not in book.pays:
        return _test(line, book, LineOutcome.NOT_THIS_SOURCE, _OTHER_COSTS)
    applies = [c for c in line.checks if book.federal or not c.federal]
    questions = (*of_the_line(line), *(q for c in applies for q in of_the_check(c)))
    if questions:
        why = next((Words(c.en, c.es) for c in applies if c.asks and c.en), _NOT_YET)
        return _test(line, book, LineOutcome.NEEDS_INFORMATION, why, questions=once(questions))
    said = {c.rule: decisions.get(line_decision_id(line, c.rule)) for c in applies}
    waiting = [c for c in applies if c.finding is Finding.NEEDS_STAFF]
    refused = [c for c in waiting if _said(said, c) == "not_met" and c.lifts_to is None]
    if refused:
        return _test(line, book, LineOutcome.NOT_THIS_SOURCE, _A_PERSON_SAID_NO, cite=refused[0].cite)
    still = [c for c in waiting if _said(said, c) not in ("met", "not_met")]
    if still:
        first = still[0]
        ids = tuple(dict.fromkeys(line_decision_id(line, c.rule) for c in still))
        reason = Words(first.en, first.es)
        return _test(line, book, LineOutcome.NEEDS_STAFF_DECISION, reason, cite=first.cite, decides=ids)
    return _paid(line, book, applies, _limit(line, waiting, said))


_Said = Mapping[str, Decision | None]


def _said(said: _Said, check: LineCheck) -> str | None:
    found = said.get(check.rule)
    return found.decision if found else None


def _limit(line: LineFacts, waiting: list[LineCheck], said: _Said) -> int | None:
    """The published limit, or what a person allowed instead of it."""
    lifted = [c.lifts_to for c in waiting if c.lifts_to is not None and _said(said, c) == "met"]
    return max(lifted) if lifted else line.limit_cents


def _paid(line: LineFacts, book: Rulebook, applies: list[LineCheck], limit: int | None) -> LineTest:
    met = [c for c in applies if c.finding is Finding.MET]
    if line.unit != "cents":
        words = _ONE_NIGHT if line.unit == "night" else _miles(line.units)
        payable = ceiling = line.units
    else:
        words = Words(line.en, line.es)
        payable = line.quote_cents if limit is None else min(line.quote_cents, limit)
        ceiling = line.ceiling_cents if limit is None else min(line.ceiling_cents, limit)
    return LineTest(
        key=line.key,
        source=book.source,
        outcome=LineOutcome.PAYABLE,
        unit=line.unit,
        payable=payable,
        ceiling=ceiling,
        reason=Words(" ".join([words.en, *(c.en for c in met)]), " ".join([words.es, *(c.es for c in met)])),
        cite="; ".join(dict.fromkeys([line.cite, *(c.cite for c in met)])),
        awaits=line.awaits,
    )


_ONLY_ROOMS = Words(
    "This partner gives hotel nights, nothing else.", "Este hotel solidario solo da noches de hotel."
)
_ONLY_MILES = Words(
    "This partner gives airline miles, nothing else.", "Esta aerolínea solidaria solo da millas."
)
_IN_KIND = Words("A partner gives this, so no money is needed.", "Esto lo da una organización, sin dinero.")
_OTHER_COSTS = Words("This source pays other costs, not this one.", "Este fondo paga otros gastos, no este.")
_NOT_YET = Words("We need one more answer first.", "Primero necesitamos una respuesta más.")
_ONE_NIGHT = Words("One night given by the partner.", "Una noche dada por el hotel solidario.")
_A_PERSON_SAID_NO = Words(
    "A person on our team looked at this cost and decided not to pay it from this source.",
    "Una persona de nuestro equipo revisó este gasto y decidió no pagarlo con este fondo.",
)


def _miles(units: int) -> Words:
    return Words(
        f"{units:,} airline miles given by the partner.", f"{units:,} millas dadas por la aerolínea."
    )


def _wrong_unit(of_line: str, of_source: str) -> Words:
    if of_source == "cents":
        return _IN_KIND
    return _ONLY_ROOMS if of_source == "night" else _ONLY_MILES


def _test(
    line: LineFacts,
    book: Rulebook,
    outcome: LineOutcome,
    reason: Words,
    *,
    cite: str | None = None,
    questions: tuple[Question, ...] = (),
    decides: tuple[str, ...] = (),
) -> LineTest:
    """A line of which this source pays nothing now."""
    unit = book.unit or "cents"
    return LineTest(
        line.key,
        book.source,
        outcome,
        unit,
        0,
        0,
        reason,
        cite or line.cite,
        line.awaits,
        questions,
        decides,
    )
