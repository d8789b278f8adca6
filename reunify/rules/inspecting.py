"""What can be wrong with one version that reads well: its tables, dates, sentences and citations. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from reunify.rates.fields import Dictionary, Words
from reunify.rules import readable
from reunify.rules.analysis import TableFindings, analyse, contradictions
from reunify.rules.model import CARD, Cite, Rulebook, Table
from reunify.rules.policy import shared_ids

_FILE_NAME = re.compile(r"[\w./-]+\.(?:pdf|html?|md|txt|csv|docx?|xlsx?|ya?ml)", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"\bhttps?:\S*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")

Exists = Callable[[str], bool]  # whether a file that a citation names is there


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. An `error` stops a release; anything else is a warning."""

    file: str
    place: str
    finding: str
    remedy: str
    error: bool = True

    def content(self) -> dict[str, str | bool]:
        return asdict(self)


def of_version(
    book: Rulebook, file: str, dictionary: Dictionary, on: date, exists: Exists
) -> Iterator[Finding]:
    """Everything but the examples. `on`: the day of the check, for what must be read again."""
    for ids in contradictions(book, dictionary):
        yield Finding(
            file,
            ", ".join(ids),
            "no facts can meet these requirements together, so the answer is never yes",
            "change or remove one of them",
        )
    for table in book.tables:
        yield from _of_table(table, book, f"{book.source}/{table.file}", dictionary)
    yield from _of_citations(book, file, exists)
    yield from _of_sentences(book, file)
    yield from _of_review(book, file, on)


def of_dates(source: str, books: tuple[Rulebook, ...], on: date) -> Iterator[Finding]:
    """Days that two versions of one source claim, and days that none does. `books`: oldest first."""
    for older, newer in pairwise(books):
        file, last = f"{source}/{older.effective_from}.yaml", older.effective_to
        if last is None:
            continue  # open: it ends where the next begins
        day_before = newer.effective_from - timedelta(days=1)
        if last > day_before:
            yield Finding(
                file,
                "`effective.to`",
                f"{newer.effective_from} to {last} belong to the version of {newer.effective_from} as well",
                f"end this version on {day_before}",
            )
        elif last < day_before:
            yield Finding(
                file,
                "`effective.to`",
                f"no version is in force from {last + timedelta(days=1)} to {day_before}",
                f"end this version on {day_before}, leave `to` out, or add a version for those days",
            )
    end = books[-1].effective_to if books else None
    if end is not None and end < on:
        yield Finding(
            f"{source}/{books[-1].effective_from}.yaml",
            "`effective.to`",
            f"the newest version ended on {end}, so this source answers nothing today",
            "add the next version, or leave it if the source has ended",
            error=False,
        )


def of_ids(books: Sequence[Rulebook]) -> Iterator[Finding]:
    """What a person decides is kept under an id alone: a yes for one source would count for another."""
    for at, book in enumerate(books):
        for name, source in shared_ids(book, books[:at]):
            yield Finding(
                f"{book.source}/{book.effective_from}.yaml",
                f"id {name}",
                f"{source} uses this id too, and what people decide is kept under it",
                "give this requirement or table an id of its own",
            )


def of_dictionary(dictionary: Dictionary) -> Iterator[Finding]:
    """The questions: both languages are there (the file does not load otherwise) and differ."""
    for name, field in dictionary.fields.items():
        if _same(field.question):
            yield _untranslated("_fields.yaml", f"{name}, `question`")
        if _same(field.label) and len(field.label.en.split()) > 3:
            yield _untranslated("_fields.yaml", f"{name}, `label`")


def _of_table(table: Table, book: Rulebook, file: str, dictionary: Dictionary) -> Iterator[Finding]:
    told = analyse(table, book, dictionary)
    for gap in told.gaps:
        example = readable.facts_in_words(gap, dictionary) or "any facts"
        yield Finding(
            file,
            "whole table",
            f"no row matches when {example}",
            "add a row, or widen one; a row may give `-`, no cap",
        )
    for overlap in told.overlaps:
        yield Finding(
            file,
            f"rows {' and '.join(overlap.rows)}",
            f"both match when {readable.facts_in_words(overlap.example, dictionary) or 'anything holds'}",
            "narrow one of them: in a `unique` table exactly one row matches",
        )
    for row in told.never:
        yield Finding(file, f"row {row}", "no facts can ever match it", "correct its cells or remove it")
    for row in told.shadowed:
        yield Finding(
            file,
            f"row {row}",
            "earlier rows always match first, so it never counts",
            "move it up, narrow the earlier rows, or remove it",
        )
    yield from _unsure(told, file)


def _unsure(told: TableFindings, file: str) -> Iterator[Finding]:
    for row in told.refused:
        yield Finding(
            file,
            f"row {row}",
            "it matches only what the requirements refuse",
            "remove it, unless it is there to be safe",
            error=False,
        )
    if told.too_many is not None:
        yield Finding(
            file,
            "whole table",
            f"{told.too_many:,} combinations are too many: gaps and shadowed rows were not looked for",
            "split the table, or name fewer limits in it",
            error=False,
        )


def _of_citations(book: Rulebook, file: str, exists: Exists) -> Iterator[Finding]:
    cites: list[tuple[str, Cite]] = [(f"requirement {r.id}, `cite`", r.cite) for r in book.requirements]
    if book.payer_order is not None:
        cites.append(("`payer_order`, `cite`", book.payer_order.cite))
    links = [(f"{where}, `link`", cite.link) for where, cite in cites]
    if book.hand_off is not None:
        cites.append(("`hand_off`, `cite`", book.hand_off.cite))
        links += [("`hand_off`, `cite`, `link`", book.hand_off.cite.link)]
        links += [("`hand_off`, `link`", book.hand_off.link)]
    for table in book.tables:
        for row in table.rows:
            found = _ADDRESS.findall(row.cite)
            links += [(f"table {table.id}, row {row.id}, `cite`", link.rstrip(".,;)")) for link in found]
    for where, cite in cites:
        if not (_LETTER.search(cite.doc) and cite.at.strip()):
            yield Finding(
                file, where, "a citation nobody can look up", "name the document and the place in it"
            )
        elif _FILE_NAME.fullmatch(cite.doc) and not exists(cite.doc):
            yield Finding(
                file,
                where,
                f"`{cite.doc}` is not there",
                "put the file beside the rules, or name the document",
            )
    for where, link in links:
        if link is not None and not _is_https(link):
            yield Finding(file, where, f"`{link[:60]}`", "a whole address that begins with https://")


def _is_https(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = not re.search(r"[\s<>\"`{}|\\^]", link) and "@" not in parts.netloc
    return parts.scheme == "https" and plain and port in (None, 443) and bool(_HOST.fullmatch(host))


def _of_sentences(book: Rulebook, file: str) -> Iterator[Finding]:
    said: list[tuple[str, Words | None]] = []
    for r in book.requirements:
        where = f"requirement {r.id}"
        said += [(f"{where}, `met`", r.met), (f"{where}, `not_met`", r.not_met)]
        said += [(f"{where}, `question`", r.question)]
        if r.met == r.not_met:
            yield Finding(
                file, where, "`met` and `not_met` are the same sentence", "say what is so in each case"
            )
    if book.hand_off is not None:
        card = book.hand_off
        said += [("`hand_off`, `staff`", card.staff), ("`hand_off`, `family`", card.family)]
        said += [("`hand_off`, `consequence`", card.consequence)]
    for where, text in said:
        if text is not None and _same(text):
            yield _untranslated(file, where)


def _same(text: Words) -> bool:
    return text.en.casefold() == text.es.casefold() and bool(_LETTER.search(text.en))


def _untranslated(file: str, where: str) -> Finding:
    return Finding(file, where, "the Spanish is a copy of the English", "translate it")


def _of_review(book: Rulebook, file: str, on: date) -> Iterator[Finding]:
    past: dict[date, list[str]] = {}
    for name, verified_on, review_by in _reviewed(book):
        where = name if name == CARD else f"requirement {name}"
        if review_by < on:
            past.setdefault(review_by, []).append(name)
        if verified_on > on:
            yield Finding(
                file,
                f"{where}, `verified_on`",
                f"{verified_on} has not come yet",
                "the day somebody read the citation",
            )
        elif review_by <= verified_on:
            yield Finding(
                file,
                f"{where}, `review_by`",
                f"{review_by} is not after it was verified, {verified_on}",
                "a later day",
            )
    if book.hand_off is not None and (book.hand_off.verified_on is None or book.hand_off.review_by is None):
        yield Finding(
            file,
            f"{CARD}, `review_by`",
            "nothing says when its numbers and limits were read, and when they must be read again",
            "write `verified_on` and `review_by` once for the whole file",
        )
    if not _newest_day(book, on):
        return
    for day, named in past.items():
        ids = [name for name in named if name != CARD]
        whole = bool(ids) and len(ids) == len(book.requirements)
        said = ["every requirement"] if whole else ids
        who = ", ".join([*said, *(name for name in named if name == CARD)])
        yield Finding(
            file,
            f"{who}, `review_by`",
            f"was to be read again by {day}",
            "read the citation again; then a new version with a new `verified_on` and `review_by`",
            error=False,
        )


def _reviewed(book: Rulebook) -> Iterator[tuple[str, date, date]]:
    """Whatever carries both days: when it was read, and by when it must be read again."""
    yield from ((r.id, r.verified_on, r.review_by) for r in book.requirements)
    card = book.hand_off
    if card is not None and card.verified_on is not None and card.review_by is not None:
        yield CARD, card.verified_on, card.review_by


def _newest_day(book: Rulebook, on: date) -> bool:
    """What has ended decides nothing new, so nobody need read its citations again."""
    return book.effective_to is None or book.effective_to >= on
