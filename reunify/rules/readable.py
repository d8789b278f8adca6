"""A rulebook in words, for the pages, the command line and the differences. English, as all staff screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reunify.kernel.money import Money
from reunify.rates.fields import Dictionary, FactValue, Field
from reunify.rules.cells import Cell
from reunify.rules.model import Cap, Cite, HandOff, PayerOrder, Requirement, Row, Rulebook, Table

KINDS_IN_WORDS = {
    "held": "ours to give",
    "asked": "someone else's money, asked for with our answer",
    "elsewhere": "someone else pays; we only point the way",
}
FORMS_IN_WORDS = {
    "require": "Must hold",
    "require_any": "At least one must hold",
    "deny_if": "Refused when",
    "decide_by": "A member of staff decides",
}
HITS_IN_WORDS = {
    "unique": "exactly one row matches",
    "first": "the first row that matches counts",
    "collect": "every row that matches counts; of two caps of one kind the lowest wins",
}
SCOPES_IN_WORDS = {
    "trip": "for a trip",
    "family": "for a family",
    "child": "for a child",
    "traveler": "for each traveler",
    "leg": "for each leg",
}
_ONE = {"years": "year", "nights": "night", "tickets": "ticket", "people": "person"}
_UNDER = {"<": "under", "<=": "at most", ">": "over", ">=": "at least"}
_BEFORE = {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after"}


def fact_in_words(field: Field) -> str:
    """The label inside a sentence: `Household size` as `household size`; `NCMEC number` stays."""
    label = field.label.en
    second = label.partition(" ")[2][:1]
    name = label[1:2].isupper() or second.isupper()  # NCMEC number, Home Free tickets
    return label if name else label[:1].lower() + label[1:]


def value_in_words(field: Field, value: FactValue) -> str:
    """`$1,284.50`, `18 years`, `Endangered runaway`. A unit of one word goes with the number."""
    shown = field.shown(value)
    unit = _ONE.get(field.unit, field.unit) if field.unit and value == 1 else field.unit
    counted = field.type == "integer" and value is not None and unit and " " not in unit
    return f"{shown} {unit}" if counted else shown


def test_in_words(cell: Cell, field: Field) -> str:
    """`income as a percent of the organisation's limit is at most 100`."""
    fact, said = fact_in_words(field), cell_in_words(cell, field)
    if field.type == "yes_no" and said in ("yes", "no", "anything"):
        return f"{fact}: {said}"
    return f"{fact}: anything" if said == "anything" else f"{fact} is {said}"


def cell_in_words(cell: Cell, field: Field) -> str:
    """The cell without its fact, as a table shows it below the head of its column: `at most 100`."""
    written = cell.written
    if written == "-":
        return "anything"
    values = [value_in_words(field, value) for value in cell.wants]
    sign = written.split(maxsplit=1)[0]
    if sign in _UNDER:
        return f"{(_BEFORE if field.type == 'date' else _UNDER)[sign]} {values[0]}"
    if written.startswith("not in"):
        return f"not {values[0]}" if len(values) == 1 else f"none of {_listed(values, 'or')}"
    if sign == "in":
        return _listed(values, "or")
    return f"{values[0]} to {values[1]}" if len(values) == 2 else values[0]


def requirement_in_words(requirement: Requirement, dictionary: Dictionary) -> tuple[str, ...]:
    """A heading and below it a line for each test, then what confidence and attesting mean for it."""
    tests = [group_in_words(group, dictionary) for group in requirement.groups]
    if requirement.form in ("require", "deny_if"):
        tests = [test_in_words(cell, dictionary[cell.field]) for cell in requirement.groups[0]]
    lines = [f"{_heading(requirement, len(tests))}:", *tests]
    if requirement.question is not None:
        lines.append(f"Staff are asked: {requirement.question.en}")
    if requirement.confidence != "HIGH" and requirement.form in ("require", "require_any"):
        lines.append("Never refuses by itself: otherwise a member of staff is asked.")
    if requirement.owed_within is not None:
        lines.append(f"May be attested; the proof is owed {attested_in_words(requirement.owed_within)}.")
    return tuple(lines) if tests else tuple(lines[1:]) or ("A member of staff decides.",)


def _heading(requirement: Requirement, tests: int) -> str:
    together = ", all together" if tests > 1 else ""
    if requirement.form == "deny_if":
        asks = requirement.confidence != "HIGH"
        return ("A member of staff is asked when" if asks else "Refused when") + together
    if requirement.form == "decide_by":
        return "A member of staff decides; met when"
    return FORMS_IN_WORDS[requirement.form] + (together if requirement.form == "require" else "")


def group_in_words(cells: Sequence[Cell], dictionary: Dictionary) -> str:
    """Tests that must hold together, in one line."""
    return " and ".join(test_in_words(cell, dictionary[cell.field]) for cell in cells)


def facts_in_words(facts: Mapping[str, FactValue], dictionary: Dictionary) -> str:
    """A concrete example: `age of the child now is 18 years, purpose of the trip is Visit the child`."""
    said = []
    for name, value in facts.items():
        field = dictionary[name]
        between = ":" if field.type == "yes_no" else " is"
        said.append(f"{fact_in_words(field)}{between} {value_in_words(field, value)}")
    return ", ".join(said)


def attested_in_words(days: int) -> str:
    return f"within {days} day{'' if days == 1 else 's'}"


def cap_in_words(cap: Cap, unit: str | None) -> str:
    """`at most $1,500.00 for a trip, lodging`; `at most 1 use in a lifetime`."""
    if cap.scope == "lifetime_uses":
        return f"at most {cap.at_most} use{'' if cap.at_most == 1 else 's'} in a lifetime"
    what = f", {category_in_words(cap.category)}" if cap.category else ""
    return f"at most {amount_in_words(cap.at_most, unit)} {SCOPES_IN_WORDS[cap.scope]}{what}"


def amount_in_words(amount: int, unit: str | None) -> str:
    """An amount in a source's own unit: `$1,500.00`, `1 night`, `25,000 miles`."""
    if unit in (None, "cents"):
        return str(Money(amount))
    return f"{amount:,} {unit}{'' if amount == 1 else 's'}"


def category_in_words(category: str) -> str:
    return category.replace("_", " ")


def hit_in_words(table: Table) -> str:
    return HITS_IN_WORDS[table.hit]


def row_in_words(row: Row, dictionary: Dictionary, unit: str | None) -> str:
    """`age of the child now is under 12 years: at most $900.00 for a trip`."""
    tests = [c for c in row.cells if c.written != "-"]
    when = group_in_words(tests, dictionary) if tests else "always"
    return f"{when}: {gives_in_words(row, unit)}"


def gives_in_words(row: Row, unit: str | None) -> str:
    return ", and ".join(cap_in_words(cap, unit) for cap in row.gives) or "no cap"


def heads_in_words(table: Table, dictionary: Dictionary) -> tuple[str, ...]:
    """The heads of a readable table: the row, each fact, what it gives, where it is written."""
    return ("Row", *(dictionary[name].label.en for name in table.fields), "Gives", "Where it is written")


def rows_in_words(table: Table, dictionary: Dictionary, unit: str | None) -> tuple[tuple[str, ...], ...]:
    """Below `heads_in_words`, a line for each row."""
    return tuple(
        (
            row.id,
            *(cell_in_words(cell, dictionary[cell.field]) for cell in row.cells),
            gives_in_words(row, unit),
            row.cite,
        )
        for row in table.rows
    )


def cite_in_words(cite: Cite) -> str:
    return f"{cite.doc}, {cite.at}" + (f" ({cite.link})" if cite.link else "")


def dates_in_words(book: Rulebook, dictionary: Dictionary) -> str:
    """`from 2026-01-01 on, by the first travel day`."""
    end = f" to {book.effective_to}" if book.effective_to else " on"
    return f"from {book.effective_from}{end}, by {fact_in_words(dictionary[book.basis])}"


def payer_order_in_words(order: PayerOrder) -> str:
    return f"tier {order.tier} (lower pays first): {order.because}"


def traits_in_words(book: Rulebook) -> str:
    """Kind and flags in one line."""
    said = [KINDS_IN_WORDS[book.kind]]
    said += ["set by the organisation"] if book.organisation_set else []
    said += ["federal money"] if book.federal else []
    said += ["a loan"] if book.loan else []
    said += ["a card only: a person reads it"] if book.card_only else []
    return "; ".join(said)


def table_text(book: Rulebook, dictionary: Dictionary) -> str:
    """The whole version as plain text for a terminal."""
    lines = [f"{book.name} ({book.source})", f"  {traits_in_words(book)}"]
    lines.append(f"  In force {dates_in_words(book, dictionary)}")
    if book.pays:
        lines.append(f"  Pays: {', '.join(category_in_words(name) for name in book.pays)}")
    if book.payer_order:
        lines.append(f"  Order: {payer_order_in_words(book.payer_order)}")
    lines.append(f"  Fingerprint {book.sha256}")
    for requirement in book.requirements:
        lines += ["", f"{requirement.id}  {requirement.name}  [{requirement.confidence}]"]
        lines += [f"    {line}" for line in requirement_in_words(requirement, dictionary)]
        lines.append(f"    Where it is written: {cite_in_words(requirement.cite)}")
        lines.append(f"    Checked {requirement.verified_on}, to be read again by {requirement.review_by}")
    for table in book.tables:
        lines += ["", f"Table {table.id} ({table.file}): {hit_in_words(table)}"]
        heads = heads_in_words(table, dictionary)
        lines += [f"    {line}" for line in columns([heads, *rows_in_words(table, dictionary, book.unit)])]
    lines += _card_lines(book.hand_off) if book.hand_off else []
    return "\n".join(lines) + "\n"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Text in columns, the first row above a line."""
    wide = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    shown = ["  ".join(f"{text:{w}}" for text, w in zip(row, wide, strict=True)).rstrip() for row in rows]
    return [shown[0], "  ".join("-" * w for w in wide), *shown[1:]]


def _card_lines(card: HandOff) -> list[str]:
    lines = ["", "Hand-off", f"    For staff: {card.staff.en}", f"    For the family: {card.family.en}"]
    lines.append(f"    Deadline: {card.deadline}")
    for name, said in (("Phone", card.phone), ("Form", card.form), ("Link", card.link)):
        lines += [f"    {name}: {said}"] if said else []
    if card.follow_up_days:
        lines.append(f"    Followed up after {card.follow_up_days} days")
    if card.consequence:
        lines.append(f"    What it costs the signer: {card.consequence.en}")
    lines.append(f"    Where it is written: {cite_in_words(card.cite)}")
    if card.review_by:
        lines.append(f"    Checked {card.verified_on}, to be read again by {card.review_by}")
    return lines


def _listed(values: Sequence[str], last: str) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} {last} {values[-1]}"
