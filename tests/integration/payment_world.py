"""A released award in a real database, and the simulator on the other side of a wire."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import actions, queries, sending
from reunify.disbursement.award import AwardToPay, LineToPay
from reunify.identity.records import StaffRecord
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.intake.form import Settlement
from reunify.kernel.ids import AwardId, FundId, InstructionId, LineId, PayeeId, RequestId, StaffId
from reunify.kernel.people import Staff, System
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger import queries as balances
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.payees import actions as payees
from reunify.rates import actions as rates
from reunify.reconciliation import actions as reconciliation
from reunify.rules.library import shipped
from reunify.sandbox import people
from reunify.sandbox.families import sample_families
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.serving import Running, running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT

FLOW = System("disburse")
SANDBOX = System("sandbox")
SECRET = "whsec_tests"
KEY = "sk_test_sandbox"


class Clock:
    """The real time (the simulator signs with it), moved forward when a test wants to wait."""

    def __init__(self) -> None:
        self.later = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.later


@dataclass
class World:
    """One family's money: a fund in cents, a fund in nights, and lines as a release leaves them."""

    db: Database
    clock: Clock
    staff: dict[str, Staff]
    request: RequestId
    payees: dict[str, PayeeId]
    cents: FundId
    nights: FundId
    miles: FundId
    digest: str = "approved-digest"
    award: AwardId = field(default_factory=lambda: AwardId(uuid4()))

    def line(
        self,
        payee: str,
        settlement: Settlement,
        amount: int,
        *,
        unit: str = "cents",
        by_release: bool | None = None,
    ) -> LineToPay:
        """A line whose hold is obligated if the release obligates it, reserved otherwise.

        `by_release`: as another policy of the organisation would have it.
        """
        if by_release is None:
            by_release = settlement in (Settlement.ADVANCE, Settlement.REPAID, Settlement.VENDOR_BILLED)
        fund, category = self.cents, BudgetCategory.TRANSPORT
        if unit == "night":
            fund, category = self.nights, BudgetCategory.LODGING
        if unit == "mile":
            fund = self.miles
        hold = uuid4()
        with self.db.work() as session:
            plan = [HoldLine(hold, fund, category, Unit(unit), amount)]
            ledger.reserve(session, external_ref=f"reserve:{hold}", plan=plan, by=FLOW, now=self.clock())
            if by_release:
                ledger.obligate(
                    session,
                    external_ref=f"release:{hold}",
                    amounts={hold: amount},
                    by=FLOW,
                    now=self.clock(),
                )
        return LineToPay(
            allocation_line=LineId(uuid4()),
            payee=self.payees[payee],
            fund=fund,
            budget_category=category.value,
            settlement=settlement,
            unit=unit,
            amount=amount,
            hold=hold,
        )

    def instruct(self, *lines: LineToPay, rail_on: bool = True) -> list[InstructionId]:
        award = AwardToPay(self.award, self.digest, lines)
        with self.db.work() as session:
            return actions.instruct(session, award=award, rail_on=rail_on, by=FLOW, now=self.clock())

    def advance(self, gateway: StripeGateway, cents: int = 40_000) -> InstructionId:
        """An instruction to pay the mother, who is known to Stripe."""
        (instruction,) = self.instruct(self.line("mother", Settlement.ADVANCE, cents))
        assert sending.ensure_recipient(
            self.db, gateway, instruction_id=instruction, by=FLOW, clock=self.clock
        )
        return instruction

    def send(self, gateway: StripeGateway, instruction: InstructionId) -> str:
        return sending.send(
            self.db,
            gateway,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: self.digest,
            by=FLOW,
            clock=self.clock,
        )

    def send_again(self, gateway: StripeGateway, instruction: InstructionId) -> str:
        """As the flow does: whatever may be sent again, a while later."""
        self.clock.later += timedelta(minutes=6)
        with self.db.read() as session:
            waiting = queries.to_resend(session, now=self.clock())
        (attempt,) = [a for a in waiting if a.instruction == instruction]
        return sending.send_again(self.db, gateway, attempt_id=attempt.id, by=FLOW, clock=self.clock)

    def instruction(self, instruction: InstructionId) -> queries.Instruction:
        with self.db.read() as session:
            return queries.instruction(session, instruction)

    def attempts(self, instruction: InstructionId) -> list[queries.Attempt]:
        with self.db.read() as session:
            return queries.attempts(session, instruction)

    def books(self, fund: FundId) -> tuple[int, int, int, int]:
        """available, reserved, obligated, expended."""
        with self.db.read() as session:
            (b,) = [b for b in balances.balances(session) if b.key.fund_id == fund]
        return b.available, b.reserved, b.obligated, b.expended

    def cash(self, account: Cash = Cash.STRIPE) -> int:
        with self.db.read() as session:
            return balances.cash(session, account).cents


OPENING = 200_000_00
NIGHTS = 20
MILES = 60_000


def make_world(db: Database, superuser: str, *, consent: bool = True) -> World:
    """The rooms upstream are real; awards, allocations and funds are not: their links are cut."""
    cut_links(superuser)
    clock = Clock()
    now = clock()
    draft = copy.deepcopy({f.letter: f.draft for f in sample_families(now.date())}["b"])
    draft["payees"] = said_payees(consent=consent)
    for line in draft["cost_lines"]:
        line["payee"] = "hotel" if line["settled"] == "partner_gives" else "mother"
    with db.work() as session:
        staff = _settle_in(session, now)
        request = RequestId(intake.create(session, draft=draft, by=staff["ana"], now=now).id)
        case_types = shipped().dictionary.case_types
        intake.submit(session, request_id=request, case_types=case_types, by=staff["ana"], now=now)
        content = intake_queries.newest_version(session, request).content
        known = payees.register(session, request_id=request, content=content, by=FLOW, now=now)
        cents = _fund(session, BudgetCategory.TRANSPORT, Unit.CENTS, OPENING, now)
        nights = _fund(session, BudgetCategory.LODGING, Unit.NIGHT, NIGHTS, now)
        miles = _fund(session, BudgetCategory.TRANSPORT, Unit.MILE, MILES, now)
        for cash, ref in ((Cash.STRIPE, "bank-1"), (Cash.BANK, "bank-2")):
            ledger.draw_down(
                session, external_ref=ref, fund_id=cents, cash=cash, amount=OPENING, by=SANDBOX, now=now
            )
    return World(db, clock, staff, request, known, cents, nights, miles)


def _settle_in(session: Session, now: datetime) -> dict[str, Staff]:
    """The demo's people and organisation, without the seconds their password hashes would take."""
    for key, value in people.ORGANISATION.items():
        rates.set_organisation(
            session, key=key, value=value, effective_from=people.IN_FORCE_FROM, by=SANDBOX, now=now
        )
    staff = {p.username: Staff(StaffId(uuid4()), p.name, p.roles) for p in people.PEOPLE}
    for username, person in staff.items():
        session.add(
            StaffRecord(
                id=person.id,
                username=username,
                name=person.name,
                password_hash="!",
                roles=sorted(person.roles),
                active=True,
            )
        )
    session.flush()
    return staff


def said_payees(*, consent: bool) -> list[dict[str, Any]]:
    mother = {"key": "mother", "kind": "person", "name": "Rosa Delgado", "email": "rosa@example.org"}
    airline = {"key": "airline", "kind": "vendor", "name": "Prairie Air", "email": "bills@example.org"}
    hotel = {"key": "hotel", "kind": "partner", "name": "Partner Hotels"}
    return [{**mother, "stripe_consent": consent}, airline, hotel]


def _fund(session: Session, category: BudgetCategory, unit: Unit, amount: int, now: datetime) -> FundId:
    fund = FundId(uuid4())
    ledger.authorise(
        session,
        external_ref=f"authorise:{fund}",
        fund_id=fund,
        budget_category=category,
        unit=unit,
        amount=amount,
        by=SANDBOX,
        now=now,
    )
    return fund


def cut_links(superuser: str) -> None:
    engine = sa.create_engine(superuser)
    with engine.begin() as connection:
        links = connection.execute(
            sa.text(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' "
                "AND confrelid::regclass::text IN ('awards', 'allocation_lines', 'funding_sources', 'funds')"
            )
        ).all()
        for table, name in links:
            connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    engine.dispose()


def in_flight(world: World, gateway: StripeGateway) -> tuple[InstructionId, str]:
    """A payment that Stripe has taken up: our instruction, and Stripe's id."""
    instruction = world.advance(gateway)
    assert world.send(gateway, instruction) == "in_flight"
    payment = world.attempts(instruction)[-1].payment
    assert payment
    return instruction, payment


@contextmanager
def stripe_side(folder: Path, **options: Any) -> Iterator[tuple[Running, StripeGateway]]:
    """The simulator, and the gateway that talks to it. Nothing settles unless told to."""
    with running(Options(**{"data": folder, "settle_after": None, "secret": SECRET, **options})) as simulator:
        gateway = StripeGateway(
            key=KEY,
            financial_account=FINANCIAL_ACCOUNT,
            base=simulator.url,
            connect_seconds=2,
            read_seconds=5,
        )
        try:
            yield simulator, gateway
        finally:
            gateway.close()


@contextmanager
def webhook_door(db: Database, clock: Callable[[], datetime]) -> Iterator[str]:
    """The address Stripe posts to: verify, keep, answer. Yields the address."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            signature = self.headers["Stripe-Signature"] or ""
            try:
                with db.work() as session:
                    reconciliation.receive(
                        session, raw=raw, signature=signature, secrets=(SECRET,), now=clock()
                    )
                self.send_response(200)
            except Refused:
                self.send_response(400)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/webhooks/stripe"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def entries_of(superuser: str, reference: str) -> list[tuple[str, int]]:
    """Ledger entries under one reference: account and amount, as they stand in the database."""
    engine = sa.create_engine(superuser)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT e.account, e.amount FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id "
                "WHERE v.external_ref = :ref ORDER BY e.account"
            ),
            {"ref": reference},
        ).all()
    engine.dispose()
    return [(account, amount) for account, amount in rows]


def days_of(superuser: str, reference: str) -> tuple[date, date]:
    """The accounting day of the event under one reference, and the day it happened."""
    engine = sa.create_engine(superuser)
    with engine.connect() as connection:
        said = "SELECT day, happened_on FROM ledger_events WHERE external_ref = :ref"
        day, happened_on = connection.execute(sa.text(said), {"ref": reference}).one()
    engine.dispose()
    return day, happened_on


def here(world: World) -> date:
    """Today, on the organisation's clock."""
    return world.clock().astimezone(ZoneInfo(people.ORGANISATION["time_zone"])).date()


def superuser_of(server_superuser: str, database: str) -> str:
    return sa.make_url(server_superuser).set(database=database).render_as_string(hide_password=False)


def payments_at(simulator: Running) -> list[dict[str, Any]]:
    return simulator.bank.store.all("payment")


def some_uuid() -> UUID:
    return uuid4()
