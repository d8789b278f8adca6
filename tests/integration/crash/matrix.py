"""Every place to die at, for every trouble, on every call, with every way events come and every ending: of a
payment, of payments under one commit, and of a trip's card. Beside them, payment moves in every order against
the dual-control model.

`make fuzz-payments SECONDS=600` tells as many of them as there is time for, in an order of its own each time
(REUNIFY_SEED repeats one), and says what it covered.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Generic, TypeVar

import sqlalchemy as sa

import reunify.tables  # noqa: F401 - every mapping is known before the first query
from reunify.adapters.embedded_postgres import EmbeddedPostgres
from reunify.adapters.object_folder import FolderStore
from reunify.db import Database
from reunify.files import objects
from reunify.migrations import upgrade
from reunify.reporting import invariants
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing
from tests.integration.crash import card_story, moves, several
from tests.integration.crash.boundaries import Trace
from tests.integration.crash.card_story import Trip, one_trip
from tests.integration.crash.card_street import CardPlot
from tests.integration.crash.several import Several
from tests.integration.crash.story import ENDINGS, EVENTS, STRIKES, TROUBLES, Plot, Stage, staged
from tests.integration.payment_world import make_world, superuser_of
from tests.town import built

# A fresh database and simulator after so many: the lists of one day stay as long as a day's.
TOLD_IN_ONE_WORLD = 60
STEPS = 30
# Of the time: two for payments, one for several at once, two for cards, one for moves, and again.
SHARES = 12
LAST_WORDS = 40
P = TypeVar("P", Plot, CardPlot)


def lives() -> list[Plot]:
    """Everything that can be told of a worker that does not die: what it passes are the places to die at."""
    troubled = [("none", "payment"), *product(TROUBLES, STRIKES)]
    return [Plot(t, s, e, end) for (t, s), e, end in product(troubled, EVENTS, ENDINGS)]


def card_lives() -> list[CardPlot]:
    """The same of a worker that makes a trip's card and hears what is charged to it."""
    troubled = [("none", "card"), *product(TROUBLES, card_story.STRIKES)]
    told = product(troubled, EVENTS, card_story.ENDINGS)
    return [CardPlot(t, s, e, end) for (t, s), e, end in told]


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


def a_few_at_once(*, seed: int, places: Sequence[int]) -> list[Plot]:
    """Both troubles, and a worker that dies at each of these places; the last with all calls on their way."""
    chance = random.Random(seed)
    events = chance.sample([way for way in EVENTS if way != "early"], k=3)
    called = [several.CALLS[at == len(places) - 1] for at in range(len(places))]
    return [
        Plot("both", calls, events[number % len(events)], dies_at=at)
        for number, (calls, at) in enumerate(zip(called, places, strict=True))
    ]


def a_few_cards(places: int, *, seed: int, count: int) -> list[CardPlot]:
    """`count` stories of cards: early and late places to die at, each way of events as often as others."""
    chance = random.Random(seed)
    whole = chance.sample(card_lives(), len(card_lives()))
    found = []
    for number in range(count):
        events, ending = EVENTS[number % len(EVENTS)], card_story.ENDINGS[-1 - number % 2]
        plot = next(one for one in whole if (one.events, one.ending) == (events, ending))
        whole = [one for one in whole if (one.trouble, one.strikes) != (plot.trouble, plot.strikes)]
        at = chance.randrange(places * number // count, places * (number + 1) // count)
        found.append(replace(plot, dies_at=at))
    return found


@dataclass
class Telling(Generic[P]):
    """One matrix: what waits to be told of it, and what was."""

    waiting: list[P]
    chance: random.Random
    told: int = 0
    found: int = 0
    covered: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    overheard: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_WORDS))

    def some(self, tell: Callable[[P], Trace], *, most: int, seconds: float) -> None:
        """In one world. Raises what broke, after it named the story."""
        ends = time.monotonic() + seconds
        for _ in range(most):
            if not self.waiting or time.monotonic() >= ends:
                return
            plot = self.waiting.pop(0)
            try:
                with heard_by(self.overheard):
                    trace = tell(plot)
            except BaseException:
                sys.stdout.write(f"BROKEN: {plot}\n")
                sys.stdout.writelines(f"  {said}\n" for said in self.overheard)
                raise
            self.told += 1
            self.covered.update((f"{plot.trouble} on {plot.strikes}", f"events {plot.events}", plot.ending))
            self.places.update(trace.passed[-1:] if trace.dead else ())
            if plot.dies_at is None:
                for at in range(len(trace.passed)):  # among those that wait, so that every kind is met early
                    death = replace(plot, dies_at=at)
                    self.waiting.insert(self.chance.randrange(len(self.waiting) + 1), death)
                self.found += len(trace.passed)

    def say(self, what: str) -> None:
        whole = self.told + len(self.waiting)
        sys.stdout.write(f"{what}: {self.told} told, {len(self.waiting)} of the {whole} found so far not\n")
        for name, count in [*sorted(self.covered.items()), *sorted(self.places.items())]:
            died = "died " if name in self.places else ""
            sys.stdout.write(f"  {count:5}  {died}{name}\n")


def fuzz(seconds: float, seed: int) -> int:
    """Returns 0, or raises what broke, naming the story and the seed."""
    chance = random.Random(seed)
    ends = time.monotonic() + seconds
    payments = Telling(chance.sample(lives(), len(lives())), chance)
    at_once = Telling(chance.sample(several.lives(), len(several.lives())), chance)
    cards = Telling(chance.sample(card_lives(), len(card_lives())), chance)
    seen, histories = moves.Seen(), 0
    sys.stdout.write(f"seed {seed}\n")
    share = seconds / SHARES
    while (left := ends - time.monotonic()) > 0:
        with one_world() as stage:
            payments.some(stage.tell, most=TOLD_IN_ONE_WORLD, seconds=min(2 * share, left))
            stage.books_agree()
        with one_world() as stage:
            at_once.some(partial(stage.tell, of=Several), most=TOLD_IN_ONE_WORLD, seconds=min(share, left))
            stage.books_agree()
        with one_card_world() as trip:
            cards.some(trip.tell, most=TOLD_IN_ONE_WORLD, seconds=min(2 * share, left))
        with one_database() as (db, superuser, _):
            world, until = make_world(db, superuser), time.monotonic() + min(share, left)
            while time.monotonic() < until:
                moves.told(world, seed=chance.randrange(10**9), histories=1, steps=STEPS, seen=seen)
                histories += 1
            with db.read() as session:
                assert invariants.check(session) == []
    payments.say("payments")
    at_once.say("payments at once")
    cards.say("cards")
    sys.stdout.write(f"moves: {histories} histories, {sum(seen.let_through.values())} steps let through, ")
    sys.stdout.write(f"{sum(seen.refused.values())} refused; all hold\n")
    return 0


@contextmanager
def heard_by(last: deque[str]) -> Iterator[None]:
    """What the worker says of one story is kept for whoever must know why it broke, and printed nowhere."""
    last.clear()
    ear, root = _Ear(last), logging.getLogger()
    root.addHandler(ear)
    try:
        yield
    finally:
        root.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, last: deque[str]) -> None:
        super().__init__(logging.WARNING)
        self._last = last

    def emit(self, record: logging.LogRecord) -> None:
        self._last.append(record.getMessage())


@contextmanager
def one_world(*, durable: bool = False) -> Iterator[Stage]:
    """A server, a database and a simulator of its own. `durable`: commits wait for the disk."""
    with one_database(durable=durable) as (db, superuser, folder), staged(db, superuser, folder) as stage:
        yield stage


@contextmanager
def one_card_world() -> Iterator[Trip]:
    """The same with a released trip."""
    with one_database() as (db, superuser, folder):
        administrator = sa.create_engine(
            sa.make_url(superuser).set(database="postgres"), isolation_level="AUTOCOMMIT"
        )
        with built(db, folder) as town, one_trip(town, administrator, folder) as trip:
            yield trip
        administrator.dispose()


@contextmanager
def one_database(*, durable: bool = False) -> Iterator[tuple[Database, str, Path]]:
    """A server and a database of its own, its superuser's address, and a folder for the time being."""
    keyring.use(KeyRing.fresh("sandbox"))
    with tempfile.TemporaryDirectory() as folder:
        objects.use(FolderStore(Path(folder) / "files", durable=durable))
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
