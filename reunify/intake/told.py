"""Facts a rule asks for that the form has no field of its own for: `told`, checked against the dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reunify.kernel.refusals import Problem
from reunify.rates.fields import Dictionary, Field, NotAValue, dictionary

POINTER = "/told"
MOST = 60  # facts in one request
TOO_MANY = Problem(POINTER, f"Tell at most {MOST} facts here, and only those that a rule asks for.")


def facts(words: Dictionary | None = None) -> dict[str, Field]:
    """Those of the dictionary that are told here, by name."""
    known = (words or dictionary()).fields
    return {name: field for name, field in known.items() if field.pointer == f"{POINTER}/{name}"}


def check(told: Mapping[str, str], words: Dictionary | None = None) -> list[Problem]:
    """What is no fact of the dictionary, or has a value it does not know. The value is never repeated; the
    facts that may be told are named once."""
    if len(told) > MOST:
        return [TOO_MANY]
    allowed = facts(words)
    unknown = [name for name in told if name not in allowed]
    remedy = f"Use one of: {', '.join(sorted(allowed))}." if allowed else "Leave it out."
    problems = [Problem(f"{POINTER}/{name}", "No rule asks for this fact. Leave it out.") for name in unknown]
    if problems:
        problems[0] = replace(problems[0], remedy=f"No rule asks for this fact. {remedy}")
    wrong = (_problem(allowed[name], written) for name, written in told.items() if name in allowed)
    return problems + [problem for problem in wrong if problem is not None]


def is_flood(draft: Any) -> bool:
    """More told than is read at all: one problem then, whatever else is wrong with it."""
    told = draft.get("told") if isinstance(draft, Mapping) else None
    return isinstance(told, Mapping) and len(told) > MOST


def _problem(fact: Field, written: str) -> Problem | None:
    try:
        fact.parse(written)
    except NotAValue as wrong:
        remedy = f"Choose one of: {wrong}." if fact.type == "choice" else f"Write {wrong}."
        return Problem(f"{POINTER}/{fact.name}", remedy)
    return None
