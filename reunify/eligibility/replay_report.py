"""What a replay reports: counted up family by family, put aside half-way, and gone on with. Pure.

No fact's value and nobody's name. Which requirement came out otherwise is counted over families, never kept
beside one: next to a request it would say what that family went through.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Final

from reunify.eligibility.replay import Difference, Draft
from reunify.rules.answers import ENGINE_VERSION
from reunify.rules.model import Rulebook

MOST_FLIPS: Final = 500
MOST_PATTERNS: Final = 50  # of requirements that turned together; the rest are only counted
_SHOWN: Final = 12
_COUNTS = (
    "determinations",
    "skipped_erased",
    "skipped_unreadable",
    "not_covered",
    "flips_total",
    "flips_to_yes",
)
_NAMED = ("answers", "requirements", "patterns", "payable_before", "payable_after", "left_out")


class Tally:
    """Counts differences. `state()` is plain JSON; `Tally(draft, state)` goes on from it."""

    def __init__(self, draft: Draft, state: dict[str, Any] | None = None) -> None:
        kept = state or {}
        self._draft = draft
        self._counts = Counter({name: kept.get(name, 0) for name in _COUNTS})
        self._named: dict[str, Counter[str]] = {name: Counter(kept.get(name, {})) for name in _NAMED}
        self._flips: list[dict[str, Any]] = list(kept.get("flips", ()))

    def state(self) -> dict[str, Any]:
        named = {name: dict(counted) for name, counted in self._named.items()}
        return {**self._counts, **named, "flips": self._flips}

    def skip_erased(self) -> None:
        """This family's key is destroyed: its facts are gone for a replay too."""
        self._counts["skipped_erased"] += 1

    def skip_unreadable(self) -> None:
        """Facts of a form that this version of the program no longer reads."""
        self._counts["skipped_unreadable"] += 1

    def add(self, found: Difference | None) -> None:
        """None: a trip of other days than the draft's."""
        if found is None:
            self._counts["not_covered"] += 1
            return
        self._counts["determinations"] += 1
        self._named["answers"][_key(found.answer_before, found.answer_after)] += 1
        self._named["left_out"].update(found.left_out)
        if found.unit_before is not None:
            self._named["payable_before"][found.unit_before] += found.payable_before
        if found.unit_after is not None:
            self._named["payable_after"][found.unit_after] += found.payable_after
        if found.flips:
            self._flip(found)

    def _flip(self, found: Difference) -> None:
        self._counts["flips_total"] += 1
        self._counts["flips_to_yes"] += found.to_yes
        self._named["requirements"].update(_key(*three) for three in found.requirements)
        if len(self._flips) < MOST_FLIPS:
            self._flips.append(_flip(found))
        turned = [word for three in found.requirements for word in three]
        pattern = _key(found.answer_before, found.answer_after, *turned)
        patterns = self._named["patterns"]
        if pattern in patterns or len(patterns) < MOST_PATTERNS:
            patterns[pattern] += 1

    def report(self, *, since: date | None) -> dict[str, Any]:
        """Plain JSON values in a fixed order.

        `flips` holds at most MOST_FLIPS of `flips_total`. `cents_from` and
        `cents_to` are in the unit of `by_fund`: nights or miles for a source that gives in kind.
        `caps_not_counted`: what the amounts leave out (names of `replay_caps`), and in how many answers.
        """
        counts = self._counts
        return {
            "since": since.isoformat() if since else None,
            "engine": ENGINE_VERSION,
            "determinations": counts["determinations"],
            "skipped_erased": counts["skipped_erased"],
            "skipped_unreadable": counts["skipped_unreadable"],
            "not_covered": counts["not_covered"],
            "same": counts["determinations"] - counts["flips_total"],
            "flips": self._flips,
            "flips_total": counts["flips_total"],
            "flips_to_yes": counts["flips_to_yes"],
            "by_fund": self._by_fund(),
            "caps_not_counted": _listed(self._named["left_out"]),
            "answers": _listed(self._named["answers"]),
            "requirements": _listed(self._named["requirements"]),
            "samples": [_sample(*one) for one in self._named["patterns"].most_common(_SHOWN)],
        }

    def _by_fund(self) -> list[dict[str, Any]]:
        """One row for each unit: a version may change from one to another."""
        before, after = self._named["payable_before"], self._named["payable_after"]
        own = self._draft.book.unit
        return [
            {
                "source": self._draft.book.source,
                "payable_before": before[unit],
                "payable_after": after[unit],
                "unit": unit,
            }
            for unit in sorted({*before, *after} | ({own} if own else set()))
        ]


def _key(*words: str) -> str:
    return " ".join(words)


def _listed(counted: Counter[str]) -> list[list[Any]]:
    return [[*key.split(" "), count] for key, count in sorted(counted.items())]


def _flip(found: Difference) -> dict[str, Any]:
    return {
        "request_id": str(found.request_id),
        "determination_id": str(found.determination_id),
        "from": found.answer_before,
        "to": found.answer_after,
        "cents_from": found.payable_before,
        "cents_to": found.payable_after,
    }


def _sample(pattern: str, count: int) -> dict[str, Any]:
    """Why, of all families to whom the same happened."""
    was, now, *turned = pattern.split(" ")
    threes = zip(turned[::3], turned[1::3], turned[2::3], strict=True)
    because = [{"id": name, "from": before, "to": after} for name, before, after in threes]
    return {"from": was, "to": now, "families": count, "because": because}


def with_words(report: dict[str, Any], book: Rulebook | None) -> dict[str, Any]:
    """For whoever may read it: each sample's requirements with their plain name and citation."""
    rules = {rule.id: rule for rule in book.requirements} if book is not None else {}

    def told(why: dict[str, Any]) -> dict[str, Any]:
        rule = rules.get(why["id"])
        cite = f"{rule.cite.doc}, {rule.cite.at}" if rule else ""
        return {"name": rule.name if rule else "", "cite": cite, **why}

    if not report:
        return {}
    samples = [{**s, "because": [told(why) for why in s["because"]]} for s in report.get("samples", ())]
    return {**report, "samples": samples}
