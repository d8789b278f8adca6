"""Two accounts at Stripe, each proved by itself: top-ups, fees borne as the settings say, the rest a case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.stripe_card_balance import StripeCardBalance
from reunify.db import Database
from reunify.funds import actions as funds
from reunify.funds import queries as known_funds
from reunify.funds.policy import FundKind
from reunify.kernel.people import System
from reunify.ledger import actions as posting
from reunify.ledger import queries as ledger
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.rates.actions import set_organisation
from reunify.reconciliation import cases, cash, queries, sweeping
from reunify.reconciliation.policy import Kind
from reunify.reconciliation.suspense_policy import NotAnOwner
from reunify.sandbox.stripe_simulator.options import ISSUING_OPENING_CENTS
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    FLOW,
    KEY,
    OPENING,
    World,
    make_world,
    payments_at,
    stripe_side,
    superuser_of,
)

FEE = 150
SENT, DRAWN = 40_000, 50_000


@pytest.fixture
def world(db: Database, server: Urls, database_name: str) -> World:
    return make_world(db, superuser_of(server.superuser, database_name))


@contextmanager
def card_side(folder: Path, **options: Any) -> Iterator[tuple[Running, StripeCardBalance]]:
    with stripe_side(folder, **options) as (simulator, _):
        balance = StripeCardBalance(key=KEY, base=simulator.url)
        try:
            yield simulator, balance
        finally:
            balance.close()


def own_money(world: World) -> str:
    """A fund of the organisation's own; returns its code."""
    with world.db.work() as session:
        funds.open_fund(
            session,
            code="own",
            name="Own money",
            public_name="Our own money",
            kind=FundKind.HELD,
            unit=Unit.CENTS,
            amounts={BudgetCategory.OTHER: 10_000},
            period_start=date(2026, 1, 1),
            period_end=None,
            organisation_set=True,
            by=System("setup"),
            now=world.clock(),
        )
    return "own"


def sets(world: World, key: str, value: str) -> None:
    with world.db.work() as session:
        set_organisation(
            session,
            key=key,
            value=value,
            effective_from=date(2026, 1, 1),
            by=System("setup"),
            now=world.clock(),
        )


def on_cards(world: World) -> int:
    with world.db.read() as session:
        return ledger.cash(session, Cash.CARD).cents


def open_kinds(world: World) -> set[Kind]:
    with world.db.read() as session:
        return {d.kind for d in queries.open_differences(session)}


def test_a_top_up_of_the_cards_is_a_case_until_somebody_says_whose_books_hold_it(
    world: World, tmp_path: Path
) -> None:
    with card_side(tmp_path) as (_, balance):
        cash.prove_card(world.db, balance, by=FLOW, clock=world.clock)
        assert open_kinds(world) == {Kind.TOP_UP_NOT_POSTED, Kind.CASH_DIFFERS}
        sets(world, "suspense_fund", own_money(world))
        assert cash.prove_card(world.db, balance, by=FLOW, clock=world.clock) == []
        assert cash.prove_card(world.db, balance, by=FLOW, clock=world.clock) == []
        assert on_cards(world) == ISSUING_OPENING_CENTS, "posted once, however often it is proved"
        assert open_kinds(world) == set()


def test_a_fee_is_borne_as_the_settings_say_and_is_a_case_before(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path, payout_fee_cents=FEE) as (simulator, gateway):
        world.send(gateway, world.advance(gateway))
        simulator.bank.settle(payments_at(simulator)[0]["id"])
        sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock)
        sweeping.prove(world.db, gateway, clock=world.clock)
        assert open_kinds(world) == {Kind.FEE_NOT_CODED, Kind.CASH_DIFFERS}
        sets(world, "fees_cash_stripe", f"{own_money(world)} other")
        assert sweeping.prove(world.db, gateway, clock=world.clock) == []
        assert sweeping.prove(world.db, gateway, clock=world.clock) == []
        assert open_kinds(world) == set()


def test_a_case_is_given_to_a_person_of_finance_and_to_nobody_else(world: World, tmp_path: Path) -> None:
    with card_side(tmp_path) as (_, balance):
        cash.prove_card(world.db, balance, by=FLOW, clock=world.clock)
    with world.db.read() as session:
        case = queries.open_differences(session)[0]
    ask = {"difference_id": case.id, "by": world.staff["ben"], "now": world.clock()}
    with world.db.work() as session, pytest.raises(NotAnOwner):
        cases.assign(session, to=world.staff["ana"].id, **ask)  # type: ignore[arg-type]
    with world.db.work() as session:
        cases.assign(session, to=world.staff["ben"].id, **ask)  # type: ignore[arg-type]
    with world.db.read() as session:
        owners = {d.id: d.owner for d in queries.open_differences(session)}
    assert owners[case.id] == world.staff["ben"].id


def test_money_sent_to_the_payout_balance_is_a_case_until_the_books_say_where_it_came_from(
    world: World, tmp_path: Path
) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        assert sweeping.prove(world.db, gateway, clock=world.clock) == [], "the opening was drawn down"
        simulator.bank.top_up(SENT)
        sweeping.prove(world.db, gateway, clock=world.clock)
        assert open_kinds(world) == {Kind.TOP_UP_NOT_POSTED, Kind.CASH_DIFFERS}
        sets(world, "suspense_fund", own_money(world))
        sweeping.prove(world.db, gateway, clock=world.clock)
        assert Kind.TOP_UP_NOT_POSTED in open_kinds(world), "the bank held nothing of that fund"
        arrives(world, SENT, Cash.BANK)
        for _ in range(2):
            assert sweeping.prove(world.db, gateway, clock=world.clock) == []
            assert (open_kinds(world), world.cash()) == (set(), OPENING + SENT)
        assert world.cash(Cash.BANK) == OPENING, "it left the bank"


def test_a_payment_of_a_source_into_the_payout_balance_is_not_taken_for_our_own_money(
    world: World, tmp_path: Path
) -> None:
    sets(world, "suspense_fund", own_money(world))
    arrives(world, DRAWN, Cash.BANK)
    with stripe_side(tmp_path) as (simulator, gateway):
        simulator.bank.top_up(DRAWN)
        arrives(world, DRAWN, Cash.STRIPE)
        assert sweeping.prove(world.db, gateway, clock=world.clock) == []
        assert world.cash(Cash.BANK) == OPENING + DRAWN, "nothing left the bank"


def arrives(world: World, cents: int, account: Cash) -> None:
    """Somebody wrote down that a gift came there."""
    with world.db.work() as session:
        posting.draw_down(
            session,
            external_ref=f"gift:{account.value}",
            fund_id=known_funds.fund_called(session, "own").id,
            cash=account,
            amount=cents,
            by=FLOW,
            now=world.clock(),
        )
