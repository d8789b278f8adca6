"""A payment in trouble, decided in the browser; a difference with Stripe, explained there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from reunify.db import Database
from reunify.disbursement import queries as disbursement
from reunify.kernel.money import Money
from reunify.reconciliation import actions as reconciliation
from reunify.reconciliation import queries as open_books
from reunify.reconciliation.policy import Difference, Kind
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, built
from tests.web.pages_world import signed_in, text

PAYMENTS = "/v2/money_management/outbound_payments"
WHY = {"reason": "Looked at Stripe with a colleague."}


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path, settle_after=None) as town:
        yield town


def lost(town: Town) -> str:
    """An advance whose answer nobody heard; the page of its payment."""
    draft = sample_family("f", NOW.date()).draft
    draft["case"]["report_number"] = "SG-26-30981"
    request = town.submitted(draft)
    award = f"/awards/{town.progress(request)['award']['id']}"
    order = {"kind": "error_500", "times": 1, "path": PAYMENTS, "seconds": 1.0}
    httpx.post(f"{town.stripe_url}/_control/faults", json=order).raise_for_status()
    town.person("ben").act(town.diary, "approve and release", f"{award}/approval-and-release")
    town.work()
    (payment,) = town.progress(request)["instructions"]
    return f"/payments/{payment['id']}"


def test_a_lost_payment_is_looked_up_given_up_and_paid_another_way(town: Town) -> None:
    page = lost(town)
    ana, ben, carla = (signed_in(town.house, name) for name in ("ana", "ben", "carla"))
    assert "What a person may decide" not in text(ben.get(page))
    assert "No payment needs a person." in text(ben.get("/finance"))
    town.clock.at += timedelta(hours=13)
    ben, ana, carla = (signed_in(town.house, name) for name in ("ben", "ana", "carla"))
    assert "Nobody knows whether it went out" in text(ben.get("/finance"))
    assert "It is not at Stripe" in text(ben.get(page))
    assert "What a person may decide" not in text(ana.get(page))
    assert ana.post(f"{page}/declare-unsent", data=WHY).status_code == 403
    refused = ben.post(f"{page}/withdraw")
    assert refused.status_code == 409
    assert "so it cannot withdraw" in text(refused)
    unsaid = ben.post(f"{page}/declare-unsent", data={"reason": " "})
    assert (unsaid.status_code, "Write why" in text(unsaid)) == (422, True)
    after = text(ben.post(f"{page}/declare-unsent", data=WHY))
    for said in ("that attempt paid nothing", "Send it again", "Pay outside Stripe", "Withdraw this payment"):
        assert said in after
    assert "waits to be made another way" in text(ben.post(f"{page}/pay-otherwise", data=WHY))
    paper = {
        "/instrument": "check",
        "/external_reference": "4471",
        "/paid_on": town.clock().date().isoformat(),
        "/evidence": "Copy of the check seen.",
    }
    ben.post(f"{page}/record", data=paper)
    assert "Strike this entry" in text(carla.get(page))
    assert "The entry is struck." in text(carla.post(f"{page}/void", data=WHY))
    assert "The payment is withdrawn." in text(ben.post(f"{page}/withdraw"))
    assert "What a person may decide" not in text(ben.get(page))


def test_a_payment_given_up_is_sent_again(town: Town) -> None:
    page = lost(town)
    town.clock.at += timedelta(hours=13)
    ben = signed_in(town.house, "ben")
    ben.post(f"{page}/declare-unsent", data=WHY)
    assert "The payment is sent again." in text(ben.post(f"{page}/try-again"))
    with town.house.db.read() as session:
        assert len(disbursement.in_state(session, "ready")) == 1


def test_programs_decide_by_the_same_rules(town: Town) -> None:
    path = lost(town)
    town.clock.at += timedelta(hours=13)
    town._people.clear()
    ben = town.person("ben")
    assert ben.tries(f"{path}/unsent", {"reason": ""}).status_code == 422
    assert ben.tries(f"{path}/withdrawal").status_code == 409
    assert town.person("ana").tries(f"{path}/unsent", WHY).status_code == 403
    for act, body in (("unsent", WHY), ("another-try", None), ("other-way", WHY), ("withdrawal", None)):
        assert ben.tries(f"{path}/{act}", body).status_code == 200, act


def test_a_difference_with_stripe_is_shown_and_explained_by_finance(town: Town) -> None:
    found = Difference(Kind.PAYMENT_NOT_OURS, "obp_elsewhere", None, Money(4_200))
    with town.house.db.work() as session:
        reconciliation.report(session, differences=[found], now=town.clock())
    with town.house.db.read() as session:
        (row,) = open_books.open_differences(session)
    ana, ben = (signed_in(town.house, name) for name in ("ana", "ben"))
    queue = text(ben.get("/finance"))
    assert "A payment made past us" in queue
    assert "$42.00" in queue
    address = f"/finance/differences/{row.id}/resolve"
    assert ana.post(address, data=WHY).status_code == 403
    assert "Write why" in text(ben.post(address, data={}))
    explained = text(ben.post(address, data=WHY))
    assert "The difference is explained" in explained
    assert "Stripe and our books agree." in explained
    assert ben.post(address, data=WHY).status_code == 404
