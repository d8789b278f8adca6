"""A file's sealed bytes are in the object store, its row in the database: whatever happens between them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from flows import housekeeping
from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.object_folder import FolderStore
from reunify.adapters.object_places import opened_store
from reunify.bootstrap import House
from reunify.cli import kept_files
from reunify.cli.commands import app
from reunify.db import Database
from reunify.files import actions, looking, moving, objects, queries
from reunify.files.objects import FileLost
from reunify.files.ports import StoreSilent
from reunify.kernel.people import System
from reunify.reporting import invariants
from reunify.settings import load
from reunify.vault import keepers, keyring, layout, sealing
from reunify.vault.keepers import Erased
from tests.integration.vault_world import first_layout
from tests.lasting import lasting_database

IN_ROW = (
    "INSERT INTO files_blobs (keeper, sha256, content, size, media_type, kept_at) "
    "VALUES (:keeper, repeat('a', 64)"
)
LETTER = b"Dear Rosa, your trip is paid." * 50
BY = System("housekeeping")
NOW = datetime.now(UTC)  # objects carry the time of the disk they lie on
SOON = NOW + timedelta(hours=2)  # a whole run may lie between the first line of this file and its tests
TOMORROW = NOW + timedelta(days=1, hours=2)


class Store(FolderStore):
    """A folder of the test's own that can fall silent."""

    silent = False

    def get(self, key: str) -> bytes | None:
        self._answer()
        return super().get(key)

    def delete(self, keys: Sequence[str]) -> None:
        self._answer()
        super().delete(keys)

    def _answer(self) -> None:
        if self.silent:
            raise StoreSilent("The disk is away.")

    @property
    def keys(self) -> set[str]:
        return {one.key for one in self.list()} - {looking.MARK}


@pytest.fixture(scope="module")
def lasting(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture
def db(lasting: Database) -> Database:
    """One for the whole module; its files are forgotten between tests."""
    with lasting.work() as session:
        session.execute(sa.text("DELETE FROM files_blobs"))
        session.execute(sa.text("DELETE FROM files_leaving"))
    return lasting


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "files", durable=False)
    objects.use(store)
    return store


def kept(db: Database, content: bytes = LETTER, keeper: UUID | None = None) -> tuple[UUID, str]:
    """Whose it is, and its hash."""
    keeper = keeper or uuid4()
    with db.work() as session:
        return keeper, actions.put(session, content=content, media_type="text/plain", keeper=keeper, now=NOW)


def read(db: Database, file: tuple[UUID, str]) -> bytes:
    with db.read() as session:
        return queries.get(session, file[1], file[0]).content


def looked(db: Database, at: datetime = SOON, *, few: bool = True) -> looking.Looked:
    return looking.look(db, by=BY, now=at, few=few)


def test_outside_the_database_there_is_a_sealed_value_under_a_name_that_says_nothing(
    db: Database, store: Store, tmp_path: Path
) -> None:
    file = kept(db)
    other = kept(db)
    assert read(db, file) == LETTER
    (one, two) = sorted(store.keys)
    sealed = [(tmp_path / "files" / key).read_bytes() for key in (one, two)]
    assert b"Rosa" not in b"".join(sealed)
    assert sealed[0] != sealed[1]  # the same letter to two families
    said = (
        file[1],
        str(file[0]),
        file[0].hex,
        other[0].hex,
        *(hashlib.sha256(s).hexdigest() for s in sealed),
    )
    assert not any(part.replace("/", "") in name for name in said for part in (one, two))
    with db.work() as session:
        actions.put(session, content=LETTER, media_type="text/plain", keeper=file[0], now=NOW)
    assert store.keys == {one, two}  # the same bytes of one family are kept once


def test_a_file_that_is_gone_or_changed_or_another_s_is_refused_in_words_and_counted(
    db: Database, store: Store, tmp_path: Path
) -> None:
    lost, changed, swapped, fine = (kept(db, bytes([n]) * 90) for n in range(4))
    with db.read() as session:
        keys = {
            (row.keeper, row.sha256): tmp_path / "files" / row.object_key
            for row in session.execute(sa.text("SELECT keeper, sha256, object_key FROM files_blobs"))
        }
    keys[lost].unlink()
    keys[changed].write_bytes(keys[changed].read_bytes()[:-1] + b"x")
    keys[swapped].write_bytes(keys[fine].read_bytes())
    for file in (lost, changed, swapped):
        with pytest.raises(FileLost, match=r"This file is lost.*from a backup"):
            read(db, file)
    assert len(read(db, fine)) == 90
    assert {(one.keeper, one.why) for one in moving.not_whole(db)} == {
        (lost[0], "lost"),
        (changed[0], "changed"),
        (swapped[0], "changed"),
    }
    found = looked(db)
    assert (found.kept, found.lost) == (4, 1)
    with db.read() as session:
        assert looking.in_a_word(looking.last_look(session)) == "lost"
        (said,) = [one for one in invariants.check(session) if one.rule == "file lost"]
    assert said.sentence.startswith("1 of 4 files were not in their store")


def test_an_object_whose_row_never_came_is_removed_a_day_later_and_not_before(
    db: Database, store: Store
) -> None:
    file = kept(db)
    with suppress(ZeroDivisionError), db.work() as session:
        actions.put(session, content=b"x" * 40, media_type="text/plain", keeper=uuid4(), now=NOW)
        raise ZeroDivisionError
    assert len(store.keys) == 2
    assert (looked(db).removed, len(store.keys)) == (0, 2)
    assert looked(db, TOMORROW) == looking.Looked(kept=1, lost=0, without_row=1, removed=1, stopped=None)
    assert len(store.keys) == 1
    assert read(db, file) == LETTER
    with db.read() as session:
        assert looking.in_a_word(looking.last_look(session)) == "ok"
        assert not looking.is_due(session, now=TOMORROW + timedelta(hours=23))
        assert looking.is_due(session, now=TOMORROW + timedelta(hours=24))


def test_an_older_database_over_a_newer_store_removes_nothing_by_itself(db: Database, store: Store) -> None:
    file = kept(db)
    assert looked(db).stopped is None
    for n in range(101):
        objects.put_sealed(bytes([n]))
    found = looked(db, TOMORROW)
    assert (found.without_row, found.removed, found.stopped) == (101, 0, "too_many")
    assert len(store.keys) == 102
    assert looked(db, TOMORROW, few=False).removed == 101
    assert read(db, file) == LETTER


def test_what_a_database_brought_back_does_not_know_is_kept_for_a_day_more(
    db: Database, store: Store, tmp_path: Path
) -> None:
    """Long older than a day, but newer than the last look this database knows of."""
    late = TOMORROW + timedelta(days=20)
    key = objects.put_sealed(b"of a family the older database has not heard of").object_key
    os.utime(tmp_path / "files" / key, times=(late.timestamp(), late.timestamp()))
    first = looked(db, late + timedelta(days=3))
    assert (first.without_row, first.removed, first.stopped) == (1, 0, None)
    assert looked(db, late + timedelta(days=4)).removed == 1


def test_an_object_that_came_with_the_erasing_of_its_family_goes_too(db: Database, store: Store) -> None:
    """Its row was written when the erasing had already looked for what is to be let go."""
    keeper, _ = kept(db)
    with db.work() as session:
        keepers.destroy(session, keeper=keeper, now=NOW)
    looked(db)
    assert looked(db, TOMORROW).removed == 1
    assert store.keys == set()


def test_a_place_of_another_house_or_an_empty_one_is_left_as_it_is(db: Database, store: Store) -> None:
    kept(db)
    assert looked(db).stopped is None
    ours = store.get(looking.MARK)
    assert ours is not None
    with db.work() as session:
        theirs = sealing.seal(session, keeper=uuid4(), place="files.mark", row="house", plain=b"")
    stray = objects.put_sealed(b"theirs").object_key
    store.put(looking.MARK, theirs)
    assert looked(db, TOMORROW).stopped == "not_ours"
    assert looked(db, TOMORROW, few=False).stopped == "not_ours"
    assert stray in store.keys
    assert store.get(looking.MARK) == theirs
    store.delete([looking.MARK, *store.keys])  # a disk that is not mounted
    assert (looked(db, TOMORROW).stopped, looked(db, TOMORROW).lost) == ("not_ours", 1)
    assert store.get(looking.MARK) is None


def test_what_is_erased_leaves_the_store_once_it_is_committed_and_not_before(
    db: Database, store: Store
) -> None:
    erased, other = kept(db), kept(db)
    with suppress(ZeroDivisionError), db.work() as session:
        actions.forget(session, keeper=erased[0], now=NOW)
        raise ZeroDivisionError
    assert read(db, erased) == LETTER
    with db.work() as session:
        with session.begin_nested():
            actions.forget(session, keeper=erased[0], now=NOW)
        assert len(store.keys) == 2
        keepers.destroy(session, keeper=erased[0], now=NOW)
    assert len(store.keys) == 1
    store.silent = True
    with pytest.raises(Erased):  # said before the store is asked
        read(db, erased)
    store.silent = False
    assert read(db, other) == LETTER
    assert (looked(db).kept, looked(db).lost) == (1, 0)


def let_go_too_soon(db: Database) -> bool:
    with db.read() as session:
        return any(one.rule == "object let go too soon" for one in invariants.check(session))


def test_what_a_silent_store_could_not_remove_is_removed_when_it_answers(db: Database, store: Store) -> None:
    erased = kept(db)
    assert looked(db).kept == 1
    store.silent = True
    with db.work() as session:
        actions.forget(session, keeper=erased[0], now=NOW)
    assert let_go_too_soon(db)
    with db.work() as session:
        keepers.destroy(session, keeper=erased[0], now=NOW)
    assert not let_go_too_soon(db)
    assert len(store.keys) == 1
    with db.read() as session:
        assert looking.is_due(session, now=NOW)
    with pytest.raises(StoreSilent):
        looking.clear(db, by=BY)
    store.silent = False
    assert looking.clear(db, by=BY) == 1
    assert looking.clear(db, by=BY) == 0
    assert store.keys == set()


def test_bytes_from_before_open_in_their_rows_and_after_they_were_moved(db: Database, store: Store) -> None:
    sha256 = hashlib.sha256(LETTER).hexdigest()
    keeper, older = uuid4(), uuid4()
    with db.work() as session:
        row = sealing.row_name(keeper, sha256)
        sealed = {
            keeper: sealing.seal(session, keeper=keeper, place="files_blobs.content", row=row, plain=LETTER),
            older: first_layout(keyring.current(), LETTER, "files_blobs.content"),
        }
        for whose, content in sealed.items():
            session.execute(
                sa.text(
                    "INSERT INTO files_blobs (keeper, sha256, content, size, media_type, kept_at) "
                    "VALUES (:keeper, :sha256, :sealed, 1, 'a/b', now())"
                ),
                {"keeper": whose, "sha256": sha256, "sealed": content},
            )
        sealing.seal(session, keeper=older, place="x.y", row="1", plain=b"its family has a key by now")
    assert [read(db, (one, sha256)) for one in sealed] == [LETTER, LETTER]
    assert store.keys == set()
    with db.read() as session:
        assert moving.left_to_move(session) == 2
    with db.work() as session:
        assert moving.move_some(session, by=BY) == 2
    with db.work() as session:
        assert moving.move_some(session, by=BY) == 0
        assert session.scalars(sa.text("SELECT content FROM files_blobs")).all() == [None, None]
    assert [read(db, (one, sha256)) for one in sealed] == [LETTER, LETTER]
    kept_there = [store.get(key) or b"" for key in store.keys]
    # By its family's own key: `keys retire` looks for what an old key opens in the database alone.
    assert {(layout.version(one), layout.key_id(one)) for one in kept_there} == {(2, layout.KEEPERS_OWN)}


def test_a_row_has_its_bytes_in_one_place(db: Database, store: Store) -> None:
    kept(db)
    for change in ("object_key = NULL", "content = object_sha256::bytea", "object_key = '../../keys.json'"):
        with pytest.raises(sa.exc.IntegrityError), db.work() as session:
            session.execute(sa.text(f"UPDATE files_blobs SET {change}"))


def test_the_worker_looks_once_a_day_and_removes_what_was_let_go_within_minutes(
    db: Database, store: Store
) -> None:
    clock = [TOMORROW + timedelta(days=40)]
    house = cast(House, SimpleNamespace(db=db, now=lambda: clock[0]))
    work = housekeeping.Files(house)

    def beat() -> int:
        return sum(work.run([one], None) for one in work.find(db, 10))

    erased = kept(db)
    objects.put_sealed(b"no row")
    assert beat() == 1
    assert (len(store.keys), beat()) == (1, 0)
    store.silent = True
    with db.work() as session:
        actions.forget(session, keeper=erased[0], now=NOW)
        keepers.destroy(session, keeper=erased[0], now=NOW)
    clock[0] += timedelta(minutes=10)
    assert (beat(), len(store.keys)) == (0, 1)
    store.silent = False
    clock[0] += timedelta(minutes=10)
    assert (beat(), len(store.keys)) == (1, 0)


def test_doctor_and_the_command_name_what_is_lost(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DATA", tmp_path), ("DATABASE_URL", db.url), ("OWNER_DATABASE_URL", db.url)):
        monkeypatch.setenv(f"REUNIFY_{name}", str(value))
    monkeypatch.setattr("reunify.adapters.key_sources.opened_keys", lambda _: (keyring.current(),))
    objects.use(opened_store(load()))
    file = kept(db)
    far = TOMORROW + timedelta(days=50)
    looked(db, far)
    assert str(kept_files.standing(load())).startswith(f"ok   files: 1 in the folder {tmp_path}")
    with db.work() as session:
        session.execute(
            sa.text(f"{IN_ROW}, 'sealed before there was a store', 1, 'a/b', now())"), {"keeper": uuid4()}
        )
    assert "1 still lie in the database\n     -> Type: reunify files move" in str(kept_files.standing(load()))
    with db.work() as session:
        session.execute(sa.text("DELETE FROM files_blobs WHERE content IS NOT NULL"))
    said = CliRunner().invoke(app, ["files", "check"])
    assert (said.exit_code, said.output) == (0, "All is there.\n")
    (object_key,) = (one.key for one in objects.current().list() if one.key != looking.MARK)
    objects.current().delete([object_key])
    looked(db, far + timedelta(days=1))
    told = str(kept_files.standing(load()))
    assert told.startswith("FAIL files: 1 of 1 are lost")
    assert "reunify files check" in told
    said = CliRunner().invoke(app, ["files", "check"])
    assert said.exit_code == 1
    assert f"{object_key} of {file[0]}: lost" in said.output
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    (tmp_path / "files").touch()
    assert "FAIL files" in str(kept_files.standing(load()))
