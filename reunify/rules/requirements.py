"""The requirements of a rule file, and the small parts every place of it shares: a day, a citation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from reunify.rates.closed_yaml import Reader, RuleFileBroken
from reunify.rates.fields import Dictionary, words
from reunify.rules import cells
from reunify.rules.cells import Cell, NotACell
from reunify.rules.model import CONFIDENCES, FORMS, Cite, Requirement

_ID = re.compile(r"[A-Z]{2,4}-\d{2}")
_ATTESTABLE = "attestable facts of a requirement: never identity, custody, safety, or a staff decision"
MOST = 200  # requirements of one source: every answer judges them all
_DAYS = re.compile(r"([1-9]\d{0,2}) days?")


def day(part: Reader, key: str) -> date:
    """A date as `2026-01-01`. Raises RuleFileBroken."""
    written = part.text(key)
    try:
        if len(written) != 10:
            raise ValueError
        return date.fromisoformat(written)
    except ValueError:
        raise part.broken(key, f"`{written}`", "a date like 2026-01-01") from None


def cite(part: Reader) -> Cite:
    written = Cite(part.text("doc"), part.text("at"), part.optional("link"))
    part.done()
    return written


def read_requirements(top: Reader, dictionary: Dictionary, file: str) -> Iterator[Requirement]:
    seen: set[str] = set()
    listed = top.items("requirements")
    if not listed:
        raise top.broken("requirements", "nothing", "at least one requirement")
    if len(listed) > MOST:
        raise top.broken("requirements", f"{len(listed)} of them", f"at most {MOST}")
    for number, value in enumerate(listed, 1):
        part = Reader(value, file, f"requirement {number}")
        name = part.text("id")
        if not _ID.fullmatch(name) or name in seen:
            raise part.broken("id", f"`{name}`", "capital letters, a dash, two digits, like DR-01; each once")
        seen.add(name)
        part.where = f"requirement {name}"
        yield _requirement(name, part, top, dictionary)


def _requirement(name: str, part: Reader, top: Reader, dictionary: Dictionary) -> Requirement:
    used = [k for k in FORMS if part.has(k)]
    if len(used) != 1:
        found = ", ".join(used) or "none of them"
        raise RuleFileBroken(part.file, part.where, found, f"exactly one of {', '.join(FORMS)}")
    form = used[0]
    groups: tuple[tuple[Cell, ...], ...] = ()
    if form != "decide_by":
        groups = _groups(part, form, dictionary)
    else:
        part.one_of("decide_by", ("staff",))
        if part.has("decision"):
            groups = _groups(part, "decision", dictionary)
    say = part.part("say")
    requirement = Requirement(
        id=name,
        name=part.text("name"),
        form=form,
        groups=groups,
        confidence=part.one_of("confidence", CONFIDENCES),
        cite=cite(part.part("cite")),
        met=words(say, "met"),
        not_met=words(say, "not_met"),
        verified_on=day(part if part.has("verified_on") else top, "verified_on"),
        review_by=day(part if part.has("review_by") else top, "review_by"),
        question=words(part, "question") if part.has("question") else None,
        owed_within=_owed_within(part.part("attest")) if part.has("attest") else None,
    )
    say.done()
    part.done()
    _check_asks(requirement, part, dictionary)
    return requirement


def _owed_within(part: Reader) -> int:
    written = part.text("owed_within")
    found = _DAYS.fullmatch(written)
    if not found:
        raise part.broken("owed_within", f"`{written}`", "a number of days like `10 days`, at most 999")
    part.done()
    return int(found[1])


def _groups(part: Reader, key: str, dictionary: Dictionary) -> tuple[tuple[Cell, ...], ...]:
    value = part.take(key)
    listed: list[Any] = value if isinstance(value, list) else [value]
    if (key == "require_any") != isinstance(value, list) or not listed:
        allowed = "a list of groups" if key == "require_any" else "one group of `fact: cell`"
        raise part.broken(key, "a list" if isinstance(value, list) else "one group", allowed)
    return tuple(_group(item, part, key, dictionary) for item in listed)


def _group(value: Any, part: Reader, key: str, dictionary: Dictionary) -> tuple[Cell, ...]:
    group = Reader(value, part.file, f"{part.where}, `{key}`")
    if not group.names():
        raise part.broken(key, "an empty group", "at least one `fact: cell`")
    found = []
    for field in group.names():
        if field not in dictionary.fields:
            raise group.broken(field, f"unknown field `{field}`", dictionary.allowed_for(field))
        try:
            found.append(cells.parse(group.text(field), dictionary[field]))
        except NotACell as wrong:
            raise group.broken(field, wrong.found, wrong.allowed) from None
    return tuple(found)


def _check_asks(requirement: Requirement, part: Reader, dictionary: Dictionary) -> None:
    """Who decides or attests is somebody who may; a plain staff decision has its question."""
    decided = requirement.form == "decide_by"
    if decided and not requirement.groups and requirement.question is None:
        raise part.broken("question", "nothing", "what the member of staff is asked, in en and es")
    if requirement.confidence == "UNVERIFIED" and (not decided or requirement.groups):
        raise part.broken("confidence", "UNVERIFIED", "HIGH or MEDIUM, or a plain `decide_by: staff`")
    for name in requirement.fields:
        field = dictionary[name]
        if decided and (field.supplied_by != ("staff",) or field.attestable):
            raise part.broken("decision", f"`{name}`", "a fact that only staff supply and nobody may attest")
        if requirement.owed_within is not None and not field.attestable:
            raise part.broken("attest", f"`{name}`", _ATTESTABLE)
    if requirement.owed_within is not None and decided:
        raise part.broken("attest", "a staff decision", _ATTESTABLE)
