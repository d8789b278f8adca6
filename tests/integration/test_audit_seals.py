"""The seals over the audit trail: nothing sealed twice or left out, every change named to the row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.audit import actions as audit
from reunify.audit import sealing
from reunify.audit.verifying import Verdict, verify
from reunify.db import Database
from reunify.kernel.people import System

CLERK = System("clerk")


@pytest.fixture
def tamper(server: Urls, database_name: str) -> Iterator[Callable[..., None]]:
    """What somebody with the whole database in hand may do: a superuser, triggers off."""
    url = sa.make_url(server.superuser).set(database=database_name)
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def run(*statements: str, **values: object) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("SET session_replication_role = replica"))
            for statement in statements:
                connection.execute(sa.text(statement), values)

    yield run
    engine.dispose()


def written(db: Database, now: datetime, rows: int, why: str | None = None) -> list[int]:
    """So many rows, each in a transaction of its own; their ids."""
    ids = []
    for _ in range(rows):
        with db.work() as session:
            entry = audit.record(
                session, by=CLERK, at=now, subject="request", subject_id=uuid4(), moved="look", why=why
            )
            session.flush()
            ids.append(entry.id)
    return ids


def sealed(db: Database, now: datetime) -> sealing.Seal | None:
    with db.work() as session:
        return sealing.seal(session, now=now)


def proved(db: Database, published: tuple[int, str] | None = None) -> Verdict:
    with db.read() as session:
        return verify(session, published=published)


def sentences(db: Database) -> list[str]:
    return [finding.sentence for finding in proved(db).findings]


def test_each_seal_covers_what_came_since_the_one_before(db: Database, now: datetime) -> None:
    written(db, now, 3, why="A reason in words")
    first = sealed(db, now)
    assert first is not None
    assert first.number == 1
    assert first.row_count == 3
    assert first.previous is None
    assert sealed(db, now) is None
    written(db, now, 2)
    second = sealed(db, now)
    assert second is not None
    assert second.row_count == 2
    assert (second.previous, second.from_xid) == (first.hash, first.to_xid)
    verdict = proved(db)
    assert verdict.holds
    assert (verdict.rows, verdict.seals, verdict.waiting) == (5, 2, 0)


def test_rows_without_a_seal_are_proved_by_their_own_hash(
    db: Database, now: datetime, tamper: Callable[..., None]
) -> None:
    (row,) = written(db, now, 1)
    assert proved(db).holds
    assert proved(db).waiting == 1
    tamper("UPDATE audit_entries SET verb = 'nothing'")
    assert sentences(db) == [f"Audit row {row} was changed."]


CHANGES = (
    "UPDATE audit_entries SET verb = 'nothing' WHERE id = :row",
    "UPDATE audit_entries SET at = at + interval '1 second' WHERE id = :row",
    "UPDATE audit_entries SET hash = repeat('0', 64) WHERE id = :row",
    "UPDATE audit_entries SET why = why || '\\x00' WHERE id = :row",
    "UPDATE audit_entries SET why = '\\x00' WHERE id = :row",
    "UPDATE audit_entries SET detail = '{\"cents\": 1}' WHERE id = :row",
    "UPDATE audit_entries SET family = gen_random_uuid() WHERE id = :row",
)


@pytest.mark.asvs("16.4.2")
def test_a_changed_row_is_named(db: Database, now: datetime, tamper: Callable[..., None]) -> None:
    rows = written(db, now, 2 * len(CHANGES), why="A reason in words")
    sealed(db, now)
    for row, change in zip(rows[::2], CHANGES, strict=True):
        tamper(change, row=row)
    assert sentences(db) == [f"Audit row {row} was changed, sealed by seal 1." for row in rows[::2]]


def test_a_row_changed_together_with_its_hash_is_named(
    db: Database, now: datetime, tamper: Callable[..., None]
) -> None:
    rows = written(db, now, 9)
    sealed(db, now)
    wanted = audit.hash_of(
        at=now,
        actor="system:clerk",
        verb="nothing",
        subject="request",
        subject_id=UUID(int=1),
        source=None,
        target=None,
        family=None,
        detail={},
        why_sealed=None,
    )
    tamper(
        "UPDATE audit_entries SET verb = 'nothing', subject_id = :one, hash = :hash WHERE id = :row",
        one=UUID(int=1),
        hash=wanted,
        row=rows[4],
    )
    assert sentences(db) == [f"Audit row {rows[4]} was changed, sealed by seal 1."]


def test_a_removed_row_is_named(db: Database, now: datetime, tamper: Callable[..., None]) -> None:
    rows = written(db, now, 5)
    sealed(db, now)
    tamper("DELETE FROM audit_entries WHERE id = :row", row=rows[0])
    assert sentences(db) == [f"Audit row {rows[0]} was removed, sealed by seal 1."]


def test_a_row_slipped_in_among_sealed_ones_is_named(
    db: Database, now: datetime, tamper: Callable[..., None]
) -> None:
    rows = written(db, now, 3)
    sealed(db, now)
    tamper(
        "INSERT INTO audit_entries (at, actor, verb, subject, subject_id, detail, hash, xid) "
        "SELECT at, actor, verb, subject, subject_id, detail, hash, xid FROM audit_entries WHERE id = :row",
        row=rows[1],
    )
    (said,) = sentences(db)
    assert said == f"Audit row {rows[-1] + 1} was added among the rows of seal 1 after it was made."


def test_a_rewritten_seal_is_named(db: Database, now: datetime, tamper: Callable[..., None]) -> None:
    for _ in range(3):
        written(db, now, 2)
        sealed(db, now)
    tamper("UPDATE audit_seals SET root = repeat('0', 64) WHERE number = 2")
    assert sentences(db)[0] == "Seal 2 was rewritten: it no longer says what it was made of."


def test_a_removed_seal_breaks_the_chain(db: Database, now: datetime, tamper: Callable[..., None]) -> None:
    for _ in range(3):
        written(db, now, 1)
        sealed(db, now)
    tamper("DELETE FROM audit_seals WHERE number = 2")
    assert sentences(db)[0].startswith("Seal 3 does not follow the seal before it")


def test_a_trail_made_anew_is_found_by_the_seal_kept_outside(
    db: Database, now: datetime, tamper: Callable[..., None]
) -> None:
    written(db, now, 3)
    kept = sealed(db, now)
    assert kept is not None
    assert proved(db, (kept.number, kept.hash)).holds
    tamper("TRUNCATE audit_seals", "DELETE FROM audit_entries WHERE id = (SELECT min(id) FROM audit_entries)")
    sealed(db, now)
    assert proved(db).holds  # the forger's own chain is whole
    (finding,) = proved(db, (kept.number, kept.hash)).findings
    assert finding.sentence.startswith("The published seal 1 is not among the seals")


def test_the_application_can_neither_change_nor_remove_a_seal(db: Database, now: datetime) -> None:
    written(db, now, 1)
    sealed(db, now)
    for statement in ("UPDATE audit_seals SET row_count = 9", "DELETE FROM audit_seals"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), db.work() as session:
            session.execute(sa.text(statement))


def test_a_transaction_that_commits_late_is_sealed_later_and_nothing_twice(
    db: Database, now: datetime
) -> None:
    with db.work() as slow:
        early = audit.record(slow, by=CLERK, at=now, subject="request", subject_id=uuid4(), moved="look")
        slow.flush()
        written(db, now, 4)  # later transactions, over before the slow one
        assert sealed(db, now) is None  # its number is lowest: none of them may be sealed without it
        assert early.id is not None
    seal = sealed(db, now)
    assert seal is not None
    assert seal.row_count == 5
    assert proved(db).holds


def test_many_writers_and_sealers_at_once_lose_nothing(db: Database, now: datetime) -> None:
    wide = Database(db.url, pool_size=12)
    wrong: list[BaseException] = []
    over = threading.Event()

    def write(number: int) -> None:
        try:
            for turn in range(12):
                with wide.work() as session:
                    audit.record(
                        session, by=CLERK, at=now, subject="request", subject_id=uuid4(), moved="look"
                    )
                    session.flush()
                    time.sleep(0.02 * (number % 3) if turn % 4 == 0 else 0)
        except BaseException as error:
            wrong.append(error)

    def seal_on() -> None:
        try:
            while not over.is_set():
                sealed(wide, now)
                time.sleep(0.005)
        except BaseException as error:
            wrong.append(error)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    sealers = [threading.Thread(target=seal_on) for _ in range(2)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join(60)
    over.set()
    for thread in sealers:
        thread.join(60)
    sealed(wide, now)
    verdict = proved(wide)
    with wide.read() as session:
        counted = session.scalar(sa.text("SELECT sum(row_count) FROM audit_seals"))
        seals = session.scalar(sa.text("SELECT count(*) FROM audit_seals"))
    wide.dispose()
    assert wrong == []
    assert verdict.holds
    assert verdict.waiting == 0
    assert verdict.rows == counted == 72
    assert seals is not None
    assert seals > 1


def test_seals_ahead_of_the_database_are_refused_in_words(
    db: Database, now: datetime, tamper: Callable[..., None]
) -> None:
    written(db, now, 1)
    sealed(db, now)
    tamper("UPDATE audit_seals SET to_xid = to_xid + 1000000")
    with pytest.raises(sealing.SealsAhead, match="loaded from a dump"):
        sealed(db, now)


def test_thousands_of_rows_are_proved_in_a_moment(db: Database, now: datetime) -> None:
    with db.work() as session:
        for _ in range(4000):
            audit.record(session, by=CLERK, at=now, subject="request", subject_id=uuid4(), moved="look")
    sealed(db, now)
    begun = time.perf_counter()
    verdict = proved(db)
    each = (time.perf_counter() - begun) / verdict.rows
    assert verdict.holds
    assert verdict.rows == 4000
    assert each < 0.0005  # measured 0.00008 s a row on a busy machine
