"""Every place to die at, for every trouble, on every call, with every way events come and every ending.

`make fuzz-payments SECONDS=600` tells as many of them as there is time for, in an order of its own each time
(REUNIFY_SEED repeats one), and says what it covered.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import reunify.tables  # noqa: F401 - every mapping is known before the first query
from reunify.adapters.embedded_postgres import EmbeddedPostgres
from reunify.db import Database
from reunify.migrations import upgrade
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing
from tests.integration.crash.story import ENDINGS, EVENTS, STRIKES, TROUBLES, Plot, Stage, staged
from tests.integration.payment_world import superuser_of

# A fresh database and simulator after so many: the lists of one day stay as long as a day's.
TOLD_IN_ONE_WORLD = 60


def lives() -> list[Plot]:
    """Everything that can be told of a worker that does not die: what it passes are the places to die at."""
    troubled = [("none", "payment"), *product(TROUBLES, STRIKES)]
    return [Plot(t, s, e, end) for (t, s), e, end in product(troubled, EVENTS, ENDINGS)]


def deaths(plot: Plot, passed: int) -> list[Plot]:
    """The same story, dying at each of the places that were passed."""
    return [Plot(plot.trouble, plot.strikes, plot.events, plot.ending, at) for at in range(passed)]


def a_few(places: int, *, seed: int, count: int) -> list[Plot]:
    """`count` stories: the places in turn, each trouble and each way of the events as often as the others."""
    chance = random.Random(seed)
    at = chance.sample(range(places), places)
    troubles = [("none", "payment"), *product(TROUBLES, STRIKES)]
    chance.shuffle(troubles)
    found = []
    for number in range(count):
        trouble, strikes = troubles[number % len(troubles)]
        events, ending = EVENTS[number % len(EVENTS)], ENDINGS[(number // 4) % len(ENDINGS)]
        found.append(Plot(trouble, strikes, events, ending, at[number % places]))
    return found


def fuzz(seconds: float, seed: int) -> int:
    """Returns 0, or raises what broke, naming the story and the seed."""
    chance = random.Random(seed)
    ends, covered = time.monotonic() + seconds, Counter[str]()
    waiting = chance.sample(lives(), len(lives()))
    whole, told, places = len(waiting), 0, Counter[str]()
    sys.stdout.write(f"seed {seed}: {whole} stories of workers that live, and each with every death\n")
    while waiting and time.monotonic() < ends:
        with one_world() as stage:
            while waiting and stage.told < TOLD_IN_ONE_WORLD and time.monotonic() < ends:
                plot = waiting.pop(0)
                try:
                    trace = stage.tell(plot)
                except BaseException:
                    sys.stdout.write(f"BROKEN by seed {seed}: {plot}\n")
                    raise
                told += 1
                covered.update((plot.trouble, f"events {plot.events}", plot.ending))
                places.update(trace.passed[-1:] if trace.dead else ())
                if plot.dies_at is None:
                    found = deaths(plot, len(trace.passed))
                    whole += len(found)
                    for death in found:  # among those that wait, so that every kind is met early
                        waiting.insert(chance.randrange(len(waiting) + 1), death)
            stage.books_agree()
    sys.stdout.write(f"{told} told, {len(waiting)} of the {whole} found so far not; all hold\n")
    for name, count in sorted(covered.items()):
        sys.stdout.write(f"  {count:5}  {name}\n")
    for name, count in sorted(places.items()):
        sys.stdout.write(f"  {count:5}  died {name}\n")
    return 0


@contextmanager
def one_world(*, durable: bool = False) -> Iterator[Stage]:
    """A server, a database and a simulator of its own. `durable`: commits wait for the disk."""
    with one_database(durable=durable) as (db, superuser, folder), staged(db, superuser, folder) as stage:
        yield stage


@contextmanager
def one_database(*, durable: bool = False) -> Iterator[tuple[Database, str, Path]]:
    """A server and a database of its own, its superuser's address, and a folder for the time being."""
    keyring.use(KeyRing.fresh("sandbox"))
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres", durable=durable)
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            db = Database(urls.app)
            yield db, superuser_of(urls.superuser, db.engine.url.database or ""), Path(folder)
            db.dispose()
        finally:
            postgres.stop()


if __name__ == "__main__":
    sys.exit(
        fuzz(
            float(os.environ.get("SECONDS", "600")),
            int(os.environ.get("REUNIFY_SEED", str(random.SystemRandom().randrange(10**6)))),
        )
    )
