"""One payment with one trouble at Stripe, one way its events come, one ending, and one place to die at.

The works are those of the flows, in one worker after another, on PostgreSQL and against the simulator over
HTTP.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from flows import disburse, reconcile
from flows.work import Work
from flows.worker import Worker
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import policy, troubles
from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, InstructionId, PayeeId
from reunify.ledger.policy import Cash
from reunify.payees.records import PayeeRecord
from reunify.reconciliation import actions as reconciliation
from reunify.reconciliation import queries as differences
from reunify.reconciliation import sweeping
from reunify.reporting import invariants
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.postman import signature
from reunify.sandbox.stripe_simulator.serving import Running, running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.integration.crash.boundaries import Died, MortalDatabase, Trace, make_mortal
from tests.integration.crash.house import house_of
from tests.integration.payment_world import KEY, SECRET, World, make_world

PAYMENTS = "/v2/money_management/outbound_payments"
ACCOUNTS = "/v2/core/accounts"
LATER = policy.CALL_LASTS_AT_MOST + timedelta(seconds=1)
READ_SECONDS = 0.3
LONGER = 0.45  # than the worker waits for an answer
TROUBLES = ("lose_response", "late_commit", "in_use", "error_429", "error_500", "truncate", "slow")
STRIKES = {"payment": PAYMENTS, "payee": ACCOUNTS}
EVENTS = ("early", "duplicated", "late", "never")
ENDINGS = ("posted", "failed", "returned")


@dataclass(frozen=True, order=True)
class Plot:
    """`strikes`: which call meets the trouble. `dies_at`: the number of a place; None: the worker lives."""

    trouble: str = "none"
    strikes: str = "payment"
    events: str = "never"
    ending: str = "posted"
    dies_at: int | None = None

    def __str__(self) -> str:
        at = "lives" if self.dies_at is None else f"dies at {self.dies_at}"
        return f"{self.trouble} on {self.strikes}, events {self.events}, {self.ending}, {at}"


@dataclass
class Stage:
    """A database, a simulator and as many payments as are told in them, one after another."""

    world: World
    simulator: Running
    data: Path
    told: int = 0
    passed: dict[str, int] = field(default_factory=dict)

    def tell(self, plot: Plot, of: type[Story] | None = None) -> Trace:
        """Tell it whole, and hold what must be true at its end. Returns what the first worker passed."""
        story = (of or Story)(self, plot)
        story.first_life()
        story.recover()
        story.holds()
        self.told += 1
        for place in story.trace.passed:
            self.passed[place] = self.passed.get(place, 0) + 1
        return story.trace

    def books_agree(self) -> None:
        """Stripe's statement, the ledger and the rules over all tables, for everything told here."""
        gateway = self.gateway()
        found = sweeping.prove(self.world.db, gateway, clock=self.world.clock)
        gateway.close()
        assert found == [], found
        with self.world.db.read() as session:
            assert invariants.check(session) == []
            assert differences.open_differences(session) == []
            waiting = session.execute(sa.text(_UNHEARD)).scalar_one()
        assert waiting == 0, f"{waiting} events were never handled, or set aside"

    def gateway(self, *, read_seconds: float = READ_SECONDS) -> StripeGateway:
        return StripeGateway(
            key=KEY,
            financial_account=FINANCIAL_ACCOUNT,
            base=self.simulator.url,
            connect_seconds=2,
            read_seconds=read_seconds,
        )


_UNHEARD = "SELECT count(*) FROM webhook_inbox WHERE handled_at IS NULL OR parked IS NOT NULL"


class Story:
    def __init__(self, stage: Stage, plot: Plot) -> None:
        self.stage, self.plot, self.world = stage, plot, stage.world
        self.trace = Trace(plot.dies_at)
        self.chance = random.Random(str(plot))
        self.instruction = self.instructed()
        self.heard: set[str] = {e["id"] for e in stage.simulator.bank.store.all("event")}

    def instructed(self) -> InstructionId:
        """A family nobody told Stripe of yet, and one line to pay to it."""
        world = self.world
        world.award = AwardId(uuid4())
        with world.db.work() as session:
            world.payees["mother"] = _anew(session, world)
        line = world.line("mother", Settlement.ADVANCE, self.chance.randrange(100, 20_000))
        (instruction,) = world.instruct(line)
        return instruction

    # the lives ------------------------------------------------------------------------------------
    def first_life(self) -> None:
        """Until nothing moves, or until it dies."""
        plot = self.plot
        db = MortalDatabase(self.world.db, self.trace)
        gateway = self.stage.gateway()
        self.meet_trouble(gateway)
        try:
            self._work(db, gateway, rounds=6, stop=self.flies)
            self._stripe_goes_on()
            if plot.events == "duplicated":
                self._deliver(copies=2)
            self._work(db, gateway, rounds=6, stop=self.rests)
        except Died:
            self.trace.wait_for_stripe()
        finally:
            gateway.close()
            db.dispose()

    def meet_trouble(self, gateway: StripeGateway) -> None:
        plot = self.plot
        if plot.trouble not in ("none", "in_use"):
            self.stage.simulator.faults.order(plot.trouble, path=STRIKES[plot.strikes], seconds=LONGER)
        in_use = STRIKES[plot.strikes] if plot.trouble == "in_use" else None
        make_mortal(gateway, self.trace, in_use=in_use, answered=self.answered)

    def recover(self) -> None:
        """A fresh worker, once the call must be over; then whatever events are late."""
        self.world.clock.later += LATER
        gateway = self.stage.gateway()
        for _ in range(3):
            self._work(self.world.db, gateway, rounds=8, stop=self.flies)
            self._stripe_goes_on()
            if self.plot.events == "duplicated":
                self._deliver(copies=2)
            self._work(self.world.db, gateway, rounds=8, stop=self.rests)
            if self.rests():
                break
        if self.plot.events == "late":
            self._deliver(copies=1)
            self._work(self.world.db, gateway, rounds=4, stop=lambda: False)
        gateway.close()

    def _work(self, db: Database, gateway: StripeGateway, *, rounds: int, stop: Callable[[], bool]) -> None:
        house = house_of(self.world, gateway, self.stage.data, db)
        found = [w for w in (*disburse.works(house), *reconcile.works(house)) if w.name != "instruct"]
        worker = Worker(db, found, _run, clock=lambda: self.world.clock().timestamp())
        for _ in range(rounds):
            moved = worker.once()
            if stop():
                return
            if moved == 0:
                self.world.clock.later += timedelta(seconds=40)

    # Stripe's side --------------------------------------------------------------------------------
    def answered(self, method: str, path: str) -> None:
        """Early: the payment ends and its events are worked on before its sender hears of it."""
        if self.plot.events != "early" or (method, path) != ("POST", PAYMENTS):
            return
        self._stripe_goes_on()
        self._deliver(copies=1)
        other = self.stage.gateway()
        ear = reconcile.works(house_of(self.world, other, self.stage.data))[0]
        ear.run(ear.find(self.world.db, 10), None)
        other.close()

    def _stripe_goes_on(self) -> None:
        bank, ending = self.stage.simulator.bank, self.plot.ending
        for payment in self.payments():
            if payment["status"] == "processing":
                bank.fail(payment["id"]) if ending == "failed" else bank.settle(payment["id"])
                if ending == "returned":
                    bank.give_back(payment["id"])

    def _deliver(self, *, copies: int) -> None:
        """Signed and in any order. Twice: once more by its id, and once more as another event."""
        store = self.stage.simulator.bank.store
        fresh = [e for e in store.all("event") if e["id"] not in self.heard]
        self.heard |= {e["id"] for e in fresh}
        bodies = [json.dumps(e) for e in fresh] * copies
        if copies > 1:
            bodies += [json.dumps({**e, "id": f"evt_test_{uuid4().hex}"}) for e in fresh]
        self.chance.shuffle(bodies)
        now = self.world.clock()
        for body in bodies:
            signed = signature(body, secrets=[SECRET], at=int(now.timestamp()))
            with self.world.db.work() as session:
                reconciliation.receive(
                    session, raw=body.encode(), signature=signed, secrets=(SECRET,), now=now
                )

    def payments(self) -> list[dict[str, Any]]:
        """What Stripe has of what is told here."""
        found = self.stage.simulator.bank.store.all("payment")
        return [p for p in found if p["metadata"]["reunify_disbursement"] in self.marks()]

    def marks(self) -> set[str]:
        return {str(self.instruction)}

    # what must be true ----------------------------------------------------------------------------
    def flies(self) -> bool:
        return any(a.state not in policy.UNSENT for a in self.world.attempts(self.instruction))

    def rests(self) -> bool:
        return [a.state for a in self.world.attempts(self.instruction)][-1:] == [self.plot.ending]

    def holds(self) -> None:
        """One payment, one attempt, both as Stripe says; the money where it belongs; a person where one is
        needed."""
        plot = self.plot
        (payment,) = self.payments()
        (attempt,) = self.world.attempts(self.instruction)
        said = self.world.instruction(self.instruction)
        expected = {"posted": "settled"}.get(plot.ending, plot.ending)
        assert (said.state, attempt.state, payment["status"]) == (expected, plot.ending, plot.ending), plot
        assert attempt.payment == payment["id"]
        held = self.stage.simulator.bank.financial_account()["balance"]["available"]["usd"]["value"]
        assert self.world.cash(Cash.STRIPE) == held, plot
        with self.world.db.read() as session:
            asked = [
                made.id for made, _ in troubles.need_person(session, now=self.world.clock(), limit=10_000)
            ]
        assert (self.instruction in asked) == (plot.ending != "posted"), plot


def _anew(session: Session, world: World) -> PayeeId:
    """The same mother as a new version: Stripe does not know it, and what was agreed still stands."""
    newest = session.scalars(
        sa.select(PayeeRecord)
        .where(PayeeRecord.request_id == world.request, PayeeRecord.key == "mother")
        .order_by(PayeeRecord.version.desc())
        .limit(1)
    ).one()
    made = PayeeRecord(
        request_id=world.request,
        key="mother",
        version=newest.version + 1,
        kind="person",
        legal_name="Rosa Delgado",
        email="rosa@example.org",
        country="US",
        stripe_consent=True,
        registered_at=world.clock(),
    )
    session.add(made)
    session.flush()
    return PayeeId(made.id)


def _run(work: Work, ids: list[UUID]) -> int:
    return work.run(ids, None)


@contextmanager
def staged(db: Database, superuser: str, data: Path) -> Iterator[Stage]:
    """One world to tell payments in."""
    with running(Options(data=data / "stripe", settle_after=None)) as simulator:
        yield Stage(make_world(db, superuser), simulator, data)
