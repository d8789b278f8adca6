"""What is wrong with a request, field by field, with the remedy; never the value that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from reunify.intake import told
from reunify.intake.form import TravelRequest
from reunify.kernel.refusals import Problem
from reunify.kernel.text import is_safe

_REMEDIES = {
    "missing": "Please fill this in.",
    "extra_forbidden": "This field is not known; check its spelling.",
    "date_from_datetime_parsing": "Write a date like 2026-10-01.",
    "date_parsing": "Write a date like 2026-10-01.",
    "date_type": "Write a date like 2026-10-01.",
    "datetime_parsing": "Write a local date and time like 2026-10-01T06:10.",
    "datetime_from_date_parsing": "Write a local date and time like 2026-10-01T06:10.",
    "datetime_type": "Write a local date and time like 2026-10-01T06:10.",
    "int_parsing": "Write a whole number.",
    "int_type": "Write a whole number.",
    "int_from_float": "Write a whole number.",
    "bool_parsing": "Answer yes or no.",
    "bool_type": "Answer yes or no.",
    "string_type": "Write this as text.",
    "string_too_short": "Please fill this in.",
    "string_too_long": "This is too long; shorten it.",
    "too_short": "Add at least one.",
    "too_long": "There are too many of these.",
    "list_type": "This must be a list.",
    "model_type": "This part must be filled in as a group of fields.",
    "model_attributes_type": "This part must be filled in as a group of fields.",
    "value_error": "Remove hidden or control characters.",
}
_PATTERN_REMEDIES = {
    "email": "Write an e-mail address like name@example.org.",
    "phone": "Write a phone number like +1 915 555 0100.",
    "phone_for_gate_texts": "Write a phone number like +1 915 555 0100.",
    "adult_phone": "Write a phone number like +1 915 555 0100.",
    "child_place": "Write town and state, and the ZIP code if you know it: Atlanta, GA 30303.",
    "adult_home": "Write town and state, and the ZIP code if you know it: El Paso, TX 79901.",
    "safe_from": "Write a time like 08:00.",
    "safe_until": "Write a time like 20:00.",
    "state": "Write the two-letter state, like TX.",
    "country": "Write the two-letter country, like US.",
    "zip": "Write the five digits of the ZIP code, like 79101.",
    "connections": "Write each airport by its three letters, like DFW.",
    "provided_meals": "Write a day and a meal, like 2026-11-26 lunch, one a line.",
}


def pointer(parts: Sequence[str | int]) -> str:
    """RFC 6901."""
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in parts)


def read(draft: Any) -> tuple[TravelRequest | None, list[Problem]]:
    """The request if the draft is well formed and whole; otherwise every problem at once."""
    if told.is_flood(draft):
        return None, [told.TOO_MANY]
    try:
        return TravelRequest.model_validate(draft), []
    except ValidationError as wrong:
        return None, of_validation(wrong)


def of_validation(wrong: ValidationError) -> list[Problem]:
    """Each place of a form that cannot be read, with its remedy."""
    return [_problem(error) for error in wrong.errors(include_input=False, include_url=False)]


def malformed(problems: list[Problem]) -> list[Problem]:
    """The problems that are wrong answers, as opposed to answers not given yet."""
    return [p for p in problems if p.remedy != _REMEDIES["missing"]]


def _problem(error: Any) -> Problem:
    kind, where = error["type"], error["loc"]
    return Problem(pointer(where), _remedy(kind, where, error.get("ctx") or {}))


def _remedy(kind: str, where: tuple[str | int, ...], ctx: dict[str, Any]) -> str:
    match kind:
        case "literal_error" | "enum":
            return f"Choose one of: {str(ctx.get('expected', '')).replace(chr(39), '')}."
        case "string_pattern_mismatch":
            named = next(str(part) for part in reversed(where) if isinstance(part, str))
            return _PATTERN_REMEDIES.get(named, "Use small letters, digits, - and _ only.")
        case "greater_than_equal":
            return f"Write {ctx['ge']} or more."
        case "less_than_equal":
            return f"Write {ctx['le']} or less."
        case _:
            return _REMEDIES.get(kind, "This answer cannot be read; please write it again.")


def unsafe_text(value: Any, where: tuple[str | int, ...] = ()) -> list[Problem]:
    """Every text or key in a JSON document that holds hidden or control characters."""
    if isinstance(value, str):
        return [] if is_safe(value) else [Problem(pointer(where), "Remove hidden or control characters.")]
    if isinstance(value, dict):
        if not all(is_safe(key) for key in value):
            return [Problem(pointer(where), "A field name has hidden characters; remove them.")]
        return [p for key, item in value.items() for p in unsafe_text(item, (*where, key))]
    if isinstance(value, list):
        return [p for i, item in enumerate(value) for p in unsafe_text(item, (*where, i))]
    if isinstance(value, float):
        return [Problem(pointer(where), "Write a whole number; amounts are in cents.")]
    return []
