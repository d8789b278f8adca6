"""What lapses, at which pace money goes, and which open requests a source could pay, in a whole house."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.allocation.need_facts import need_of, needs_of
from reunify.cli import funds_ahead_words
from reunify.db import Database
from reunify.funds import actions as funds
from reunify.funds.queries import Fund, held_balances
from reunify.intake import queries as intake
from reunify.kernel.ids import RequestId
from reunify.ledger.policy import BudgetCategory, Scope
from reunify.reporting import forecast_requests
from reunify.reporting.forecast import AllocableRequest, FundAhead
from reunify.reporting.forecast_queries import every_fund_ahead
from reunify.reporting.forecast_requests import allocable
from reunify.vault import keepers
from tests.integration.closeout_world import KEEPER, OWN, Closing
from tests.integration.test_duplicates import decline
from tests.integration.test_statement_budgets import Ear, listening
from tests.lasting import lasting_database
from tests.town import NOW, built

AWARD = "sample_award"
TODAY = NOW.date()


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closing]:
    data = tmp_path_factory.mktemp("forecast")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, settle_after=None) as town,
    ):
        made = Closing(town)
        made.open(
            AWARD,
            {BudgetCategory.TRANSPORT: 500_000},
            ends=TODAY + timedelta(days=30),
            award_number="15PSAM-00-GG-00001",
            assistance_listing="99.999",
        )
        yield made


@pytest.fixture
def closing(house: Closing) -> Closing:
    house.begin()
    return house


def ahead(closing: Closing, code: str = OWN, on: date | None = None) -> FundAhead:
    with closing.read() as session:
        found, more = every_fund_ahead(session, on=on or closing.today)
    assert not more
    (one,) = [a for a in found if a.fund.code == code]
    return one


def waits_for(closing: Closing, request_id: RequestId) -> AllocableRequest | None:
    return next((r for r in ahead(closing).requests if r.request_id == request_id), None)


def do(closing: Closing, act: str, **said: object) -> None:
    with closing.work() as session:
        getattr(funds, act)(session, code=OWN, by=KEEPER, now=closing.town.clock(), **said)


def printed(closing: Closing) -> str:
    with closing.read() as session:
        lines, owed = funds_ahead_words.forecast(session, closing.town.clock())
    assert not owed
    return "\n".join(lines)


def test_the_soonest_lapse_comes_first_and_what_has_no_end_last(closing: Closing) -> None:
    with closing.read() as session:
        found, _ = every_fund_ahead(session, on=TODAY)
    codes = [a.fund.code for a in found]
    assert (codes[0], codes[-1]) == (AWARD, "harbor_gift")
    assert "interstate_compact" not in codes
    assert [(x.on, x.amount, x.what) for x in found[0].lapses] == [
        (TODAY + timedelta(days=30), 500_000, "not obligated")
    ]
    assert (found[0].expected, found[0].unspent) == (0, 500_000)
    assert found[-1].first_lapse is None
    assert found[-1].unspent is None


def test_what_was_spent_sets_the_pace_and_what_came_back_takes_it_away(closing: Closing) -> None:
    before = ahead(closing)
    request = closing.paid(40_000)
    after = ahead(closing)
    assert after.total("spent_lately") - before.total("spent_lately") == 40_000
    assert after.total("available") - before.total("available") == -40_000
    assert sum(m.spent for m in after.months) - sum(m.spent for m in before.months) == 40_000
    closing.gives_back(closing.cost(request).hold_id, 15_000)
    back = ahead(closing)
    assert back.total("spent_lately") - before.total("spent_lately") == 25_000


def test_90_days_later_it_is_no_longer_part_of_the_pace(closing: Closing) -> None:
    closing.paid(40_000)
    spent = ahead(closing).total("spent_lately")
    assert spent >= 40_000
    assert ahead(closing, on=TODAY + timedelta(days=89)).total("spent_lately") == spent
    assert ahead(closing, on=TODAY + timedelta(days=90)).total("spent_lately") == 0


def test_a_request_short_of_money_is_allocable_for_what_is_not_covered(closing: Closing) -> None:
    do(closing, "limit", scope=Scope.TRIP, at_most=10_000, effective_from=TODAY)
    request = closing._entered(40_000)
    do(closing, "limit", scope=Scope.TRIP, at_most=750_000, effective_from=TODAY)
    found = waits_for(closing, request)
    assert found is not None
    assert (found.amount, found.lines, found.stage) == (30_000, 1, "awaiting_approval")
    assert found.reference in printed(closing)
    whole = closing._entered(40_000)
    assert waits_for(closing, whole) is None


def test_what_is_over_hides_nothing_that_waits(
    settled_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast_requests, "MOST", 1)
    with built(settled_db, tmp_path) as town:
        closing = Closing(town)
        closing.begin()
        do(closing, "limit", scope=Scope.TRIP, at_most=10_000, effective_from=TODAY)
        decline(closing, closing._entered(40_000))
        paid = [closing.paid_out(40_000) for _ in range(2)]  # short, and over
        waits = closing._entered(40_000)
        with closing.read() as session:
            found = allocable(session, sources(session))
            first = [row.request_id for row in forecast_requests._newest_payable(session, None)]
    assert sorted(first) == sorted(paid)  # both were answered in the same moment
    assert [r.request_id for r in found.by_fund[OWN]] == [waits]
    assert not found.more


def sources(session: Session) -> dict[str, Fund]:
    return {b.fund.code: b.fund for b in held_balances(session)}


def test_a_request_nothing_is_set_aside_for_waits_with_all_of_it(closing: Closing) -> None:
    do(closing, "move", verb="freeze", reason="looked into")
    request = closing._entered(40_000)
    found = waits_for(closing, request)
    do(closing, "move", verb="thaw", reason="all is well")
    assert found is not None
    assert (found.amount, found.stage) == (40_000, "no_money_left")


def test_nothing_of_an_erased_case_is_read(closing: Closing) -> None:
    do(closing, "move", verb="freeze", reason="looked into")
    request = closing._entered(40_000)
    do(closing, "move", verb="thaw", reason="all is well")
    with closing.read() as session:
        version = intake.newest_version(session, request).id
    with closing.work() as session:
        keepers.destroy(session, keeper=request, now=NOW)
    assert waits_for(closing, request) is None
    with closing.read() as session:
        assert need_of(session, version, on=TODAY) is None


def test_estimates_are_called_so_and_lapse_is_no_basis_for_a_charge(
    closing: Closing,
) -> None:
    said = printed(closing)
    assert said.startswith("When money lapses is never a reason to charge a cost to a federal award")
    assert "2 CFR 200.405(c)" in said.splitlines()[0]
    assert f"lapses at the end of {TODAY + timedelta(days=30)}: $5,000.00 of transport" in said
    assert "estimate: the last 90 days spent" in said


def test_no_question_is_asked_for_each_request(closing: Closing) -> None:
    do(closing, "move", verb="freeze", reason="looked into")
    requests = [closing._entered(40_000) for _ in range(2)]
    ear: Ear = listening(closing.town.house.db)
    with closing.read() as session:
        every_fund_ahead(session, on=TODAY)
    few = len(ear.heard)
    requests += [closing._entered(40_000) for _ in range(3)]
    do(closing, "move", verb="thaw", reason="all is well")
    ear.heard.clear()
    with closing.read() as session:
        found, _ = every_fund_ahead(session, on=TODAY)
    assert len(ear.heard) == few <= 14, "\n".join(ear.heard)
    (own,) = [a for a in found if a.fund.code == OWN]
    assert {r.request_id for r in own.requests} >= set(requests)
    with closing.read() as session:
        versions = [intake.newest_version(session, i).id for i in requests]
    ear.heard.clear()
    with closing.read() as session:
        scores = needs_of(session, versions, on=TODAY)
    assert len(scores) == len(requests)
    assert len(ear.heard) <= 3, "\n".join(ear.heard)


def test_the_need_of_a_request_comes_from_the_facts_it_was_judged_by(closing: Closing) -> None:
    request = closing._entered(40_000)
    with closing.read() as session:
        version = intake.newest_version(session, request).id
        found = need_of(session, version, on=TODAY)
        later = need_of(session, version, on=TODAY + timedelta(days=30))
    assert found is not None
    assert later is not None
    assert found.parts[0] == ("Days until departure", "2", 30)
    assert ("Sources that may pay", "1", 20) in found.parts
    assert ("Income as a percent of the poverty guideline", "101", 18) in found.parts
    assert later.parts[0] == ("Days until departure", "-28", 30)
    assert replace(found, parts=later.parts) == later
