"""What a merchant took and no booking explains: one person says so, another lets the organisation bear it.

What comes back of it goes back to the fund that bore it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from reunify.db import Database
from reunify.identity.queries import staff_id
from reunify.kernel.people import Role, Staff
from reunify.ledger import queries as ledger
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation import suspense, suspense_findings
from reunify.reconciliation.policy import Kind
from reunify.reconciliation.queries import OpenDifference
from reunify.reconciliation.suspense_policy import OtherContent
from reunify.reporting import invariants
from reunify.sandbox.stripe_simulator.bank import Asked
from reunify.sandbox.stripe_simulator.issuing_wire import Refund
from tests.integration.card_world import Trip, captured, difference, hears, left, promised
from tests.integration.desk_world import finds_what_is_planted, released, to_book
from tests.town import Town, built
from tests.web.pages_world import signed_in, text

EXTRAS = {"reason": "A seat by the window and two bags, which nobody asked for."}


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path, settle_after=None, cards=True) as town:
        yield town


def item(town: Town) -> dict[str, Any]:
    (found,) = town.person("ben").see("/suspense")["items"]
    return dict(found)


def expended(town: Town) -> int:
    with town.house.db.read() as session:
        return sum(b.expended for b in ledger.balances(session))


def test_a_merchants_extras_are_reported_by_one_person_and_borne_by_another(town: Town) -> None:
    request = released(town)
    trip = Trip(town, request, to_book(town, request))
    seat = next(b for b in trip.bookings if b["line"] == "fare-mother")
    price = seat["ceiling_cents"] - 500
    promise = promised(trip, price)
    trip.tickets((seat, price))
    charge = captured(town, promise, amount=price + 300)
    assert (trip.stands(seat), left(town, charge)) == (("settled", price), 300)

    found, before = item(town), expended(town)
    at = f"/suspense/{found['id']}"
    ana, ben, carla = (signed_in(town.house, name) for name in ("ana", "ben", "carla"))
    assert "a travel card: $3.00" in text(ben.get("/suspense"))
    assert ana.post(f"{at}/finding", data=EXTRAS).status_code == 403
    assert ben.post(f"{at}/bearing").status_code == 409, "nobody has said so yet"
    assert ben.post(f"{at}/finding", data={"reason": " "}).status_code == 422
    assert "Reported. It stays in suspense" in text(ben.post(f"{at}/finding", data=EXTRAS))
    assert (left(town, charge), item(town)["reported"]) == (300, True)
    assert EXTRAS["reason"] in text(carla.get("/suspense"))
    assert EXTRAS["reason"] not in text(signed_in(town.house, "dee").get("/suspense"))
    with pytest.raises(OtherContent, match="its item differ"):
        _bears_after_a_cent_went(town, charge, UUID(found["id"]))
    refused = ben.post(f"{at}/bearing")
    assert (refused.status_code, "ask another colleague" in text(refused)) == (403, True)
    assert town.person("carla").tries(f"{at}/bearing").json() == {"state": "borne"}

    assert town.person("ben").see("/suspense") == {"items": []}
    assert (left(town, charge), difference(town, charge)) == (0, None)
    assert (expended(town) - before, trip.stands(seat)) == (300, ("settled", price))
    assert carla.post(f"{at}/bearing").status_code == 404

    back = town.simulator.issuing.refund(charge, Refund(refund_amount=200), Asked("req_merchant", None))["id"]
    hears(town)
    assert (left(town, back), difference(town, back)) == (-200, Kind.CARD_REFUND)
    assert "of which the organisation bears $3.00" in text(ben.get("/suspense"))
    (waits,) = (d for d in _differences(town) if d.object_id == back)
    words = ben.post(f"/finance/differences/{waits.id}/resolve", data={"reason": "It is nothing."})
    assert (words.status_code, "lies in suspense" in text(words)) == (409, True)
    assert "say there what it was" in text(ben.get("/finance"))
    at = f"/suspense/{item(town)['id']}/own-money"
    assert ana.post(at, data={"charge": charge}).status_code == 403
    assert ben.post(at, data={"charge": back}).status_code == 422
    assert "back in the fund that had borne it" in text(ben.post(at, data={"charge": charge}))
    assert (left(town, back), difference(town, back), expended(town) - before) == (0, None, 100)
    assert town.person("carla").tries(at, {"charge": charge}).status_code == 404
    more = town.simulator.issuing.refund(charge, Refund(refund_amount=101), Asked("req_merchant", None))["id"]
    hears(town)
    assert left(town, more) == -101
    over = {"charge": charge}
    assert town.person("carla").tries(f"/suspense/{item(town)['id']}/own-money", over).status_code == 422
    town.work()
    with town.house.db.read() as session:
        assert invariants.check(session) == []
    finds_what_is_planted(town, PLANTED)
    with pytest.raises(DBAPIError, match="ck_suspense_findings_stay"):
        _writes(town, "UPDATE suspense_findings SET reporter = bearer")


PLANTED = {
    "charge is paid and in suspense": "UPDATE card_charges SET amount_cents = amount_cents + 1",
    "charge borne is not in the books": "INSERT INTO card_charges_borne "
    "SELECT id, 1, now() FROM card_charges WHERE kind = 'refund'",
    "refund of what we bore is not what came back": "INSERT INTO card_borne_refunds "
    "SELECT r.id, b.charge_id, now() FROM card_charges r, card_charges_borne b WHERE r.amount_cents = 101",
}


def _writes(town: Town, said: str) -> None:
    with town.house.db.work() as session:
        session.execute(sa.text(said))


def _bears_after_a_cent_went(town: Town, charge: str, item_id: UUID) -> None:
    """Somebody explained a cent of the item without a word to the card. Nothing of it stays."""
    with town.house.db.work() as session:
        by, now = Staff(staff_id(session, "carla"), "Carla", frozenset({Role.FINANCE_RELEASER})), town.clock()
        suspense.explain(session, object_id=charge, cents=1, part="a cent", why="A cent.", by=by, now=now)
        suspense_findings.bear(session, item_id=item_id, by=by, now=now)


def _differences(town: Town) -> list[OpenDifference]:
    with town.house.db.read() as session:
        return reconciliation.open_differences(session)
