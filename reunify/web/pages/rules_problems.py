"""Where on a form the sentence about a broken rule file belongs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reunify.kernel.refusals import Refused
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_document import Document, field_id, mappings_at, text_at

_KEY = re.compile(r"`([^`]+)`")
_HEAD = re.compile(r"requirement ([A-Z]{2,4}-\d{2}|\d{1,3})")


@dataclass(frozen=True, slots=True)
class Placed:
    """`requirement`: its place in the file, 0 for the first; None for what is of the whole version.

    `keys`: the way to the part that is wrong, such as cite, doc.
    """

    sentence: str
    short: str
    requirement: int | None
    keys: tuple[str, ...]

    @property
    def path(self) -> str:
        return "/".join(self.keys)


def placed(problem: Refused, document: Document | None) -> Placed:
    """Of anything but a broken file only the sentence is known."""
    if not isinstance(problem, RuleFileBroken):
        return Placed(str(problem), str(problem), None, ())
    keys = tuple(_KEY.findall(problem.where))
    short = f"Found {problem.found}. Allowed: {problem.allowed}."
    named = _HEAD.match(problem.where)
    return Placed(str(problem), short, _number(named[1], document) if named else None, keys)


def _number(named: str, document: Document | None) -> int | None:
    if named.isdigit():
        return int(named) - 1
    ids = [text_at(item, "id") for item in mappings_at(document, "requirements")]
    return ids.index(named) if named in ids else None


def wrong_fields(at: Placed, fields: Iterable[Field]) -> dict[str, list[str]]:
    """The sentence under the field it is about: by its whole path, else the first one below or above it."""
    paths = [field.path for field in fields]
    if at.path in paths:
        return {at.path: [at.short]}
    for keys in (at.keys, at.keys[:-1]):
        near = [p for p in paths if keys and p.startswith("/".join(keys) + "/")]
        if near:
            return {near[0]: [at.short]}
    return {}


def wrong_facts(at: Placed) -> dict[str, list[str]]:
    """The sentence beside a condition, by the fact it tests."""
    if len(at.keys) == 2 and at.keys[0] in ("require", "require_any", "deny_if", "decision"):
        return {f"fact {at.keys[1]}": [at.short]}
    return {f"fact {at.keys[0]}": [at.short]} if len(at.keys) == 1 else {}


def summary_of(at: Placed, wrong: dict[str, list[str]], fields: Iterable[Field]) -> list[ShownProblem]:
    """For the list above the page."""
    for field in fields:
        if field.path in wrong:
            return [ShownProblem(field_id(field.path), field.label, at.short)]
    return [ShownProblem("main", "These rules cannot be read yet", at.sentence)]
