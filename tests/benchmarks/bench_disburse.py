"""Payments a second through the whole path, beside the same calls of the bare SDK: `make bench-disburse`.

The path is the worker's own: found among what waits, payee looked up, parameters frozen and committed, asked
for, outcome committed; then, once Stripe has paid, looked up and posted to the ledger. Those that are alike
share their commits, as in the flow. Each payment is of another family, as in life. The bare calls are the
same three of each payment (its account, the payment, the payment again), one after another through a client
of the SDK without our checks, and nothing is kept of them. The simulator is a process of its own, and its
record says that both ways made as many calls.
Writes build/bench/disburse.json.
"""

from __future__ import annotations

import copy
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import stripe

from flows import disburse, reconcile
from flows.work import Work
from reunify.adapters.stripe_client import API_VERSION
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.bootstrap import House
from reunify.disbursement import sending
from reunify.disbursement.ports import PaymentOrder
from reunify.intake import actions as intake
from reunify.intake import queries as requests
from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, InstructionId, PayeeId, RequestId
from reunify.kernel.money import Money
from reunify.payees import actions as register
from reunify.payees import agreement
from reunify.payees import queries as payees
from reunify.rules.library import shipped
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.benchmarks.harness import Row, report
from tests.integration.crash.house import house_of
from tests.integration.crash.matrix import one_database
from tests.integration.payment_world import FLOW, KEY, World, make_world

ROUNDS = 10  # each way in turn: whatever else the machine does meets all of them alike
PAYMENTS = 20  # in each round
FAR_ROUNDS = 2
FAR_SECONDS = 0.1  # each answer; an invented distance: on this machine itself an answer takes no time at all
HALF = 0.5
CENTS = 1_00


@contextmanager
def simulator(folder: Path) -> Iterator[httpx.Client]:
    """In a process of its own; yields its control plane. It settles when told to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = ["--port", str(port), "--data", str(folder / "stripe"), "--settle-after", "-1"]
    command = [sys.executable, "-m", "reunify.sandbox.stripe_simulator", *said]
    process = subprocess.Popen(command)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as control:
        try:
            _wait_for(control, process)
            yield control
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(control: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            control.get("/_control/health").raise_for_status()
            return
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)


class Ground:
    """A database with a family for each payment of a round, and Stripe's other side."""

    def __init__(self, world: World, folder: Path, control: httpx.Client) -> None:
        self.world, self.folder, self.control = world, folder, control
        base = str(control.base_url).rstrip("/")
        self.gateway = StripeGateway(key=KEY, financial_account=FINANCIAL_ACCOUNT, base=base, read_seconds=10)
        self.payees = [_family(world) for _ in range(PAYMENTS)]

    def prepared(self) -> list[InstructionId]:
        """As many ready payments as a round has; every payee is known to Stripe."""
        made: list[InstructionId] = []
        for payee in self.payees:
            self.world.payees["mother"], self.world.award = payee, AwardId(uuid4())
            made += self.world.instruct(self.world.line("mother", Settlement.ADVANCE, CENTS))
        for instruction in made:
            assert sending.ensure_recipient(
                self.world.db, self.gateway, instruction_id=instruction, by=FLOW, clock=self.world.clock
            )
        return made

    def settle(self, payments: list[str]) -> None:
        """Stripe pays all of these; the poller's next look is due."""
        for payment in payments:
            self.control.post(f"/_control/payments/{payment}/settle", json={}).raise_for_status()
        self.world.clock.later += reconcile.SWEEP_EVERY

    def go_far(self) -> None:
        """From now on Stripe answers as from far away."""
        late = {"kind": "slow", "times": 100_000, "path": "/v2/", "seconds": FAR_SECONDS, "method": "any"}
        self.control.post("/_control/faults", json=late).raise_for_status()

    def calls(self) -> int:
        """How many calls Stripe has had since this was asked last."""
        had = len(self.control.get("/_control/requests").json()["requests"])
        self.control.post("/_control/requests/clear", json={}).raise_for_status()
        return had


def _family(world: World) -> PayeeId:
    """Another one like the world's own."""
    now, staff = world.clock(), world.staff["ana"]
    with world.db.work() as session:
        draft = copy.deepcopy(requests.newest_version(session, world.request).content.model_dump(mode="json"))
        made = RequestId(intake.create(session, draft=draft, by=staff, now=now).id)
        intake.submit(
            session,
            request_id=made,
            case_types=shipped().dictionary.case_types,
            going_on="another family of the benchmark",
            by=staff,
            now=now,
        )
        content = requests.newest_version(session, made).content
        return register.register(session, request_id=made, content=content, by=FLOW, now=now)["mother"]


class Bare:
    """The SDK's client and nothing else; parameters and keys are ready before the clock starts."""

    def __init__(self, ground: Ground) -> None:
        base = str(ground.control.base_url).rstrip("/")
        bases: Any = {"api": base, "files": base, "connect": base, "meter_events": base}
        self._http = stripe.RequestsClient(timeout=10)
        self._client = stripe.StripeClient(
            KEY, base_addresses=bases, stripe_version=API_VERSION, http_client=self._http
        )
        self._ground = ground
        self.made: list[str] = []
        self._params: list[tuple[str, str, dict[str, Any]]] = []

    def prepare(self) -> None:
        self.made, self._params, world = [], [], self._ground.world
        with world.db.work() as session:
            for payee_id in self._ground.payees:
                payee = payees.payee(session, payee_id)
                permit = agreement.permit_for_stripe(session, payee, now=world.clock())
                assert payee.stripe_recipient is not None
                order = PaymentOrder(uuid4(), payee.stripe_recipient, Money(CENTS), permit, payee.id)
                key, params = f"reunify:disb:{order.reference}:1", self._ground.gateway.prepare(order)
                self._params.append((order.recipient, key, params))

    def send(self) -> None:
        for recipient, key, params in self._params:
            self._client.v2.core.accounts.retrieve(
                recipient, cast(Any, {"include": ["configuration.recipient"]})
            )
            made = self._client.v2.money_management.outbound_payments.create(
                cast(Any, params), {"idempotency_key": key, "max_network_retries": 0}
            )
            self.made.append(made.id)

    def follow(self) -> None:
        for payment in self.made:
            self._client.v2.money_management.outbound_payments.retrieve(payment)

    def close(self) -> None:
        self._http.close()  # type: ignore[no-untyped-call]  # the SDK says no types here


def worked(house: House, name: str) -> Callable[[], None]:
    """One kind of the worker's work, found and done as it does it."""
    (work,) = [w for w in (*disburse.works(house), *reconcile.works(house)) if w.name == name]

    def once(work: Work = work) -> None:
        ids = work.find(house.db, 500)
        assert ids, f"nothing waits for {name}"
        work.run(ids, None)

    return once


def rate(took: list[float]) -> float:
    """Payments a second: the middle round's."""
    return PAYMENTS / statistics.median(took)


def whole(took: dict[str, list[float]]) -> tuple[float, float]:
    """Sent and followed up, by us and by the bare SDK."""
    ours, bare = (
        rate([a + b for a, b in zip(took[send], took[follow], strict=True)])
        for send, follow in (("send", "follow"), ("bare send", "bare follow"))
    )
    return ours, bare


class Measured:
    """How long each way took, round by round, and how many calls it made."""

    def __init__(self, calls: Callable[[], int]) -> None:
        self._calls = calls
        self.took: dict[str, list[float]] = {}
        self.made: dict[str, int] = {}

    def __call__(self, name: str, one: Callable[[], object]) -> None:
        self._calls()
        begun = time.perf_counter()
        one()
        self.took.setdefault(name, []).append(time.perf_counter() - begun)
        self.made[name] = self._calls()


def measure(ground: Ground, rounds: int) -> dict[str, list[float]]:
    """One round more, to warm up connections and caches, is not counted."""
    house = house_of(ground.world, ground.gateway, ground.folder)
    send, follow, bare = worked(house, "disburse"), worked(house, "reconcile"), Bare(ground)
    measured = Measured(ground.calls)
    for number in range(rounds + 1):
        made = ground.prepared()
        bare.prepare()
        measured("bare send", bare.send)
        measured("send", send)
        asked = [str(a.payment) for i in made for a in ground.world.attempts(i)]
        ground.settle([*asked, *bare.made])
        measured("bare follow", bare.follow)
        measured("follow", follow)
        assert {ground.world.instruction(i).state for i in made} == {"settled"}
        assert measured.made["send"] == measured.made["bare send"], measured.made
        assert measured.made["follow"] == measured.made["bare follow"], measured.made
        if number == 0:
            measured.took = {}
    bare.close()
    return measured.took


def main(*, durable: bool) -> int:
    with ExitStack() as open_:
        db, superuser, folder = open_.enter_context(one_database(durable=durable))
        control = open_.enter_context(simulator(folder))
        ground = Ground(make_world(db, superuser), folder, control)
        open_.callback(ground.gateway.close)
        took = measure(ground, ROUNDS)
        ground.go_far()
        far = measure(ground, FAR_ROUNDS)
    sent, bare_sent = rate(took["send"]), rate(took["bare send"])
    rows = [
        Row("paid and posted, whole path", *whole(took), "per s", HALF, more_is_better=True),
        Row("  of it: found, frozen, asked for, recorded", sent, bare_sent, "per s"),
        Row("  of it: looked up and posted", rate(took["follow"]), rate(took["bare follow"]), "per s"),
        Row(f"the whole path, each answer {FAR_SECONDS} s later", *whole(far), "per s"),
    ]
    return report("disburse", rows, about={"durable": durable, "payments": ROUNDS * PAYMENTS})


if __name__ == "__main__":
    # --fast: commits do not wait for the disk, which shows the work of the machine alone.
    sys.exit(main(durable="--fast" not in sys.argv))
