"""The pages of what was paid in an outage: written down, proposed, ratified; a hostile form is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reunify.db import Database
from reunify.sandbox.families import sample_family
from tests.papers import photo
from tests.town import Town, built
from tests.web.pages_world import signed_in, text

SLIP = {"files": ("slip.jpg", photo(), "image/jpeg")}


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path, settle_after=None) as town:
        yield town


def billed(town: Town) -> tuple[str, str, str]:
    """A released award with one bill to be logged: its reference, the amount, and the payment."""
    draft = sample_family("b", town.clock().date()).draft
    draft["cost_lines"] = draft["cost_lines"][:1]
    request = town.submitted(draft)
    award = town.progress(request)["award"]["id"]
    town.person("ben").act(town.diary, "release", f"/awards/{award}/approval-and-release")
    town.work()
    found = town.progress(request)
    (made,) = found["instructions"]
    return found["reference"], f"{made['amount'] / 100:.2f}", made["id"]


def test_it_is_written_down_proposed_and_ratified_on_its_pages(town: Town) -> None:
    reference, amount, _ = billed(town)
    ana, ben, carla = (signed_in(town.house, name) for name in ("ana", "ben", "carla"))
    assert "Paid in an outage" in text(ana.get("/"))
    form = {
        "/request": reference,
        "/instrument": "petty_cash",
        "/paid_on": town.clock().date().isoformat(),
        "/amount": amount,
        "/to_whom": "the desk at the airport",
        "/reference": "slip 77",
        "/why": "The network was down and the flight left at six.",
    }
    for wrong in ({"/amount": "lots"}, {"/instrument": "gold"}, {"/paid_on": "soon"}, {"/payee": "nobody"}):
        assert ana.post("/outage-payments", data=form | wrong).status_code == 422
    assert ana.post("/outage-payments", data=form | {"/request": "R-000000"}).status_code == 404
    assert ana.post("/outage-payments", data=form, files=SLIP | {"files": b"no picture"}).status_code == 422
    assert "its money is in suspense" in text(ana.post("/outage-payments", data=form, files=SLIP))
    assert "written down before" in text(ana.post("/outage-payments", data=form))
    assert ana.get("/outage-payments").status_code == 403
    assert "1 to be ratified, reported or borne" in text(ben.get("/"))
    page = ben.get("/outage-payments")
    assert "the desk at the airport" in text(page)
    (listed,) = town.person("ben").see("/outage-payments")["outage_payments"]
    at = f"/outage-payments/{listed['id']}"
    paper = page.text.split(f'href="{at}/papers/')[1].split('"')[0]
    assert carla.get(f"{at}/papers/{paper}").headers["content-type"] == "image/jpeg"
    assert "It is attached" in text(ben.post(f"{at}/paper", files={"files": ("2.jpg", photo(color="red"))}))
    assert ben.post(f"{at}/proposal", data={"/instructions": "that one"}).status_code == 422
    assert ben.post(f"{at}/proposal").status_code == 422
    instruction = page.text.split('name="/instructions" value="')[1].split('"')[0]
    proposal = {"/instructions": instruction}
    assert "must ratify it too" in text(ben.post(f"{at}/proposal", data=proposal))
    assert "It waits again." in text(carla.post(f"{at}/return", data={"/reason": "Let us look once more."}))
    assert "must ratify it too" in text(ben.post(f"{at}/proposal", data=proposal))
    assert "the award bears it" in text(carla.post(f"{at}/ratification"))
    assert "Nothing was paid in an outage that still waits." in text(ben.get("/outage-payments"))

    more = {"/amount": "9.99", "/reference": "slip 78"}
    ana.post("/outage-payments", data=form | more)
    (listed,) = town.person("ben").see("/outage-payments")["outage_payments"]
    at = f"/outage-payments/{listed['id']}"
    assert "own money bears it" in text(ben.post(f"{at}/report", data={"/reason": "Not a cost of a trip."}))
    assert ben.post(f"{at}/bearing").status_code == 403
    assert "The organisation's own money bears it." in text(carla.post(f"{at}/bearing"))
    masked = text(signed_in(town.house, "dee").get("/outage-payments"))
    assert "own money by" in masked
    assert "slip 78" not in masked
