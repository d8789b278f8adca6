"""The certificate kept with a split, and what it says in plain staff English. Pure.

A basis is the rule by which a cost may be charged (2 CFR 200.405). When money lapses is never one, and stands
nowhere in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reunify.allocation.case import CASH, Kind, Rule
from reunify.allocation.conflict import Conflict, Shortfall
from reunify.kernel.money import Money

if TYPE_CHECKING:
    from reunify.allocation.split import Split

METHOD = (
    "HiGHS: cover the most; the order of payers; fewest sources for a line; what a source's terms add; a "
    "fixed choice among equals. Checked in whole numbers."
)
NO_SOURCE = "no source may pay this line"
_NO_NAME = "A source"


def certificate(split: Split) -> dict[str, Any]:
    """`pieces` with the basis of each, `uncovered` by line, `binding` names by line, `shortfalls`,
    `conflict`.

    Amounts are whole cents or units. `proved`: the choice among equals was searched to its end; coverage and
    the order of payers always are.
    """
    return {
        "pieces": [
            {"line": p.line, "fund": str(p.fund), "unit": p.unit, "amount": p.amount, "basis": p.basis}
            for p in split.pieces
        ],
        "uncovered": dict(split.uncovered),
        "binding": {line: list(found) for line, found in split.binding.items()},
        "shortfalls": [
            {
                "line": s.line,
                "unit": s.unit,
                "need": s.need,
                "amount": s.amount,
                "alone": [_kept(rule) for rule in s.alone],
                "together": [[_kept(rule) for rule in rules] for rules in s.together],
                "conflict": _conflict(s.conflict),
                "complete": s.complete,
            }
            for s in split.shortfalls
        ],
        "conflict": _conflict(split.conflict),
        "proved": split.proved,
        "method": METHOD,
    }


def _kept(rule: Rule) -> dict[str, Any]:
    return {
        "kind": rule.kind.value,
        "name": rule.name,
        "fund": str(rule.fund) if rule.fund else None,
        "amount": rule.amount,
        "unit": rule.unit,
        "cite": rule.cite,
    }


def _conflict(conflict: Conflict | None) -> dict[str, Any] | None:
    if conflict is None:
        return None
    return {
        "rules": [_kept(rule) for rule in conflict.rules],
        "enough": conflict.enough,
        "smallest": conflict.smallest,
    }


def names(shortfall: Shortfall) -> tuple[str, ...]:
    """What stands in the way of a line, each once: limits by their names, other rules in words."""
    rules = [*shortfall.alone, *(rule for found in shortfall.together for rule in found)]
    if not rules and shortfall.conflict is not None:
        rules += shortfall.conflict.rules
    said = (r.name if r.kind is Kind.LIMIT else _phrase(_kept(r)) for r in rules)
    return tuple(dict.fromkeys(said)) or (NO_SOURCE,)


def sentences(kept: Mapping[str, Any], *, lines: Mapping[str, str] | None = None) -> list[str]:
    """What a kept certificate says of each line that is short. `lines`: what each is called, `Meals`.

    A certificate of before shortfalls were kept says which limits are used up.
    """
    called = lines or {}
    if kept.get("conflict") is not None:
        return [f"Nothing can be paid. {_cannot(kept['conflict'])}"]
    if "shortfalls" not in kept:
        return [
            f"{called.get(line, line)} {_verb(called.get(line, line))} short: {_listed(list(found))}."
            for line, found in sorted(kept.get("binding", {}).items())
        ]
    return [_sentence(short, called.get(short["line"], short["line"])) for short in kept["shortfalls"]]


def _sentence(short: Mapping[str, Any], called: str) -> str:
    begun = f"{called} {_verb(called)} {amount_words(short['amount'], short['unit'])} short"
    parts = []
    if short["alone"]:
        parts.append(_used_up(list(dict.fromkeys(_phrase(r) for r in short["alone"]))))
    for rules in short["together"]:
        found = list(dict.fromkeys(_phrase(r) for r in rules))
        parts.append(f"{_listed(found)} would have to be raised together")
    if not parts and short["conflict"] is not None:
        return f"{begun}. {_cannot(short['conflict'])}"
    return f"{begun}: {'; '.join(parts) or NO_SOURCE}."


def _verb(called: str) -> str:
    return "are" if called.endswith("s") and not called.endswith(("ss", "us")) else "is"


def _used_up(phrases: Sequence[str]) -> str:
    if len(phrases) == 1:
        return f"{phrases[0]} is used up"
    return f"{_listed(phrases)} are {_all(phrases)} used up"


def _cannot(conflict: Mapping[str, Any]) -> str:
    found = list(dict.fromkeys(_with_amount(rule) for rule in conflict["rules"]))
    one = len(found) == 1
    said = f"{_listed(found)} stands in the way" if one else f"{_listed(found)} cannot {_all(found)} be kept"
    said = f"{said[:1].upper()}{said[1:]} if more is to be paid"
    if not conflict["enough"]:
        return f"{said}, and other rules stand in the way as well."
    return f"{said}." if one else f"{said}; without any one of them, it could."


def _with_amount(rule: Mapping[str, Any]) -> str:
    said, amount = _phrase(rule), amount_words(rule["amount"], rule["unit"])
    return f"{said} of {amount}" if rule["kind"] == Kind.LIMIT and amount not in said else said


def _phrase(rule: Mapping[str, Any]) -> str:
    """A rule as a noun: `Family Travel Fund's trip limit`."""
    amount, name = amount_words(rule["amount"], rule["unit"]), rule["name"] or _NO_NAME
    words = {
        Kind.MOST: f"the most {name} may pay of this line ({amount})",
        Kind.SLICE: f"{_whose(name)} minimum of {amount} for one line",
        Kind.GRANT: f"{_whose(name)} minimum of {amount} for one trip",
        Kind.MATCH: f"{_whose(name)} match ({rule['amount']} cents of other cash for every 100)",
    }
    said = words.get(Kind(rule["kind"])) or _limit(rule["name"])
    return f"{said} ({rule['cite']})" if rule["cite"] and rule["cite"] not in said else said


def _limit(name: str) -> str:
    """`Public cash: trip limit` as `Public cash's trip limit`; what is a sentence is left as it is."""
    fund, colon, what = name.partition(": ")
    if what.startswith("its rules allow "):
        return f"what {_whose(fund)} rules allow, {what.removeprefix('its rules allow ')}"
    return f"{_whose(fund)} {what}" if colon and not what.startswith("its rules ") else name


def _whose(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _all(found: Sequence[str]) -> str:
    return "both" if len(found) == 2 else "all"


def _listed(found: Sequence[str]) -> str:
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def amount_words(amount: int, unit: str) -> str:
    """`$150`, `$150.25`, `1 night`, `2,000 miles`."""
    if unit == CASH:
        return str(Money(amount)).removesuffix(".00")
    return f"{amount:,} {unit}" + ("" if amount == 1 else "s")
