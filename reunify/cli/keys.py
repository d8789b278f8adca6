"""`reunify keys`: make a ring, see what each key opens, rotate while the house runs, retire a key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

import reunify.tables  # noqa: F401 - every sealed column is known
from reunify.adapters.key_sources import FileKeys, Source, opened_keys
from reunify.cli.database import database
from reunify.db import Database
from reunify.kernel.refusals import Refused
from reunify.settings import Settings
from reunify.vault import keepers, keyring, rotation
from reunify.vault.keyring import KeyRing

Say = Callable[[str], None]

_LOCK: Final = 7341904
_WAIT_FOR_OTHERS_SECONDS: Final = 0.2
_GIVE_UP_AFTER_WAITS: Final = 150


class FileThere(Refused):
    """A ring is never written over: what it sealed could not be read again."""


class RotationRunning(Refused):
    """Another command is changing the ring."""


class NotMoving(Refused):
    """Others hold the rows that are left; nothing is lost."""


def new(path: Path) -> str:
    """A fresh key file. Raises FileThere."""
    try:
        FileKeys(path).write_first(KeyRing.fresh("file").to_json())
    except FileExistsError:
        raise FileThere(f"{path} is there already and stays as it is. Choose another name.") from None
    return (
        f"New keys are in {path}. Set REUNIFY_KEYS_FILE to it, and keep a copy in a safe place, apart from "
        "the backups of the database: without these keys nothing can be read again."
    )


def status(settings: Settings) -> Iterator[str]:
    """A line for each key, then what hangs on none of them."""
    with _vault(settings) as (db, source), db.read() as session:
        ring = _read_again(source)
        yield f"Keys from {source.called}; new data keys are wrapped with key {ring.active}."
        for use in rotation.usage(session, ring):
            word = "active" if use.active else "older" if use.values else "unused"
            missing = "" if use.number in ring.keys else " NOT ON THE RING: what it opens cannot be read."
            yield f"Key {use.number} ({word}): wraps {use.data_keys:,} data keys.{missing}"
            for place, count in sorted(use.first_layout.items()):
                yield f"  {count:,} values of {place} from before families had keys"
        yield f"Erased: {rotation.destroyed(session):,} data keys."


def rotate(settings: Settings, say: Say, *, at_once: int = rotation.AT_ONCE) -> None:
    """Add a key (unless an earlier rotation is unfinished), then move everything to the active one.

    Raises RotationRunning, NotMoving.
    """
    with _vault(settings) as (db, source), _alone(db):
        ring = _read_again(source)
        with db.read() as session:
            unfinished = rotation.left_to_wrap(session, ring)
        if unfinished:
            say(f"Going on with an earlier rotation: {unfinished:,} data keys are left.")
        elif source.is_ours_to_write:
            source.write(ring.with_new_key().to_json())
            ring = _read_again(source)
            say(
                f"Key {ring.active} is on the ring in {source.called}. Copy the file to its safe place again."
            )
        else:
            _say_what_to_put(ring, source, say)
        with db.work() as session:  # so that whoever has not heard of the new key sees it in use
            keepers.key_to_write(session, keepers.HOUSE)
        left = partial(rotation.left_to_wrap, ring=ring)
        _move(
            db, "data keys wrapped anew", left, partial(rotation.wrap_some, ring=ring, at_most=at_once), say
        )
        seal = partial(rotation.seal_some, at_most=at_once)
        _move(db, "older values sealed anew", rotation.left_to_seal, seal, say)
        say(f"Done: everything that can be is under key {ring.active}. See: reunify keys status")


def retire(settings: Settings, number: int) -> str:
    """Take a key off the ring, once nothing needs it. Raises RotationRunning, KeyInUse, KeyNotRetirable."""
    with _vault(settings) as (db, source), _alone(db), db.work() as session:
        ring = _read_again(source)
        rotation.check_retirable(session, ring, number)
        if not source.is_ours_to_write:
            return f"Nothing needs key {number}. Remove it from {source.called}, then restart every process."
        source.write(ring.without(number).to_json())
        return (
            f"Key {number} is off the ring. Backups of the database from before the rotation open only with "
            "it: keep its copy with them, and destroy both together."
        )


def _say_what_to_put(ring: KeyRing, source: Source, say: Say) -> None:
    say(
        f"The ring comes from {source.called} and is yours to change. Put a new key beside the others: "
        f'"{max(ring.keys) + 1}" with the output of `openssl rand -base64 32`. Restart every process. Then '
        'make it the active one ("active"), restart again, and type: reunify keys rotate'
    )


def _move(
    db: Database, what: str, left: Callable[[Session], int], step: Callable[[Session], int], say: Say
) -> None:
    """Batch by batch until nothing is left, waiting for rows that others hold."""
    with db.read() as session:
        total = left(session)
    done = waits = 0
    while True:
        with db.work() as session:
            moved = step(session)
        if moved:
            done, waits = done + moved, 0
            say(f"{done:,} of {max(total, done):,} {what}.")
            continue
        with db.read() as session:
            remaining = left(session)
        if not remaining:
            return
        waits += 1
        if waits > _GIVE_UP_AFTER_WAITS:
            raise NotMoving(f"Others hold {remaining:,} rows for long. Later type: reunify keys rotate")
        time.sleep(_WAIT_FOR_OTHERS_SECONDS)


@contextmanager
def _alone(db: Database) -> Iterator[None]:
    """One change of the ring at a time: two would each write a ring the other does not know."""
    with db.engine.connect() as connection:
        if not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            raise RotationRunning("The keys are being changed by another command. Wait until it is done.")
        try:
            yield
        finally:
            connection.invalidate()  # the lock goes with it


def _read_again(source: Source) -> KeyRing:
    ring = KeyRing.from_json(source.read())
    keyring.use(ring, source)
    return ring


@contextmanager
def _vault(settings: Settings) -> Iterator[tuple[Database, Source]]:
    _, source = opened_keys(settings)
    with database(settings) as urls:
        db = Database(urls.app)
        try:
            yield db, source
        finally:
            db.dispose()
