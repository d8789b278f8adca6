"""A posted form becomes the nested draft, and nothing typed is lost: what cannot be read is kept as typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from reunify.kernel.money import Money, NotMoney
from reunify.kernel.refusals import Problem
from reunify.web.pages import form_told
from reunify.web.pages.form_fields import GROUPS, Field, Group
from reunify.web.pages.form_told import fields_at

Draft = dict[str, Any]
# Typed text that is no number stays in the draft behind this mark, so that nothing can take it for one.
AS_TYPED = "as typed: "
MONEY_REMEDY = "Write dollars and cents, like 1284.50."
_MOST_ITEMS = 200
# Parts that are left out when nothing in them was said; the others stay, to say what is missing in them.
_OPTIONAL = {
    "/household",
    "/return_authority",
    "located_place",
    "recovered_place",
    "readiness",
    "contact",
    "place",
}


def draft_of(form: FormData, *, keep_blank: bool = False) -> Draft:
    """The draft in the shape of `intake.form.TravelRequest`; empty answers are left out."""
    draft: Draft = {}
    for group in GROUPS:
        if group.one:
            draft[group.pointer[1:]] = _items(form, group, keep_blank)
            continue
        values = _values(form, group.pointer, group)
        if group.pointer == "":
            draft.update(_nested(group, values))
        elif group.pointer not in _OPTIONAL or _said(group.fields, values):
            draft[group.pointer[1:]] = _nested(group, values)
    if facts := form_told.read(form):
        draft["told"] = facts
    return draft


def with_item(draft: Draft, pointer: str, group: Group) -> int:
    """Add an empty thing to a list of the draft; its number."""
    items = draft.setdefault(pointer[1:], [])
    items.append({"key": new_key(items, group)})
    return len(items) - 1


def without_item(draft: Draft, pointer: str) -> None:
    """Take `/travelers/1` out, if it is there."""
    _, name, number = pointer.split("/")
    items = draft.get(name, [])
    if int(number) < len(items):
        del items[int(number)]


def new_key(items: list[Any], group: Group) -> str:
    taken = {item.get("key") for item in items if isinstance(item, dict)}
    return next(k for n in range(1, _MOST_ITEMS * 2) if (k := f"{group.key}{n}") not in taken)


def answer_to(form: FormData, pointer: str) -> tuple[Any, list[Problem]]:
    """The answer given to one question: a value, a small object, or None if nothing was said."""
    fields = fields_at(pointer)
    if not fields:
        typed = _typed(form, pointer)
        return typed or None, []
    values = {at: _read(form, at, field) for at, field in fields}
    wrong = [
        Problem(at, MONEY_REMEDY if field.kind == "money" else "Write a whole number.")
        for at, field in fields
        if is_as_typed(values[at])
    ]
    if len(fields) == 1 and fields[0][0] == pointer:
        field = fields[0][1]
        value = values[pointer]
        return (None if value in ("", [], field.start, None) else value), wrong
    if all(_blank(values[at]) or values[at] == f.start for at, f in fields):
        return None, []
    answer: Draft = {}
    for at, value in values.items():
        if value not in ("", None):
            _put(answer, at.removeprefix(pointer + "/"), value)
    return answer, wrong


def is_as_typed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(AS_TYPED)


def _items(form: FormData, group: Group, keep_blank: bool) -> list[Draft]:
    items = []
    for number in range(_MOST_ITEMS):
        base = f"{group.pointer}/{number}"
        key = _typed(form, f"{base}/key")
        if not key:
            break
        values = _values(form, base, group)
        if keep_blank or _said(group.fields, values):
            items.append({"key": key, **_nested(group, values)})
    return items


def _values(form: FormData, base: str, group: Group) -> dict[str, Any]:
    values = {f.path: _read(form, f"{base}/{f.path}", f) for f in group.fields}
    if values.get("ceiling_cents", 0) == "":
        values["ceiling_cents"] = values["quote_cents"]
    return values


def _said(fields: tuple[Field, ...], values: Mapping[str, Any]) -> bool:
    return any(not _blank(values[f.path]) and values[f.path] != f.start for f in fields)


def _blank(value: Any) -> bool:
    """Nothing was said. A zero says something: a baby's age, no income."""
    return value is None or value is False or value in ("", [])


def _nested(group: Group, values: Mapping[str, Any]) -> Draft:
    made: Draft = {}
    parts: dict[str, list[Field]] = {}
    for field in group.fields:
        head, _, rest = field.path.partition("/")
        parts.setdefault(head if rest else "", []).append(field)
    for head, fields in parts.items():
        if head in _OPTIONAL and not _said(tuple(fields), values):
            continue
        if head:
            made.setdefault(head, {})
        for field in fields:
            value = values[field.path]
            if not _blank(value):
                _put(made, field.path, value)
    return made


def _put(made: Draft, path: str, value: Any) -> None:
    *heads, last = path.split("/")
    for head in heads:
        made = made.setdefault(head, {})
    made[last] = value


def _typed(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _read(form: FormData, name: str, field: Field) -> Any:
    if field.kind == "several":
        return [v for v in form.getlist(name) if isinstance(v, str) and v]
    typed = _typed(form, name)
    if field.kind == "lines":
        return _lines(typed.upper() if field.path == "connections" else typed)
    if field.kind == "tick":
        return typed == "yes"
    if not typed:
        return ""
    if field.kind == "money":
        return _cents(typed)
    if field.kind == "whole":
        return int(typed) if re.fullmatch(r"\d{1,12}", typed, re.ASCII) else AS_TYPED + typed
    if field.path.rpartition("/")[2] in ("state", "country"):
        return typed.upper()
    return typed


def _lines(typed: str) -> list[str]:
    """One a line, or divided by commas."""
    return [line for part in re.split(r"[\n,]", typed) if (line := " ".join(part.split()))]


def _cents(typed: str) -> int | str:
    try:
        return Money.parse(typed).cents
    except NotMoney:
        return AS_TYPED + typed
