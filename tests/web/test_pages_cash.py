"""Finance sees its accounts and what lies in suspense, and gives each case to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from reunify.db import Database
from reunify.kernel.money import Money
from reunify.kernel.people import System
from reunify.ledger.policy import Cash
from reunify.reconciliation import actions as reconciliation
from reunify.reconciliation import cases, suspense
from reunify.reconciliation import queries as open_books
from reunify.reconciliation.policy import Difference, Kind
from reunify.reconciliation.suspense_policy import Why
from tests.town import Town, built
from tests.web.pages_world import signed_in, text

BY = System("tests")


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path, settle_after=None) as town:
        yield town


def test_what_nobody_can_explain_is_listed_and_given_to_somebody(town: Town) -> None:
    ana, ben = (signed_in(town.house, name) for name in ("ana", "ben"))
    assert "domestic_reunification other" in text(ben.get("/cash")), "who bears the fees"
    assert "Nothing is in suspense." in text(ben.get("/suspense"))
    with town.house.db.work() as session:
        item = suspense.hold(
            session,
            object_id="ipi_nobody_knows",
            cash=Cash.CARD,
            cents=4_200,
            kind=Why.CARD_CHARGE,
            by=BY,
            now=town.clock(),
        )
        (owner, name) = cases.may_own(session)[0]
    page = text(ben.get("/suspense"))
    assert "A charge on a travel card" in page
    assert "$42.00 0-7 days" in page
    assert ana.get("/suspense").status_code == 403
    assert ana.post(f"/suspense/{item}/owner", data={"owner": str(owner)}).status_code == 403
    assert ben.post(f"/suspense/{item}/owner", data={"owner": "somebody"}).status_code == 422
    kept = text(ben.post(f"/suspense/{item}/owner", data={"owner": str(owner)}))
    assert "Kept: it is theirs now." in kept
    assert name in kept
    (listed,) = town.person("ben").see("/suspense")["items"]
    assert (listed["left_cents"], listed["owner"]) == (4_200, str(owner))


def test_what_was_paid_past_us_is_of_no_case_and_two_of_finance_end_it(town: Town) -> None:
    ana, ben = (signed_in(town.house, name) for name in ("ana", "ben"))
    with town.house.db.work() as session:
        item = suspense.hold(
            session,
            object_id="obp_elsewhere",
            cash=Cash.STRIPE,
            cents=4_200,
            kind=Why.PAYMENT_NOT_OURS,
            by=BY,
            now=town.clock(),
        )
    at, why = f"/suspense/{item}", {"reason": "Typed by hand in the Dashboard."}
    assert "A payment made past us: $42.00" in text(ben.get("/suspense"))
    assert ana.post(f"{at}/finding", data=why).status_code == 403
    assert ben.post(f"/suspense/{uuid4()}/finding", data=why).status_code == 404
    assert "Ben Castellanos says that no award is behind it" in text(ben.post(f"{at}/finding", data=why))
    assert ben.post(f"{at}/own-money", data={"charge": "ipi_1"}).status_code == 409
    assert town.person("ben").tries(f"{at}/bearing").status_code == 403
    assert town.person("carla").tries(f"{at}/bearing").json() == {"state": "borne"}
    assert "Nothing is in suspense." in text(ben.get("/suspense"))


def test_a_difference_has_an_age_and_an_owner(town: Town) -> None:
    found = Difference(Kind.PAYMENT_NOT_OURS, "obp_elsewhere", None, Money(4_200))
    with town.house.db.work() as session:
        reconciliation.report(session, differences=[found], now=town.clock())
    with town.house.db.read() as session:
        (row,) = open_books.open_differences(session)
        (owner, name) = cases.may_own(session)[0]
    ben = signed_in(town.house, "ben")
    assert "A payment made past us" in text(ben.get("/cash"))
    kept = text(ben.post(f"/finance/differences/{row.id}/owner", data={"owner": str(owner)}))
    assert "Kept: it is theirs now." in kept
    assert name in kept
    with town.house.db.read() as session:
        assert open_books.open_differences(session)[0].owner == owner


def test_an_account_without_a_proof_for_a_day_and_a_half_alarms_finance(town: Town) -> None:
    ben = signed_in(town.house, "ben")
    alarm = "The balance payouts are made from : not proved for a day and a half."
    assert alarm in text(ben.get("/"))
    assert alarm in text(ben.get("/finance"))
    town.work()
    assert alarm not in text(ben.get("/")) + text(ben.get("/finance"))
    page = text(ben.get("/cash"))
    assert "No differences" in page
    assert "Late" not in page
    town.clock.at += timedelta(hours=37)
    ben = signed_in(town.house, "ben")
    assert alarm in text(ben.get("/"))
    assert "Late: a day and a half without a proof" in text(ben.get("/cash"))


def test_what_waits_for_finance_is_in_turn_with_its_age_and_its_owner(town: Town) -> None:
    charge, fee = "A charge on a travel card", "A payment made past us"
    found = Difference(Kind.PAYMENT_NOT_OURS, "obp_elsewhere", None, Money(700))
    with town.house.db.work() as session:
        reconciliation.report(session, differences=[found], now=town.clock())
        suspense.hold(
            session,
            object_id="ipi_older",
            cash=Cash.CARD,
            cents=4_200,
            kind=Why.CARD_CHARGE,
            by=BY,
            now=town.clock() - timedelta(days=3),
        )
    for path in ("/", "/finance"):
        page = text(signed_in(town.house, "ben").get(path))
        assert f"{charge} , $42.00, with finance: 3 days" in page
        assert page.index(charge) < page.index(fee), "the oldest first"
    assert charge not in text(signed_in(town.house, "ana").get("/")), "finance's alone"
