"""What changed between two versions of a source, in words. Nothing is said twice; no change says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from difflib import SequenceMatcher

from reunify.rates.fields import Dictionary, Words
from reunify.rules import readable
from reunify.rules.model import CARD, Cap, HandOff, Requirement, Row, Rulebook, Table

_LANGUAGES = (("English", "en"), ("Spanish", "es"))
_Dated = tuple[str, Requirement | HandOff, Requirement | HandOff]  # what it is called, before and after
_CARD_NAMES = {
    "staff": "what staff are told",
    "family": "what the family is told",
    "consequence": "what it costs the signer",
}


def in_words(old: Rulebook, new: Rulebook, dictionary: Dictionary) -> tuple[str, ...]:
    """A sentence for each change that means something, in the order of the new version.

    Two texts that differ only in comments, spaces or order of lines have no difference in words but for one
    sentence that says so. Identical: empty.
    """
    said = (
        *_heads(old, new, dictionary),
        *_requirements(old, new, dictionary),
        *_tables(old, new, dictionary),
        *_card(old.hand_off, new.hand_off),
    )
    if not said and old.sha256 != new.sha256:
        return ("Only comments, spaces or the order of lines changed; no rule and no sentence did.",)
    return tuple(dict.fromkeys(said))


def _heads(old: Rulebook, new: Rulebook, dictionary: Dictionary) -> Iterator[str]:
    yield from _changed("The source", old.source, new.source)
    yield from _changed("The name", old.name, new.name)
    yield from _wording("The public name", old.public_name, new.public_name)
    yield from _changed("The kind", old.kind, new.kind)
    yield from _changed("The unit", old.unit or "none", new.unit or "none")
    for name, flag in (
        ("Set by the organisation", "organisation_set"),
        ("Federal money", "federal"),
        ("A loan", "loan"),
        ("A card only", "card_only"),
    ):
        yield from _changed(name, _yes(getattr(old, flag)), _yes(getattr(new, flag)))
    yield from _changed(
        "In force",
        readable.dates_in_words(old, dictionary),
        readable.dates_in_words(new, dictionary),
    )
    yield from _members("It pays", "It no longer pays", old.pays, new.pays)
    yield from _payer_order(old, new)


def _payer_order(old: Rulebook, new: Rulebook) -> Iterator[str]:
    before, after = old.payer_order, new.payer_order
    if before is None or after is None:
        yield from _changed(
            "The order of payers",
            readable.payer_order_in_words(before) if before else "none",
            readable.payer_order_in_words(after) if after else "none",
        )
        return
    yield from _changed("The order of payers, tier", str(before.tier), str(after.tier))
    yield from _changed("The order of payers, its reason", before.because, after.because)
    yield from _changed(
        "The order of payers, where it is written",
        readable.cite_in_words(before.cite),
        readable.cite_in_words(after.cite),
    )


def _members(added: str, removed: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    more, fewer = [n for n in new if n not in old], [n for n in old if n not in new]
    for said, names in ((added, more), (removed, fewer)):
        if names:
            yield f"{said}: {', '.join(readable.category_in_words(n) for n in names)}."


def _requirements(old: Rulebook, new: Rulebook, dictionary: Dictionary) -> Iterator[str]:
    before = {r.id: r for r in old.requirements}
    after = {r.id: r for r in new.requirements}
    for name, requirement in after.items():
        if name not in before:
            yield f"{name} is new: {requirement.name}. {_test(requirement, dictionary)}"
        else:
            yield from _requirement(before[name], requirement, dictionary)
    for name, requirement in before.items():
        if name not in after:
            yield f"{name} is gone: {requirement.name}. {_test(requirement, dictionary)}"
    pairs: list[_Dated] = [(name, before[name], after[name]) for name in after if name in before]
    if old.hand_off is not None and new.hand_off is not None:
        pairs.append((CARD, old.hand_off, new.hand_off))
    yield from _dates(pairs)


def _dates(pairs: Sequence[_Dated]) -> Iterator[str]:
    """A whole file is read again at once, so one sentence for all of it whose date moved alike."""
    rules = sum(name != CARD for name, _, _ in pairs)
    for what, key in (("checked", "verified_on"), ("to be read again by", "review_by")):
        moved: dict[tuple[date | None, date | None], list[str]] = {}
        for name, old, new in pairs:
            if getattr(old, key) != getattr(new, key):
                moved.setdefault((getattr(old, key), getattr(new, key)), []).append(name)
        for (was, now), names in moved.items():
            ids = [name for name in names if name != CARD]
            said = ["every requirement"] if len(ids) == rules > 1 else ids
            who = ", ".join([*said, *(name for name in names if name == CARD)])
            yield from _changed(f"{who[0].upper()}{who[1:]}, {what}", str(was or "none"), str(now or "none"))


def _requirement(old: Requirement, new: Requirement, dictionary: Dictionary) -> Iterator[str]:
    yield from _changed(f"{new.id}, its name", old.name, new.name)
    if _meaning(old) != _meaning(new):
        yield from _changed(new.id, _test(old, dictionary), _test(new, dictionary))
    yield from _changed(f"{new.id}, confidence", old.confidence, new.confidence)
    yield from _changed(f"{new.id}, attested proof", _owed(old), _owed(new))
    yield from _changed(
        f"{new.id}, where it is written",
        readable.cite_in_words(old.cite),
        readable.cite_in_words(new.cite),
    )
    yield from _wording(f"{new.id}: the sentence for 'met'", old.met, new.met)
    yield from _wording(f"{new.id}: the sentence for 'not met'", old.not_met, new.not_met)
    yield from _wording(f"{new.id}: the question for staff", old.question, new.question)


def _test(requirement: Requirement, dictionary: Dictionary) -> str:
    """The form and its tests alone: confidence, question and proof have lines of their own."""
    groups = [readable.group_in_words(group, dictionary) for group in requirement.groups]
    heading = readable.FORMS_IN_WORDS[requirement.form]
    return f"{heading}: {'; or '.join(groups)}" if groups else heading


def _meaning(requirement: Requirement) -> tuple[str, frozenset[frozenset[tuple[str, str]]]]:
    """The order of tests and of groups means nothing."""
    groups = (frozenset((c.field, c.written) for c in group) for group in requirement.groups)
    return requirement.form, frozenset(groups)


def _owed(requirement: Requirement) -> str:
    days = requirement.owed_within
    return "not allowed" if days is None else f"owed {readable.attested_in_words(days)}"


def _tables(old: Rulebook, new: Rulebook, dictionary: Dictionary) -> Iterator[str]:
    before, after = {t.id: t for t in old.tables}, {t.id: t for t in new.tables}
    for name, table in after.items():
        if name not in before:
            rows = f"{len(table.rows)} row{'' if len(table.rows) == 1 else 's'}"
            yield f"Table {name} is new: {rows}; {readable.hit_in_words(table)}."
        else:
            yield from _table(before[name], table, (old.unit, new.unit), dictionary)
    for name in before:
        if name not in after:
            yield f"Table {name} is gone."


def _table(
    old: Table, new: Table, units: tuple[str | None, str | None], dictionary: Dictionary
) -> Iterator[str]:
    head = f"Table {new.id}"
    yield from _changed(f"{head}, which rows count", readable.hit_in_words(old), readable.hit_in_words(new))
    before, after = {r.id: r for r in old.rows}, {r.id: r for r in new.rows}
    for name, row in after.items():
        if name not in before:
            yield f"{head}, row {name} is new: {readable.row_in_words(row, dictionary, units[1])}."
        else:
            yield from _row(f"{head}, row {name}", before[name], row, units, dictionary)
    for name, row in before.items():
        if name not in after:
            yield f"{head}, row {name} is gone: {readable.row_in_words(row, dictionary, units[0])}."
    if new.hit == "first":
        yield from _moved(head, list(before), list(after))


def _row(
    head: str, old: Row, new: Row, units: tuple[str | None, str | None], dictionary: Dictionary
) -> Iterator[str]:
    before, after = {c.field: c for c in old.cells}, {c.field: c for c in new.cells}
    for name in dict.fromkeys([*after, *before]):
        field = dictionary[name]
        was = readable.cell_in_words(before[name], field) if name in before else "anything"
        now = readable.cell_in_words(after[name], field) if name in after else "anything"
        yield from _changed(f"{head}, {readable.fact_in_words(field)}", was, now)
    yield from _changed(f"{head} gives", _gives(old, units[0]), _gives(new, units[1]))
    yield from _changed(f"{head}, where it is written", old.cite, new.cite)


def _gives(row: Row, unit: str | None) -> str:
    def sortable(cap: Cap) -> tuple[str, str]:
        return cap.scope, cap.category or ""

    ordered = sorted(row.gives, key=sortable)
    return ", and ".join(readable.cap_in_words(cap, unit) for cap in ordered) or "no cap"


def _moved(head: str, old: list[str], new: list[str]) -> Iterator[str]:
    """In a `first` table the order of rows is a rule of its own."""
    kept_old, kept_new = [n for n in old if n in new], [n for n in new if n in old]
    if kept_old == kept_new:
        return
    stay = SequenceMatcher(None, kept_old, kept_new, autojunk=False).get_matching_blocks()
    still = {kept_new[block.b + n] for block in stay for n in range(block.size)}
    for name in kept_new:
        if name not in still:
            place = new.index(name)
            where = f"after row {new[place - 1]}" if place else "first"
            yield f"{head}, row {name} moved: it now comes {where}."


def _card(old: HandOff | None, new: HandOff | None) -> Iterator[str]:
    if old is None or new is None:
        if old is not new:
            yield "The hand-off card is new." if old is None else "The hand-off card is gone."
        return
    for part in fields(HandOff):
        was, now = getattr(old, part.name), getattr(new, part.name)
        if part.name in _CARD_NAMES:
            yield from _wording(f"The hand-off card: {_CARD_NAMES[part.name]}", was, now)
        elif part.name in ("verified_on", "review_by"):
            continue  # told with the requirements: most often it is one date for all
        elif part.name == "cite":
            yield from _changed(
                "The hand-off card, where it is written",
                readable.cite_in_words(was),
                readable.cite_in_words(now),
            )
        else:
            name = part.name.replace("_", " ")
            yield from _changed(f"The hand-off card, {name}", str(was or "none"), str(now or "none"))


def _wording(what: str, old: Words | None, new: Words | None) -> Iterator[str]:
    """Only that a sentence changed, and in which language: whoever reads it looks at the sentence."""
    if old is None or new is None:
        if old is not new:
            yield f"{what} is {'new' if old is None else 'gone'}."
        return
    for language, key in _LANGUAGES:
        if getattr(old, key) != getattr(new, key):
            yield f"{what} ({language}) changed."


def _changed(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{what}: was `{old}`, is now `{new}`."


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
