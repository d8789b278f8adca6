"""A worker is killed with SIGKILL in the middle of a payment: the family is paid once, and the books balance.

Real processes against the simulator's HTTP API. A fresh worker finds everything it needs in the tables.
"""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.key_sources import FileKeys
from reunify.adapters.object_folder import FolderStore
from reunify.bootstrap import ROOT
from reunify.cli import ports
from reunify.disbursement import queries
from reunify.disbursement.policy import CALL_LASTS_AT_MOST
from reunify.disbursement.queries import Attempt
from reunify.files import objects
from reunify.kernel.ids import InstructionId
from reunify.reporting import invariants
from reunify.sandbox.families import sample_families
from reunify.vault import keyring
from tests.flows.mortal_worker import Life, Moment, live
from tests.lasting import lasting_database
from tests.town import KEY, NOW, Town, built

PAYMENTS = "/v2/money_management/outbound_payments"
KILLED = -signal.SIGKILL
LATER = CALL_LASTS_AT_MOST + timedelta(seconds=1)
_processes = get_context("forkserver")


@pytest.fixture(scope="module")
def killing_ground(
    server: Urls, administrator: sa.Engine, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """One house for all of this: each test pays a family of its own."""
    data = tmp_path_factory.mktemp("house")
    FileKeys(data / "keys.json").write_first(keyring.current().to_json())  # the workers open what we sealed
    _processes.set_forkserver_preload(["tests.flows.mortal_worker"])
    with lasting_database(server, administrator, template) as db, built(db, data) as town:
        yield town


class Killed:
    """One family's payout: released, and not yet touched by any worker."""

    def __init__(self, town: Town) -> None:
        self.town = town
        draft = copy.deepcopy(next(f for f in sample_families(NOW.date()) if f.letter == "f").draft)
        draft["case"]["report_number"] = "SG-26-30981"
        self.request = town.submitted(draft)
        award = town.progress(self.request)["award"]["id"]
        town.person("ben").act(town.diary, "release", f"/awards/{award}/approval-and-release")

    # the workers ----------------------------------------------------------------------------------
    def worker(self, moment: Moment = Moment.NEVER, *, read_seconds: float = 5) -> Any:
        """A started worker process, on this town's clock."""
        life = Life(self.environment, moment, self.town.clock.at, read_seconds)
        process = _processes.Process(target=live, args=(life,))
        process.start()
        return process

    def ends_with(self, *workers: Any) -> list[int]:
        """How they ended: 0 at rest, -9 killed."""
        for worker in workers:
            worker.join(20)
        codes = [int(worker.exitcode) for worker in workers]
        for worker in workers:
            worker.close()
        return codes

    def dies(self, moment: Moment, *, read_seconds: float = 5) -> None:
        assert self.ends_with(self.worker(moment, read_seconds=read_seconds)) == [KILLED]

    def restarts(self) -> None:
        """Two minutes and a second later a fresh worker runs until nothing moves."""
        self.town.clock.at += LATER
        assert self.ends_with(self.worker()) == [0]
        self.town.clock.at += timedelta(minutes=10)

    @property
    def environment(self) -> dict[str, str]:
        url = self.town.house.db.url
        said = {"REUNIFY_DATABASE_URL": url, "REUNIFY_STRIPE_FINANCIAL_ACCOUNT": "fa_test_sandbox"}
        return self.town.house.settings.as_environment() | said

    # what came of it ------------------------------------------------------------------------------
    @property
    def instruction(self) -> InstructionId:
        (one,) = self.town.progress(self.request)["instructions"]
        return InstructionId(UUID(one["id"]))

    @property
    def attempts(self) -> list[Attempt]:
        with self.town.house.db.read() as session:
            return queries.attempts(session, self.instruction)

    def state(self) -> str:
        return str(self.town.progress(self.request)["instructions"][0]["state"])

    def payouts(self) -> list[dict[str, Any]]:
        """What Stripe has of this instruction, asked over its API."""
        mark = str(self.instruction)
        return [p for p in stripe_has(self.town, PAYMENTS) if p["metadata"]["reunify_disbursement"] == mark]

    def is_left_alone_until_the_call_must_be_over(self) -> None:
        now = self.town.clock.at + CALL_LASTS_AT_MOST - timedelta(seconds=1)
        with self.town.house.db.read() as session:
            assert queries.to_resend(session, now=now) == []

    def is_paid_exactly_once(self) -> None:
        (payout,) = self.payouts()
        (attempt,) = self.attempts
        assert (self.state(), attempt.state, payout["status"]) == ("settled", "posted", "posted")
        assert attempt.payment == payout["id"]
        with self.town.house.db.read() as session:
            assert invariants.check(session) == []
            spent = session.execute(sa.text("SELECT sum(expended) FROM ledger_balances WHERE unit = 'cents'"))
            posted = sum(p["amount"]["value"] for p in stripe_has(self.town, PAYMENTS))
            assert spent.scalar_one() == posted


def stripe_has(town: Town, path: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{town.stripe_url}{path}?limit=100", headers={"authorization": f"Bearer {KEY}"})
    return list(answer.raise_for_status().json()["data"])


def trouble(town: Town, kind: str, *, seconds: float = 1.0) -> None:
    """The next payment meets this at Stripe."""
    order = {"kind": kind, "times": 1, "path": PAYMENTS, "seconds": seconds}
    httpx.post(f"{town.stripe_url}/_control/faults", json=order).raise_for_status()


def wait_until(true: Callable[[], object], within_seconds: float = 15) -> None:
    ends = time.monotonic() + within_seconds
    while not true():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def payment(killing_ground: Town) -> Killed:
    objects.use(FolderStore(killing_ground.house.settings.data / "files", durable=False))  # the workers' own
    return Killed(killing_ground)


def test_killed_before_the_call_the_same_attempt_is_sent_later(payment: Killed) -> None:
    payment.dies(Moment.BEFORE_CALL)
    assert payment.payouts() == []
    assert [a.state for a in payment.attempts] == ["open"]
    payment.is_left_alone_until_the_call_must_be_over()
    payment.restarts()
    payment.is_paid_exactly_once()


def test_killed_after_the_call_the_payout_is_found_again_by_its_key(payment: Killed) -> None:
    payment.dies(Moment.AFTER_CALL)
    assert len(payment.payouts()) == 1
    assert [(a.state, a.payment) for a in payment.attempts] == [("open", None)]
    payment.is_left_alone_until_the_call_must_be_over()
    payment.restarts()
    payment.is_paid_exactly_once()


def test_killed_after_the_record_the_payout_is_only_followed(payment: Killed) -> None:
    payment.dies(Moment.AFTER_RECORD)
    assert [a.state for a in payment.attempts] == ["in_flight"]
    payment.restarts()
    payment.is_paid_exactly_once()


def test_killed_when_the_payees_account_was_made_no_second_account_is_made(payment: Killed) -> None:
    before = len(accounts(payment.town))
    payment.dies(Moment.ACCOUNT_MADE)
    payment.restarts()
    payment.is_paid_exactly_once()
    assert len(accounts(payment.town)) == before + 1


def accounts(town: Town) -> list[Any]:
    """The payees Stripe knows; its API lists none, so they are counted by the calls that made them."""
    return [e for e in stripe_has(town, "/v2/core/events") if e["type"] == "v2.core.account.created"]


def test_a_lost_answer_and_then_a_kill_still_pay_once(payment: Killed) -> None:
    trouble(payment.town, "lose_response")
    payment.dies(Moment.AFTER_RECORD)
    assert [(a.state, a.payment) for a in payment.attempts] == [("unknown", None)]
    assert len(payment.payouts()) == 1
    payment.restarts()
    payment.is_paid_exactly_once()


def test_killed_while_stripe_commits_late_nothing_is_seen_and_nothing_is_paid_again(payment: Killed) -> None:
    trouble(payment.town, "late_commit", seconds=1.2)
    payment.dies(Moment.DURING_CALL)
    assert payment.payouts() == []  # looking here and paying again with a new key would pay twice
    payment.restarts()
    payment.is_paid_exactly_once()


def test_two_fresh_workers_at_once_do_not_both_pay(payment: Killed) -> None:
    payment.dies(Moment.BEFORE_CALL)
    payment.town.clock.at += LATER
    assert payment.ends_with(payment.worker(), payment.worker(), payment.worker()) == [0, 0, 0]
    payment.town.clock.at += timedelta(minutes=10)
    payment.is_paid_exactly_once()


def test_the_worker_as_it_is_shipped_is_killed_from_outside_while_it_waits_for_stripe(
    payment: Killed, tmp_path: Path
) -> None:
    trouble(payment.town, "slow", seconds=3)
    own = {"REUNIFY_PREFECT_PORT": str(ports.free_port()), "PREFECT_HOME": str(tmp_path)}
    plain = {k: v for k, v in os.environ.items() if not k.startswith("REUNIFY_")}
    worker = subprocess.Popen(
        [sys.executable, "-m", "flows.worker", "decide-and-pay"],
        cwd=ROOT,
        env=plain | payment.environment | own,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: payment.town.progress(payment.request)["instructions"] and payment.payouts())
    finally:
        worker.kill()
        assert worker.wait(10) == KILLED
    assert [(a.state, a.payment) for a in payment.attempts] == [("open", None)]
    # That worker went by the real time, so time goes on from there.
    payment.town.clock.at = max(payment.town.clock.at, datetime.now(UTC))
    payment.restarts()
    payment.is_paid_exactly_once()
