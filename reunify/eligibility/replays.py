"""Replay a version of rules over what was answered before, a batch at a time; approve it with what it found.

Of each request the newest checked version counts: the answer people act on now. Where the source was not
asked then, its facts still say what the version would answer. A family whose key is destroyed is counted and
passed over. Each batch is one short transaction that moves the progress row on: a worker that dies loses one.

Who was answered between a replay and the approval it led to is caught up with afterwards, by the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.eligibility import look_backs
from reunify.eligibility.look_back_records import ReplayProgress, ReplayYes
from reunify.eligibility.records import DeterminationRecord
from reunify.eligibility.replay import NOT_ASKED, Difference, Draft, Past
from reunify.eligibility.replay_report import Tally
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Staff
from reunify.rates.queries import organisation
from reunify.rules import actions as rules
from reunify.rules import current, moving
from reunify.rules import queries as rule_queries
from reunify.rules.model import Rulebook
from reunify.rules.views import ReplayView
from reunify.vault.keepers import Erased

BATCH = 200
BATCHES_IN_A_TURN = 5  # then other work has its turn, and the replay is found again
_UNFINISHED = ("waiting", "running")
_STILL_UNSEEN = timedelta(hours=1)  # an answer carries the time its transaction began
Found = tuple[Difference, int]
# Of determinations by their ids, by request: how many other trips of the child this source paid before. A
# room above counts them; a request that is not named counts as not known.
Earlier = Callable[[Session, str, Collection[UUID]], Mapping[UUID, int]]


def nobody_counts(session: Session, source: str, determinations: Collection[UUID]) -> Mapping[UUID, int]:
    """Where no room above is at hand, every count is unknown, and the report says so."""
    return {}


@may(system=True)
def run_replay(
    db: Database,
    *,
    replay_id: UUID,
    by: Actor,
    clock: Callable[[], datetime],
    run: str | None,
    batch: int = BATCH,
    batches: int = BATCHES_IN_A_TURN,
    earlier: Earlier = nobody_counts,
) -> int:
    """Go on with one replay for a turn, from where anybody left it. Gives how many batches were done.

    Nothing is done to one that is finished, or that another worker is at. A version that today's dictionary
    cannot read, and a dictionary that changes half-way, make the replay fail; one that catches up after an
    approval waits, or goes on. Raises NoSuchReplay.
    """
    for done in range(batches):
        with db.work() as session:
            if not _one_batch(session, replay_id, by, clock(), run, batch, earlier):
                return done
    return batches


def replay_now(
    db: Database, *, book: Rulebook, since: date | None, now: datetime, earlier: Earlier = nobody_counts
) -> Tally:
    """A version that need not be in the database, over everything, in memory. Changes nothing.

    `book`: compiled against `rules.current.dictionary()`.
    """
    with db.read() as session:
        draft, begins = _draft(session, book), _begins(session, since, now)
    tally, after = Tally(draft), None
    while True:
        with db.read() as session:
            rows = _past(session, draft.book.source, after=after, begins=begins, limit=BATCH)
            _compare(rows, draft, tally, earlier(session, book.source, [row.id for row in rows]))
        if len(rows) < BATCH:
            return tally
        after = rows[-1].request_id


@may(Role.RULES_AUTHOR)
def approve_version(session: Session, *, sha256: str, reason: str, by: Staff, now: datetime) -> bool:
    """Bring a version into force, and owe a second look to every family its replays turned to a yes; who was
    answered since the replay began is looked for next.

    False while one more person is needed. Raises what `rules.actions.approve` raises.
    """
    if not rules.approve(session, sha256=sha256, reason=reason, by=by, now=now):
        return False
    books, _ = current.compiled(session, [sha256])
    look_backs.owe(session, book=books[sha256], by=by, now=now)
    rules.catch_up(session, sha256=sha256, by=by, now=now)
    return True


def _draft(session: Session, book: Rulebook) -> Draft:
    """The version as it would stand among those in force: it takes the place of one of the same day."""
    standing = moving.in_force(session, book.source)
    others = [row.sha256 for row in standing if row.effective_from != book.effective_from]
    books, _ = current.compiled(session, others)
    return Draft(book, current.dictionary().dictionary, books.values())


def _one_batch(
    session: Session,
    replay_id: UUID,
    by: Actor,
    now: datetime,
    run: str | None,
    batch: int,
    earlier: Earlier,
) -> bool:
    asked = rule_queries.replay(session, replay_id)
    progress = _progress(session, asked, by, now, run)
    if progress is None:
        return False
    books, _ = current.compiled(session, [asked.sha256])
    book = books.get(asked.sha256)
    if asked.follows is not None and book is None:
        return False  # in force already, and nobody would ask for it anew: it waits until it can be read
    if book is None or (asked.follows is None and not _same_dictionary(session, replay_id)):
        session.delete(progress)
        rules.fail_replay(session, replay_id=replay_id, by=by, now=now)
        return True
    draft = _draft(session, book)
    tally = Tally(draft, progress.tally)
    begins = _begins(session, asked.since, now, follows=asked.follows)
    rows = _past(session, book.source, after=progress.after, begins=begins, limit=batch)
    # What this very version answered is no answer of the past.
    old = [row for row in rows if row.rule_sha256 != book.sha256] if asked.follows else rows
    counts = earlier(session, book.source, [row.id for row in old])
    _keep_yeses(session, asked, _compare(old, draft, tally, counts))
    if len(rows) < batch:
        if asked.follows is not None:
            look_backs.owe(session, book=book, by=by, now=now)
        session.delete(progress)
        report = tally.report(since=asked.since)
        rules.report_replay(session, replay_id=replay_id, report=report, by=by, now=now)
        return True
    progress.after, progress.tally, progress.at = rows[-1].request_id, tally.state(), now
    return True


def _progress(
    session: Session, asked: ReplayView, by: Actor, now: datetime, run: str | None
) -> ReplayProgress | None:
    """The row that says how far it is, locked; begun with the first one. None: finished, or another's."""
    if asked.state not in _UNFINISHED:
        return None
    bare: dict[str, Any] = {"replay_id": asked.id, "after": None, "tally": {}, "at": now}
    begun = session.execute(
        insert(ReplayProgress).values(bare).on_conflict_do_nothing().returning(ReplayProgress.replay_id)
    ).first()
    if begun is not None:
        session.expire_all()  # whoever held it before may have finished it
        if rule_queries.replay(session, asked.id).state not in _UNFINISHED:
            session.execute(sa.delete(ReplayProgress).where(ReplayProgress.replay_id == asked.id))
            return None
        rules.begin_replay(session, replay_id=asked.id, by=by, now=now, run=run)
    return session.scalars(
        sa.select(ReplayProgress)
        .where(ReplayProgress.replay_id == asked.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()


def _same_dictionary(session: Session, replay_id: UUID) -> bool:
    begun_with = rule_queries.replay(session, replay_id).fields_sha256
    return begun_with == current.dictionary().sha256


def _begins(
    session: Session, since: date | None, now: datetime, *, follows: UUID | None = None
) -> datetime | None:
    """The first moment of that day on the organisation's clock, or a while before the replay that is followed
    began. Raises OrganisationNotSetUp."""
    if follows is not None:
        begun = rule_queries.replay(session, follows).begun_at
        assert begun is not None  # the version was approved on its report
        return begun - _STILL_UNSEEN
    if since is None:
        return None
    return datetime.combine(since, time(), organisation(session, on=now.date()).zone)


def _past(
    session: Session, source: str, *, after: UUID | None, begins: datetime | None, limit: int
) -> list[DeterminationRecord]:
    """Of each of the next requests, by id, one determination of the newest version: the source's own, or
    another's for its facts."""
    d = DeterminationRecord
    asked = (
        sa.select(d)
        .ext(distinct_on(d.request_id))
        .order_by(d.request_id, d.number.desc(), (d.source == source).desc(), d.source)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(d.request_id > after)
    if begins is not None:
        asked = asked.where(d.at >= begins)
    return list(session.scalars(asked))


def _compare(
    rows: Iterable[DeterminationRecord], draft: Draft, tally: Tally, earlier: Mapping[UUID, int]
) -> list[Found]:
    """Counts them all; gives the new yeses with the number of the version."""
    yeses = []
    for row in rows:
        try:
            found = draft.compare(_as_past(row, draft.book.source, earlier.get(row.request_id)))
        except Erased:
            tally.skip_erased()
            continue
        except (KeyError, TypeError, ValueError):
            tally.skip_unreadable()
            continue
        tally.add(found)
        if found is not None and found.to_yes:
            yeses.append((found, row.number))
    return yeses


def _as_past(row: DeterminationRecord, source: str, earlier: int | None) -> Past:
    """What was answered is opened only where it is needed."""
    answer = row.answer if row.source == source else NOT_ASKED
    return Past(row.request_id, row.id, answer, row.facts, lambda: row.content, earlier)


def _keep_yeses(session: Session, asked: ReplayView, yeses: list[Found]) -> None:
    if yeses:
        session.execute(
            insert(ReplayYes),
            [
                {
                    "replay_id": asked.id,
                    "sha256": asked.sha256,
                    "request_id": found.request_id,
                    "determination_id": found.determination_id,
                    "number": number,
                    "answer_before": found.answer_before,
                    "answer_after": found.answer_after,
                }
                for found, number in yeses
            ],
        )
