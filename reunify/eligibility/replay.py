"""A draft of one source's rules over answers of the past, from the facts frozen with them. Pure.

The answer is the compiled one; only an answer that differs, or one that pays, is judged in full. A difference
holds requirements, outcomes, amounts and ids: never a fact's value or a name.

A suspension that stood when the answer was given is left out: the question is what the draft itself says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from reunify.eligibility.assessment import Known, SourceResult, decide_source
from reunify.eligibility.counting import Decidable
from reunify.eligibility.line_tests import LineOutcome
from reunify.eligibility.lines import LineFacts
from reunify.eligibility.replay_caps import Counted, count_up
from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.answers import YES_ANSWERS, Answer
from reunify.rules.compiled import status
from reunify.rules.model import Decision, Rulebook, newest_begun

NOT_ASKED: Final = "not_asked"  # the source had, or would have, no rules for that trip
NOT_THERE: Final = "not_there"  # the requirement is in one of the two versions only
_YES = frozenset(a.value for a in (*YES_ANSWERS, Answer.WORTH_APPLYING))
_PAYS = frozenset(a.value for a in YES_ANSWERS)


@dataclass(frozen=True, slots=True)
class Past:
    """One family's newest answer of the source. `facts` as `Known.content()`; `content()` as it was stored.

    `answer` NOT_ASKED: the facts are those of another source's answer to the same version. `earlier`: how
    many other trips of this child the source paid before; None where nobody can tell.
    """

    request_id: UUID
    determination_id: UUID
    answer: str
    facts: Mapping[str, Any]
    content: Callable[[], Mapping[str, Any]]
    earlier: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one family's answer. Amounts: the most the source may pay of the stored lines, in
    `unit_before` and `unit_after` (None: it pays nothing itself). `left_out`: caps they do not count."""

    request_id: UUID
    determination_id: UUID
    answer_before: str
    answer_after: str
    requirements: tuple[tuple[str, str, str], ...] = ()
    payable_before: int = 0
    payable_after: int = 0
    unit_before: str | None = None
    unit_after: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def flips(self) -> bool:
        return self.answer_before != self.answer_after

    @property
    def to_yes(self) -> bool:
        """The family had no yes, and would have one."""
        return self.answer_after in _YES and self.answer_before not in _YES


class Draft:
    """A version to be tried. `others`: the same source's versions of other days that stand beside it."""

    def __init__(self, book: Rulebook, dictionary: Dictionary, others: Iterable[Rulebook] = ()) -> None:
        self.book = book
        self._dictionary = dictionary
        self._status = status(book, dictionary)
        self._versions = sorted([*others, book], key=lambda b: b.effective_from)

    def compare(self, past: Past) -> Difference | None:
        """None: a trip of other days, for which `Rulebooks.chosen` takes another version, or none as before.

        Raises KeyError, TypeError or ValueError for facts it cannot read.
        """
        facts = facts_kept(past.facts["facts"], self._dictionary)
        begun = newest_begun(self._versions, facts)
        if begun is None or begun[0] is not self.book:
            return None
        if not self.book.covers(begun[1]):
            return self._ended(past)
        decisions = self._counting(past)
        found = Difference(
            past.request_id, past.determination_id, past.answer, self._status(facts, decisions).value
        )
        if not found.flips and found.answer_after not in _PAYS:
            return found
        lines = _lines(past)
        after = decide_source(self.book, Known(facts, lines, decisions), self._dictionary)
        before = past.content() if past.answer != NOT_ASKED else {}
        was, will = _paid_before(before, past, lines), _paid_after(after, past, lines)
        return replace(
            found,
            requirements=tuple(_differences(before, after)) if found.flips else (),
            payable_before=was.amount,
            payable_after=will.amount,
            unit_before=before.get("unit"),
            unit_after=self.book.unit,
            left_out=tuple(sorted({*was.left_out, *will.left_out})),
        )

    def _counting(self, past: Past) -> dict[str, Decision]:
        """What people decided then, where it is about the same thing in this version; on the day of then."""
        said = {k: Decision.from_content(d) for k, d in past.facts["decisions"].items()}
        if not said:
            return said
        day = past.facts.get("day")
        known = Decidable((self.book,), _lines(past), {})
        return known.counting(said, date.fromisoformat(day) if day else None)

    def _ended(self, past: Past) -> Difference | None:
        """It has begun and ended before this trip, so the source would not be asked at all."""
        if past.answer == NOT_ASKED:
            return None
        before = past.content()
        was = _paid_before(before, past, _lines(past))
        return Difference(
            past.request_id,
            past.determination_id,
            past.answer,
            NOT_ASKED,
            payable_before=was.amount,
            unit_before=before.get("unit"),
            left_out=was.left_out,
        )


def _lines(past: Past) -> tuple[LineFacts, ...]:
    return tuple(LineFacts.from_content(line) for line in past.facts["lines"])


def facts_kept(stored: Mapping[str, Any], dictionary: Dictionary) -> dict[str, FactValue]:
    """The frozen facts by today's dictionary. One that left it, or changed its type, is not known."""
    return {
        name: value
        for name, written in stored.items()
        if (fact := dictionary.fields.get(name)) is not None
        and (value := fact.from_json(written)) is not None
    }


def _differences(before: Mapping[str, Any], after: SourceResult) -> Iterable[tuple[str, str, str]]:
    was = {r["id"]: r["outcome"] for r in before.get("requirements", ())}
    now = {r.requirement.id: r.outcome.value for r in after.determination.results}
    for name in dict.fromkeys([*was, *now]):
        pair = was.get(name, NOT_THERE), now.get(name, NOT_THERE)
        if pair[0] != pair[1]:
            yield (name, *pair)


def _paid_before(before: Mapping[str, Any], past: Past, lines: Sequence[LineFacts]) -> Counted:
    if past.answer not in _PAYS:
        return Counted(0)
    payable = {
        line["key"]: line["ceiling"]
        for line in before["lines"]
        if line["outcome"] == LineOutcome.PAYABLE.value
    }
    caps = [(c["scope"], c["category"], c["at_most"]) for c in before.get("caps", ())]
    return count_up(payable, caps, lines, travelers=_travelers(past), earlier=past.earlier)


def _paid_after(after: SourceResult, past: Past, lines: Sequence[LineFacts]) -> Counted:
    payable = {test.key: test.ceiling for test in after.payable()}
    caps = [(c.scope, c.category, c.at_most) for c in after.determination.caps]
    return count_up(payable, caps, lines, travelers=_travelers(past), earlier=past.earlier)


def _travelers(past: Past) -> int | None:
    told = past.facts["facts"].get("traveler_count")
    return told if isinstance(told, int) else None
