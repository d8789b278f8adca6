"""One source's rules of one day: read from YAML, checked whole, compiled once, known by their fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from reunify.rates.closed_yaml import Reader, RuleFileBroken, read
from reunify.rates.fields import Dictionary, Words, words
from reunify.rules import bundle
from reunify.rules.model import HIT_POLICIES, KINDS, UNITS, HandOff, PayerOrder, Requirement, Rulebook, Table
from reunify.rules.requirements import cite, day, read_requirements
from reunify.rules.table_files import TableHead, read_table

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
    "unaccompanied_minor_fee",
)
_MOST_TABLES = 8  # every answer looks at all of them
_TABLE_ID = re.compile(r"[A-Z]{2,4}-[A-Z0-9]{2,12}")


def compile_rulebook(body: bytes, dictionary: Dictionary, file: str) -> Rulebook:
    """`body` as `bundle.joined` makes it. Raises RuleFileBroken at the first thing that is wrong.

    A file with a mistake is never half loaded.
    """
    rules, written = bundle.parted(body)
    top = Reader(read(rules, file), file, "top")
    kind = top.one_of("kind", KINDS)
    ours = kind != "elsewhere"
    card_only = _flag(top, "card_only")
    start, end, basis = _effective(top.part("effective"), dictionary)
    requirements = () if card_only else tuple(read_requirements(top, dictionary, file))
    _check_built_in(requirements, kind, file)
    unit = top.one_of("unit", UNITS) if ours else None
    pays = _pays(top) if ours else ()
    tables = tuple(_tables(top, written, (unit or "cents", pays or CATEGORIES), dictionary, file))
    if card_only and tables:
        raise top.broken("tables", "a table", "none, as nothing is judged with `card_only: yes`")
    _check_ids(requirements, tables, top)
    book = Rulebook(
        source=top.text("source"),
        name=top.text("name"),
        public_name=words(top, "public_name"),
        kind=kind,
        unit=unit,
        organisation_set=top.one_of("organisation_set", ("yes", "no")) == "yes",
        federal=_flag(top, "federal"),
        loan=_flag(top, "loan"),
        card_only=card_only,
        effective_from=start,
        effective_to=end,
        basis=basis,
        pays=pays,
        payer_order=_payer_order(top.part("payer_order")) if ours else None,
        requirements=requirements,
        tables=tables,
        hand_off=_hand_off(top.part("hand_off"), top) if not ours else None,
        sha256=bundle.fingerprint(body),
        body=body,
    )
    _check_elsewhere(book, top)
    for default in ("verified_on", "review_by"):
        _day_of_all(top, default)
    top.done()
    return book


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


def _tables(
    top: Reader,
    written: Mapping[str, bytes],
    limits: tuple[str, tuple[str, ...]],
    dictionary: Dictionary,
    file: str,
) -> Iterator[Table]:
    """`limits`: the unit of the caps and the categories they may name. Every CSV is named exactly once."""
    folder = file[: file.rfind("/") + 1]
    ids: set[str] = set()
    left = dict(written)
    listed = top.items("tables") if top.has("tables") else []
    if len(listed) > _MOST_TABLES:
        raise top.broken("tables", f"{len(listed)} of them", f"at most {_MOST_TABLES}")
    for number, value in enumerate(listed, 1):
        part = Reader(value, file, f"table {number}")
        name, csv_file = part.text("id"), part.text("file")
        if not _TABLE_ID.fullmatch(name) or name in ids:
            allowed = "capital letters, a dash, capitals or digits, like DR-CAPS; each once"
            raise part.broken("id", f"`{name}`", allowed)
        ids.add(name)
        if csv_file not in left:
            allowed = f"a CSV beside it, named once: {', '.join(sorted(written)) or 'there is none'}"
            raise part.broken("file", f"`{csv_file}`", allowed)
        head = TableHead(name, csv_file, part.one_of("hit", HIT_POLICIES), *limits)
        part.done()
        yield read_table(left.pop(csv_file), head, dictionary, folder + csv_file)
    if left:
        unnamed = sorted(left)[0]
        raise RuleFileBroken(
            folder + unnamed, "whole file", "a table nobody reads", f"a `tables` entry in {file}"
        )


def _check_ids(requirements: tuple[Requirement, ...], tables: tuple[Table, ...], top: Reader) -> None:
    """A staff decision is kept under one id, so a table may not share a requirement's."""
    both = {r.id for r in requirements}.intersection(t.id for t in tables)
    if both:
        raise top.broken("tables", f"`{min(both)}`, the id of a requirement", "an id of its own")


def _payer_order(part: Reader) -> PayerOrder:
    written = part.text("tier")
    if not re.fullmatch(r"[1-9]\d{0,2}", written):
        raise part.broken("tier", f"`{written}`", "a whole number 1..999; lower pays first")
    order = PayerOrder(int(written), part.text("because"), cite(part.part("cite")))
    part.done()
    return order


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


def _day_of_all(top: Reader, key: str) -> date | None:
    """What stands once for the whole file."""
    return day(top, key) if top.has(key) else None


def _hand_off(part: Reader, top: Reader) -> HandOff:
    consequence: Words | None = words(part, "consequence") if part.has("consequence") else None
    hand_off = HandOff(
        staff=words(part, "staff"),
        family=words(part, "family"),
        deadline=part.text("deadline"),
        cite=cite(part.part("cite")),
        follow_up_days=_follow_up(part) if part.has("follow_up_days") else 0,
        phone=part.optional("phone"),
        form=part.optional("form"),
        link=part.optional("link"),
        consequence=consequence,
        verified_on=_day_of_all(top, "verified_on"),
        review_by=_day_of_all(top, "review_by"),
    )
    part.done()
    return hand_off


def _follow_up(part: Reader) -> int:
    written = part.text("follow_up_days")
    if not re.fullmatch(r"[1-9]\d?", written):
        raise part.broken("follow_up_days", f"`{written}`", "a number of days, 1..99")
    return int(written)
