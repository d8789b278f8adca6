"""Where an answer may point (RFC 6901): a place of the form, written as the form writes it. Pure."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from reunify.intake.form import TravelRequest
from reunify.kernel.refusals import BadInput, Problem

_MOST_DIGITS = 3
_SLUG = re.compile(r"[a-z0-9_]{1,60}")


def check(answers: Mapping[str, Any]) -> list[str]:
    """The answers' pointers in order, each a place of the form. Raises BadInput, never repeating one.

    What passes holds names of the form and numbers only, so it may be logged.
    """
    for number, pointer in enumerate(answers, start=1):
        if not _is_place(pointer):
            raise BadInput(
                [
                    Problem(
                        "/answers",
                        f"Answer {number} of {len(answers)} names no field of the request. "
                        "Write it like /case/report_number.",
                    )
                ]
            )
    return sorted(answers)


def _is_place(pointer: str) -> bool:
    root, *parts = pointer.split("/")
    if root or not parts:
        return False
    at: Any = TravelRequest
    for part in parts:
        at = _within(at, part)
        if at is None:
            return False
    return True


def _within(kind: Any, part: str) -> Any:
    """The type of what `part` names inside `kind`; None if it names nothing. No field of ours needs `~`."""
    for shape in _shapes(kind):
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            field = shape.model_fields.get(part)
            return field.annotation if field else None
        if get_origin(shape) is dict:
            return get_args(shape)[1] if _SLUG.fullmatch(part) else None
        if get_origin(shape) is list:
            return get_args(shape)[0] if _is_position(part) else None
    return None


def _shapes(kind: Any) -> list[Any]:
    """What a value may be, without `Annotated` and the alternatives of a union."""
    if get_origin(kind) is Annotated:
        return _shapes(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [shape for one in get_args(kind) for shape in _shapes(one)]
    return [kind]


def _is_position(part: str) -> bool:
    plain = part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS
    return plain and part == str(int(part))
