"""One source's rules of one day: read from YAML, checked whole, compiled once, known by their fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from reunify.rates.closed_yaml import Reader, RuleFileBroken, read
from reunify.rates.fields import Dictionary, Words, words
from reunify.rules import bundle, cells
from reunify.rules.cells import Cell, NotACell
from reunify.rules.model import (
    CONFIDENCES,
    FORMS,
    KINDS,
    UNITS,
    Cite,
    HandOff,
    PayerOrder,
    Requirement,
    Rulebook,
)

RETURN_AUTHORITY = "return_authority_decision"
# The closed list of cost categories (intake's form; a test compares).
CATEGORIES = (
    "air_fare",
    "bus_fare",
    "rail_fare",
    "local_transport",
    "mileage",
    "lodging",
    "meals",
    "travel_documents",
)
_ID = re.compile(r"[A-Z]{2,4}-\d{2}")
_ATTESTABLE = "attestable facts of a requirement: never identity, custody, safety, or a staff decision"
_DAYS = re.compile(r"([1-9]\d{0,2}) days?")


def compile_rulebook(body: bytes, dictionary: Dictionary, file: str) -> Rulebook:
    """`body` as `bundle.joined` makes it. Raises RuleFileBroken at the first thing that is wrong.

    A file with a mistake is never half loaded.
    """
    rules, _tables = bundle.parted(body)
    top = Reader(read(rules, file), file, "top")
    kind = top.one_of("kind", KINDS)
    ours = kind != "elsewhere"
    card_only = _flag(top, "card_only")
    start, end, basis = _effective(top.part("effective"), dictionary)
    requirements = () if card_only else tuple(_requirements(top, dictionary, file))
    _check_built_in(requirements, kind, file)
    book = Rulebook(
        source=top.text("source"),
        name=top.text("name"),
        public_name=words(top, "public_name"),
        kind=kind,
        unit=top.one_of("unit", UNITS) if ours else None,
        organisation_set=top.one_of("organisation_set", ("yes", "no")) == "yes",
        federal=_flag(top, "federal"),
        loan=_flag(top, "loan"),
        card_only=card_only,
        effective_from=start,
        effective_to=end,
        basis=basis,
        pays=_pays(top) if ours else (),
        payer_order=_payer_order(top.part("payer_order")) if ours else None,
        requirements=requirements,
        tables=(),
        hand_off=_hand_off(top.part("hand_off")) if not ours else None,
        sha256=bundle.fingerprint(body),
        body=body,
    )
    _check_elsewhere(book, top)
    for default in ("verified_on", "review_by"):
        if top.has(default):
            day(top, default)
    top.done()
    return book


def day(part: Reader, key: str) -> date:
    """A date as `2026-01-01`. Raises RuleFileBroken."""
    written = part.text(key)
    try:
        if len(written) != 10:
            raise ValueError
        return date.fromisoformat(written)
    except ValueError:
        raise part.broken(key, f"`{written}`", "a date like 2026-01-01") from None


def _flag(part: Reader, key: str) -> bool:
    return part.one_of(key, ("yes", "no"), default="no") == "yes"


def _effective(part: Reader, dictionary: Dictionary) -> tuple[date, date | None, str]:
    start, end = day(part, "from"), day(part, "to") if part.has("to") else None
    if end is not None and end < start:
        raise part.broken("to", f"`{end}`", f"a day on or after {start}")
    basis = part.text("basis")
    if basis not in dictionary.fields or dictionary[basis].type != "date":
        raise part.broken("basis", f"`{basis}`", "a date fact of _fields.yaml")
    part.done()
    return start, end, basis


def _pays(top: Reader) -> tuple[str, ...]:
    named = [str(n) for n in top.items("pays")]
    wrong = [n for n in named if n not in CATEGORIES] or [n for n in named if named.count(n) > 1]
    if wrong or not named:
        found = f"`{wrong[0]}`" if wrong else "nothing"
        raise top.broken("pays", found, f"each once, of {', '.join(CATEGORIES)}")
    return tuple(named)


def _payer_order(part: Reader) -> PayerOrder:
    written = part.text("tier")
    if not re.fullmatch(r"[1-9]\d{0,2}", written):
        raise part.broken("tier", f"`{written}`", "a whole number 1..999; lower pays first")
    order = PayerOrder(int(written), part.text("because"), _cite(part.part("cite")))
    part.done()
    return order


def _requirements(top: Reader, dictionary: Dictionary, file: str) -> Iterator[Requirement]:
    seen: set[str] = set()
    listed = top.items("requirements")
    if not listed:
        raise top.broken("requirements", "nothing", "at least one requirement")
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
        cite=_cite(part.part("cite")),
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
            raise group.broken(field, f"unknown field `{field}`", "a field of _fields.yaml")
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


def _check_built_in(requirements: tuple[Requirement, ...], kind: str, file: str) -> None:
    """Every source whose money or rooms we give carries the return authority, met by nothing but
    `safe_and_lawful`."""
    if kind == "elsewhere":
        return
    for r in requirements:
        if r.form == "decide_by" and r.fields == (RETURN_AUTHORITY,) and r.confidence == "HIGH":
            (cell,) = r.groups[0]
            if cell.wants == ("safe_and_lawful",) and cell.written.startswith("="):
                return
    raise RuleFileBroken(
        file,
        "requirements",
        "no return authority",
        "one requirement with `decide_by: staff`, confidence HIGH and "
        '`decision: {return_authority_decision: "= safe_and_lawful"}`',
    )


def _check_elsewhere(book: Rulebook, top: Reader) -> None:
    if book.kind != "elsewhere" and (book.loan or book.card_only):
        raise top.broken("loan" if book.loan else "card_only", "yes", "no, unless `kind: elsewhere`")
    if book.loan and (book.hand_off is None or book.hand_off.consequence is None):
        raise top.broken("hand_off", "a loan without `consequence`", "what it costs the signer")


def _cite(part: Reader) -> Cite:
    cite = Cite(part.text("doc"), part.text("at"), part.optional("link"))
    part.done()
    return cite


def _hand_off(part: Reader) -> HandOff:
    consequence: Words | None = words(part, "consequence") if part.has("consequence") else None
    hand_off = HandOff(
        staff=words(part, "staff"),
        family=words(part, "family"),
        deadline=part.text("deadline"),
        cite=_cite(part.part("cite")),
        follow_up_days=_follow_up(part) if part.has("follow_up_days") else 0,
        phone=part.optional("phone"),
        form=part.optional("form"),
        link=part.optional("link"),
        consequence=consequence,
    )
    part.done()
    return hand_off


def _follow_up(part: Reader) -> int:
    written = part.text("follow_up_days")
    if not re.fullmatch(r"[1-9]\d?", written):
        raise part.broken("follow_up_days", f"`{written}`", "a number of days, 1..99")
    return int(written)
