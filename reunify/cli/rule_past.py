"""What `reunify rules replay` and `reunify rules reproduce` print. Both only read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from reunify.cli.database import opened
from reunify.eligibility import replays, reproducing
from reunify.eligibility.replay_caps import left_out_words
from reunify.eligibility.replay_report import with_words
from reunify.eligibility.reproducing import Reproduced
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused
from reunify.rates.queries import organisation
from reunify.reporting import uses
from reunify.rules import current
from reunify.rules.bundle import joined
from reunify.rules.model import Rulebook
from reunify.rules.reading import compile_rulebook
from reunify.settings import Settings


class DraftNotRead(Refused):
    """The rule file is not there, or cannot be opened."""


class SayWhichAnswer(Refused):
    """Neither one determination nor all of them were asked for, or both."""


def replay(settings: Settings, draft: Path, *, since: date | None, as_json: bool) -> list[str]:
    """The lines to print. Raises DraftNotRead, RuleFileBroken."""
    book = _compiled(draft)
    with opened(settings, with_keys=True) as db:
        tally = replays.replay_now(db, book=book, since=since, now=datetime.now(UTC), earlier=uses.before)
    report = with_words(tally.report(since=since), book)
    if as_json:
        return [json.dumps(report, ensure_ascii=False, indent=2)]
    return [*_counts(book, report), "", *_answers(report), "", *_money(report), *_samples(report)]


def _compiled(draft: Path) -> Rulebook:
    """The file with the tables beside it, by the dictionary of the rules folder."""
    try:
        tables = {t.name: t.read_bytes() for t in sorted(draft.parent.glob(f"{draft.stem}.*.csv"))}
        body = joined(draft.read_bytes(), tables)
    except OSError as wrong:
        raise DraftNotRead(f"{draft} cannot be read: {wrong.strerror}. Name a rule file.") from None
    return compile_rulebook(body, current.dictionary().dictionary, draft.name)


def _counts(book: Rulebook, report: dict[str, Any]) -> Iterator[str]:
    since = f" since {report['since']}" if report["since"] else ""
    yield f"{book.name}, in force from {book.effective_from}"
    stays, another = f"{report['same']} stay as they are", f"{report['flips_total']} would be another"
    yes = f"{report['flips_to_yes']} of them a yes that was none"
    yield f"{report['determinations']} past answers{since}: {stays}, {another}, {yes}."
    apart = {
        "not_covered": "are trips of other days than this version's",
        "skipped_erased": "are of families whose data was erased",
        "skipped_unreadable": "were kept in a form that is no longer read",
    }
    yield from (f"{report[key]} more {said}." for key, said in apart.items() if report[key])


def _answers(report: dict[str, Any]) -> Iterator[str]:
    yield f"{'before':<24}{'by the draft':<24}{'families':>8}"
    for before, after, count in report["answers"]:
        yield f"{_words(before):<24}{_words(after):<24}{count:>8}"


def _money(report: dict[str, Any]) -> Iterator[str]:
    if not report["by_fund"]:
        return
    yield f"{'fund':<34}{'payable before':>18}{'by the draft':>18}"
    for row in report["by_fund"]:
        before, after = (_amount(row[key], row["unit"]) for key in ("payable_before", "payable_after"))
        yield f"{row['source']:<34}{before:>18}{after:>18}"
    left_out = left_out_words(report["caps_not_counted"])
    if left_out:
        yield "Less may be payable than these sums say. They do not count:"
        yield from (f"  {said}" for said in left_out)


def _samples(report: dict[str, Any]) -> Iterator[str]:
    for sample in report["samples"]:
        yield ""
        count = sample["families"]
        many = "1 case" if count == 1 else f"{count} cases"
        yield f"{many}: {_words(sample['from'])}, then {_words(sample['to'])}"
        for why in sample["because"]:
            yield f"  {why['id']} {why['name']}: {_words(why['from'])}, then {_words(why['to'])}"
            if why["cite"]:
                yield f"    {why['cite']}"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _amount(value: int, unit: str) -> str:
    return str(Money(value)) if unit == "cents" else f"{value} {unit}{'' if value == 1 else 's'}"


def reproduce(
    settings: Settings, determination: str | None, *, every: bool, since: date | None
) -> Iterator[tuple[str, bool]]:
    """Lines to print, each with whether an answer differs. Raises SayWhichAnswer, NotFound."""
    if (determination is None) != every:
        raise SayWhichAnswer("Name one determination by its id, or type --all.")
    if determination is not None:
        yield _one(settings, determination)
        return
    counts: Counter[str] = Counter()
    for found in _all(settings, since):
        counts[_verdict(found)] += 1
        if found.same is not True:
            yield _line(found), found.differs
    yield ", ".join(f"{counts[word]} {word}" for word in ("same", "different", "not comparable")), False


def _one(settings: Settings, determination: str) -> tuple[str, bool]:
    try:
        asked = UUID(determination)
    except ValueError:
        raise SayWhichAnswer("A determination is named by its id.") from None
    with opened(settings, with_keys=True) as db, db.read() as session:
        found = reproducing.reproduce(session, asked)
    return _line(found), found.differs


def _all(settings: Settings, since: date | None) -> Iterator[Reproduced]:
    """In batches, each in a short session of its own."""
    after: UUID | None = None
    with opened(settings, with_keys=True) as db:
        while True:
            with db.read() as session:
                begins = None
                if since is not None:
                    zone = organisation(session, on=datetime.now(UTC).date()).zone
                    begins = datetime.combine(since, time(), zone)
                found = reproducing.batch(session, after=after, since=begins)
            if not found:
                return
            yield from found
            after = found[-1].determination_id


def _verdict(found: Reproduced) -> str:
    return {True: "same", False: "different", None: "not comparable"}[found.same]


def _line(found: Reproduced) -> str:
    why = f": {'; '.join(found.why)}" if found.why else ""
    return f"{found.determination_id} {found.source} {_verdict(found)}{why}"
