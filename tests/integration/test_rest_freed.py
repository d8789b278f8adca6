"""What lies between quote and ceiling is held while anything of the award is to be paid, and then freed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.reporting import invariants
from reunify.sandbox.families import sample_family
from tests.town import NOW, Town, built, proved


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as town:
        yield town


def released(town: Town) -> str:
    """The boy, each of whose fares and beds may cost ten dollars more than quoted."""
    draft = sample_family("b", NOW.date()).draft
    for line in draft["cost_lines"]:
        if line["ceiling_cents"] and line["settled"] != "partner_gives":
            line["ceiling_cents"] = line["quote_cents"] + 1_000
    request = town.submitted(draft)
    award = f"/awards/{town.progress(request)['award']['id']}"
    town.person("ben").act(town.diary, "approve", f"{award}/approval")
    town.person("carla").act(town.diary, "release", f"{award}/release")
    town.work()
    return request


def to_log(town: Town, request: str) -> list[dict[str, Any]]:
    return [i for i in town.progress(request)["instructions"] if i["state"] == "to_log"]


def write_down(town: Town, payment: dict[str, Any]) -> None:
    body = {
        "instrument": "hotel_night" if payment["unit"] == "night" else "vendor_payment",
        "external_reference": "INV-1",
        "paid_on": town.clock().date().isoformat(),
        "evidence": "Bill seen",
    }
    town.person("ben").act(town.diary, "log", f"/payments/{payment['id']}/record", body)
    proved(town, payment)


def verify(town: Town, payment: dict[str, Any]) -> None:
    town.person("carla").act(town.diary, "verify", f"/payments/{payment['id']}/verification")


def reserved(town: Town) -> int:
    """Cents and nights together: zero is what matters."""
    with town.house.db.read() as session:
        return int(session.execute(sa.text("SELECT sum(reserved) FROM ledger_balances")).scalar_one())


def books_agree(town: Town) -> None:
    with town.house.db.read() as session:
        assert invariants.check(session) == []
        held = "SELECT count(*) FROM ledger_holds WHERE reserved <> 0"
        assert session.scalar(sa.text(held)) == 0


def test_the_last_payment_that_settles_frees_the_rest_of_every_line(town: Town) -> None:
    request = released(town)
    payments = to_log(town, request)
    assert {p["unit"] for p in payments} == {"cents", "night"}
    before = reserved(town)
    for at, payment in enumerate(payments, start=1):
        write_down(town, payment)
        verify(town, payment)
        if at < len(payments):
            assert 1_000 <= reserved(town) <= before
    assert town.progress(request)["stage"] == "paid"
    assert reserved(town) == 0
    books_agree(town)


def test_a_withdrawn_last_payment_frees_it_too(town: Town) -> None:
    request = released(town)
    *others, night = sorted(to_log(town, request), key=lambda p: p["unit"] == "night")
    for payment in others:
        write_down(town, payment)
        verify(town, payment)
    assert reserved(town) > 1
    town.person("ben").act(town.diary, "withdraw", f"/payments/{night['id']}/withdrawal")
    assert reserved(town) == 0
    books_agree(town)


def test_two_last_payments_verified_at_one_moment_leave_nothing_reserved(town: Town) -> None:
    request = released(town)
    payments = to_log(town, request)
    assert len(payments) >= 2
    for payment in payments:
        write_down(town, payment)
    town.person("carla")
    with ThreadPoolExecutor(len(payments)) as pool:
        list(pool.map(lambda payment: verify(town, payment), payments))
    assert reserved(town) == 0
    books_agree(town)


def test_the_first_look_at_stripe_proves_the_books_and_finds_no_difference(town: Town) -> None:
    released(town)
    with town.house.db.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM differences")) == 0
    (proof,) = [w for w in town._works if w.name == "prove"]
    assert proof.find(town.house.db, 1) == []
