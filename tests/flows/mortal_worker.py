"""A worker process that kills itself with SIGKILL at one exact moment of a payment, or lives until all rests.

The flows, the rooms and the loop are the production ones; only the gateway and the database know when to die.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flows.registry import Lane, works
from flows.work import Work
from flows.worker import Worker
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.bootstrap import build
from reunify.consent.policy import Permit
from reunify.db import Database
from reunify.disbursement import policy, queries
from reunify.disbursement.outcomes import Outcome
from reunify.disbursement.ports import Recipient
from reunify.payees.queries import Payee
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from reunify.settings import load

LONGEST_LIFE_ROUNDS = 400


class Moment(StrEnum):
    """When it dies."""

    NEVER = "never"
    ACCOUNT_MADE = "after Stripe made the payee's account, before we wrote its id down"
    BEFORE_CALL = "after the frozen parameters were committed, before the call"
    DURING_CALL = "while Stripe still works on the call"
    AFTER_CALL = "after the answer arrived, before it was written down"
    AFTER_RECORD = "after the outcome was committed, before anybody was told"


@dataclass(frozen=True)
class Life:
    """What a worker process is born with. `environment` holds secrets, so it is hidden from repr."""

    environment: dict[str, str] = dataclasses.field(repr=False)
    moment: Moment
    born: datetime
    read_seconds: float = 5


class Clock:
    """Stands still while there is work; moves when the worker would have waited."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


class MortalGateway(StripeGateway):
    """The real gateway; dies on its way to Stripe or back."""

    moment = Moment.NEVER
    called = False

    def ensure_recipient(self, payee: Payee, permit: Permit) -> Recipient:
        found = super().ensure_recipient(payee, permit)
        if self.moment is Moment.ACCOUNT_MADE:
            die()
        return found

    def send(self, params: dict[str, Any], *, key: str) -> Outcome:
        if self.moment is Moment.BEFORE_CALL:
            die()
        if self.moment is Moment.DURING_CALL:
            threading.Timer(0.3, die).start()
        outcome = super().send(params, key=key)
        if self.moment is Moment.AFTER_CALL:
            die()
        self.called = True
        return outcome


class MortalDatabase(Database):
    """The real database; dies after the first commit that follows a call."""

    def __init__(self, url: str, gateway: MortalGateway) -> None:
        super().__init__(url)
        self._gateway = gateway

    @contextmanager
    def work(self, *, wake: bool = False) -> Iterator[Session]:
        with super().work() as session:
            yield session
        if self._gateway.called and self._gateway.moment is Moment.AFTER_RECORD:
            die()
        if wake:
            self.wake()


def live(life: Life) -> None:
    """The body of one process: work until nothing moves and no payment is open, or until the moment."""
    clock = Clock(life.born)
    settings = load(life.environment)
    assert settings.stripe_key is not None
    plain = build(settings, now=clock)
    gateway = MortalGateway(
        key=settings.stripe_key.get_secret_value(),
        financial_account=FINANCIAL_ACCOUNT,
        base=settings.stripe_base,
        read_seconds=life.read_seconds,
    )
    gateway.moment = life.moment
    db = MortalDatabase(plain.db.url, gateway)
    house = dataclasses.replace(plain, db=db, gateway=gateway, statement=gateway)
    # A failed id rests by the same clock as everything else.
    worker = Worker(db, works(house, Lane.DECIDE_AND_PAY), _run, beat=1.0, clock=lambda: clock.at.timestamp())
    for _ in range(LONGEST_LIFE_ROUNDS):
        if worker.once() == 0:
            if _rests(db, clock.at):
                return
            time.sleep(0.02)
            clock.at += timedelta(seconds=5)
    raise AssertionError("the work never came to rest")


def _run(work: Work, ids: list[UUID]) -> int:
    return work.run(ids, None)


def _rests(db: Database, now: datetime) -> bool:
    """True when no payment is open in any way."""
    later = now + policy.CALL_LASTS_AT_MOST + timedelta(hours=1)
    with db.read() as session:
        unsent = queries.to_resend(session, now=later, limit=1) or queries.to_send(
            session, now=later, limit=1
        )
        return not unsent and not queries.in_flight(session, limit=1)
