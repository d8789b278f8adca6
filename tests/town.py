"""A whole house in one process: PostgreSQL, the API, the Stripe simulator over HTTP, flows as functions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fastapi.testclient import TestClient
from pydantic import SecretStr

from flows.registry import works
from flows.work import Work
from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.adapters.stripe_card_balance import StripeCardBalance
from reunify.adapters.stripe_cards import CardHolder, StripeCards
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.bootstrap import ROOT, House
from reunify.db import Database
from reunify.disbursement import queries as disbursement
from reunify.rates.fields import dictionary
from reunify.sandbox import people, seed
from reunify.sandbox.driver import Diary, Person
from reunify.sandbox.people import DemoPerson
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.serving import Running, running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from reunify.settings import Settings
from tests.apps import app_of, closed
from tests.proofs import message

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
KEY = "sk_test_sandbox_town"
# A sample family is entered by several tests: whoever enters it again says why.
AGAIN = {"overlap_reason": "The same family is entered again by a test."}
CARDHOLDER = "Lantern Travel Desk; 100 Sample Square; Alexandria; VA; 22314"


@dataclass
class Clock:
    """Time stands still until a test moves it."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Town:
    house: House
    clock: Clock
    stripe_url: str
    settles: bool
    running: Running | None = None  # none where nothing goes through Stripe
    diary: Diary = field(default_factory=Diary)
    _people: dict[str, Person] = field(default_factory=dict)
    _works: list[Work] = field(default_factory=list)  # as one worker: the proof remembers when it looked

    @property
    def simulator(self) -> Running:
        assert self.running is not None, "this town has no simulator"
        return self.running

    def person(self, username: str) -> Person:
        """Signed in once, and then remembered."""
        if username not in self._people:
            http = TestClient(app_of(self.house), base_url="http://localhost/api/v1")
            self._people[username] = Person(http, username, origin=self.house.settings.own_url)
        return self._people[username]

    def hire(self, person: DemoPerson) -> None:
        """One more member of staff, who can sign in like the others."""
        with self.house.db.work() as session:
            people.hire(session, person, now=self.clock())
        people.PEOPLE_BY_NAME[person.username] = person

    def work(self, rounds: int = 40) -> None:
        """What the worker would do, until each piece of work in turn found nothing to do."""
        if not self._works:
            self._works = works(self.house)
        quiet = 0
        for work in (*self._works,) * rounds:
            ids = work.find(self.house.db, 100)
            quiet = 0 if ids and work.run(ids, None) else quiet + 1
            if quiet >= len(self._works):
                if not self._stripe_is_busy():
                    return
                quiet = 0
        raise AssertionError("the work never came to rest")

    def _stripe_is_busy(self) -> bool:
        """A payment the simulator settles by itself within moments: worth waiting for."""
        with self.house.db.read() as session:
            busy = self.settles and bool(disbursement.in_flight(session, limit=1))
        if busy:
            time.sleep(0.05)
            self.clock.at += timedelta(seconds=5)
        return busy

    def submitted(self, draft: dict[str, Any], by: str = "ana") -> str:
        """Entered and submitted by this person, and checked; the request's id."""
        person = self.person(by)
        request_id = str(person.act(self.diary, "enter the request", "/requests", draft)["id"])
        person.act(self.diary, "submit it", f"/requests/{request_id}/submission", AGAIN)
        self.work()
        return request_id

    def progress(self, request_id: str) -> dict[str, Any]:
        return self.person("ana").see(f"/requests/{request_id}/progress")


@contextmanager
def built(
    db: Database,
    data: Path,
    *,
    settle_after: float | None = 0.02,
    cards: bool = False,
    card_fee_cents: int = 0,
    banks_ready: bool = True,
) -> Iterator[Town]:
    """The demo's organisation, people and funds, in a test's own database. `cards`: with travel cards."""
    clock = Clock()
    with (
        running(
            Options(
                data=data / "stripe",
                settle_after=settle_after,
                card_fee_cents=card_fee_cents,
                banks_ready=banks_ready,
            )
        ) as simulator,
        patch.dict(people.PEOPLE_BY_NAME),  # whom this town hires, no other knows
    ):
        gateway = StripeGateway(key=KEY, financial_account=FINANCIAL_ACCOUNT, base=simulator.url)
        issuer = StripeCards(key=KEY, holder=CardHolder.read(CARDHOLDER), base=simulator.url)
        card_balance = StripeCardBalance(key=KEY, base=simulator.url)
        house = House(
            settings=Settings(
                data=data,
                sandbox=True,
                stripe_rail=True,
                stripe_key=SecretStr(KEY),
                stripe_base=simulator.url,
                stripe_cards=cards,
                stripe_cardholder=CARDHOLDER,
                log_to_stripe=True,
            ),
            db=db,
            renderer=DocxRenderer(ROOT / "document_templates"),
            converter=DxpdfConverter(),
            gateway=gateway,
            statement=gateway,
            bank_page=gateway,
            case_types=dictionary().case_types,
            webhook_secrets=(),
            now=clock,
            cards=issuer if cards else None,
            card_statement=card_balance if cards else None,
        )
        with db.work() as session:
            seed.fill(session, now=clock())
        town = Town(house, clock, simulator.url, settle_after is not None, simulator)
        yield town
        for person in town._people.values():
            person.close()
        closed(house)
        gateway.close()
        issuer.close()
        card_balance.close()


def proved(town: Town, payment: dict[str, Any]) -> None:
    """Ben attaches the partner's own message to what he wrote down."""
    path = f"/payments/{payment['id']}/confirmation"
    town.person("ben").act(town.diary, "attach the message", path, message(town.clock().date()))
