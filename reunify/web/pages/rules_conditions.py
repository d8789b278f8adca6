"""The tests of one requirement as drop-downs: a fact, how it is tested, and with what. Pure.

A condition is a cell of the rule language (`rules/cells.py`); every form of it has a name here, and whatever
cannot be read as one stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from reunify.kernel.refusals import Refused
from reunify.kernel.text import cleaned
from reunify.rates.fields import Dictionary
from reunify.rates.fields import Field as Fact
from reunify.web.pages.rules_document import Document, mappings_at, one_line, part_at
from reunify.web.pages.view import text_of

AS_WRITTEN = "as_written"
_SIGNS = {"is": "=", "under": "<", "at_most": "<=", "over": ">", "at_least": ">="}
_LISTS = {"one_of": "in", "none_of": "not in"}
WORDS = {
    "yes": "is yes",
    "no": "is no",
    "is": "is",
    "is_not": "is not",
    "under": "is under",
    "at_most": "is at most",
    "over": "is over",
    "at_least": "is at least",
    "between": "is between (both ends count)",
    "one_of": "is one of",
    "none_of": "is none of",
    "any": "is anything",
    AS_WRITTEN: "as written",
}
MANY = ("one_of", "none_of")
_KEYS = ("require", "require_any", "deny_if", "decision")


class FactTwice(Refused):
    """One group tests one fact twice."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`how` is a key of WORDS; `to` is the upper end of `between`; `values` are written as the facts are."""

    fact: str
    how: str
    values: tuple[str, ...] = ()
    to: str = ""

    @property
    def empty(self) -> bool:
        return not self.fact and not self.to and not any(self.values)


def joined(test: Condition) -> str:
    """The cell."""
    how, first = test.how, test.values[0] if test.values else ""
    if how in _SIGNS:
        return f"{_SIGNS[how]} {first}".strip()
    if how in _LISTS or how == "is_not":
        return f"{_LISTS.get(how, 'not in')} {', '.join(v for v in test.values if v)}".strip()
    if how == "between":
        return f"{first}..{test.to}"
    if how in ("yes", "no"):
        return how
    return "-" if how == "any" else first


def split(fact: str, cell: str, dictionary: Dictionary) -> Condition:
    """What a cell says."""
    known = dictionary.fields.get(fact)
    text = cell.strip()
    if text in ("yes", "no", "-"):
        return Condition(fact, "any" if text == "-" else text)
    if found := re.fullmatch(r"(<=|>=|<|>|=)\s*(.*)", text):
        return _of_type(
            Condition(fact, next(k for k, s in _SIGNS.items() if s == found[1]), (found[2],)), known
        )
    if found := re.fullmatch(r"(not in|in)(?:\s+(.*))?", text):
        values = tuple(part.strip() for part in (found[2] or "").split(","))
        one = len(values) == 1 and found[1] == "not in"
        return Condition(fact, "is_not" if one else "one_of" if found[1] == "in" else "none_of", values)
    if found := re.fullmatch(r"(\S*?)\.\.(\S*)", text):
        return Condition(fact, "between", (found[1],), found[2])
    return Condition(fact, AS_WRITTEN, (text,))


def _of_type(test: Condition, known: Fact | None) -> Condition:
    if known is not None and known.type == "yes_no" and test.how == "is" and test.values[0] in ("yes", "no"):
        return Condition(test.fact, test.values[0])
    return test


def groups_of(requirement: Document, dictionary: Dictionary) -> list[list[Condition]]:
    """What stands in the file; one empty group where nothing does."""
    for key in _KEYS:
        value = part_at(requirement, key)
        held = mappings_at(requirement, key) if isinstance(value, list) else [value]
        groups = [
            [split(str(n), c if isinstance(c, str) else "", dictionary) for n, c in g.items()]
            for g in held
            if isinstance(g, dict)
        ]
        if groups:
            return groups
    return [[]]


def groups_in(form: FormData) -> list[list[Condition]]:
    """What was typed, in its places. Raises HiddenText, TooLong, FieldTwice."""
    return [
        [_read(form, f"g{group}t{number}") for number in _numbers(form, rf"g{group}t(\d+)_fact")]
        for group in _numbers(form, r"g(\d+)")
    ]


def _numbers(form: FormData, pattern: str) -> list[int]:
    found = (re.fullmatch(pattern, name, re.ASCII) for name in form)
    return sorted({int(m[1]) for m in found if m and len(m[1]) < 5})


def begun(fact: str, dictionary: Dictionary) -> Condition:
    """A condition on this fact that says nothing yet."""
    known = dictionary.fields.get(fact)
    first = {"yes_no": "yes", "choice": "is"}.get(known.type if known else "", "at_most")
    return Condition(fact, first)


def groups_as_typed(form: FormData) -> list[list[Condition]]:
    """For a page shown again: what can be read of it, and one empty group where nothing can."""
    groups = [
        [
            Condition(
                _plain(form, f"g{group}t{number}_fact"),
                _plain(form, f"g{group}t{number}_how"),
                tuple(cleaned(v) for v in form.getlist(f"g{group}t{number}_value") if isinstance(v, str)),
                _plain(form, f"g{group}t{number}_to"),
            )
            for number in _numbers(form, rf"g{group}t(\d+)_fact")
        ]
        for group in _numbers(form, r"g(\d+)")
    ]
    return groups or [[]]


def _plain(form: FormData, name: str) -> str:
    value = form.get(name)
    return cleaned(value) if isinstance(value, str) else ""


def _read(form: FormData, at: str) -> Condition:
    values = [v for v in form.getlist(f"{at}_value") if isinstance(v, str)]
    lines = tuple(v for value in values if (v := one_line(value, f"{at}_value", "A value")))
    how = text_of(form, f"{at}_how")
    if how in MANY and len(lines) == 1:
        lines = tuple(part.strip() for part in lines[0].split(","))
    if how == "is" and len(lines) > 1:
        how = "one_of"
    if how == "is_not" and len(lines) > 1:
        how = "none_of"
    fact = one_line(text_of(form, f"{at}_fact"), f"{at}_fact", "A fact")
    to = one_line(text_of(form, f"{at}_to"), f"{at}_to", "A value")
    return Condition(fact, how if how in WORDS else AS_WRITTEN, lines, to)


def put_groups(requirement: Document, form: str, groups: Sequence[Sequence[Condition]]) -> None:
    """Write the groups under the word for this form. Raises FactTwice."""
    for key in (*_KEYS, "decide_by"):
        requirement.pop(key, None)
    mappings = [mapping for n, g in enumerate(groups) if (mapping := _mapping(g, n))]
    if form == "decide_by":
        requirement["decide_by"] = "staff"
        if not mappings:
            return
    key = "decision" if form == "decide_by" else form
    several = form == "require_any" or len(mappings) != 1
    requirement[key] = mappings if several else mappings[0]


def _mapping(group: Sequence[Condition], number: int) -> Document:
    found: Document = {}
    for place, test in enumerate(group):
        if test.empty:
            continue
        if test.fact in found:
            raise FactTwice(
                "One group names the same fact twice. Use `is between`, `is one of`, or another group.",
                field=f"/g{number}t{place}_fact",
            )
        found[test.fact] = joined(test)
    return found


def form_of(requirement: Document) -> str:
    return next((f for f in ("require_any", "deny_if", "decide_by") if f in requirement), "require")
