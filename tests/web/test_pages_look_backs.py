"""Whom new rules may help after all is on the work list until somebody has looked, or said why not."""

from __future__ import annotations

import re

import pytest

from reunify.bootstrap import House
from reunify.eligibility import queries as eligibility
from reunify.kernel.ids import RequestId
from tests.integration.replay_world import FUND, LIMIT, Office
from tests.web.pages_world import TestClient, signed_in, text, work_off


class Owed:
    """Two families just over the old limit; the new one is approved."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.office = Office(house.db, house.now())
        self.first, self.second = self.office.family(LIMIT + 1), self.office.family(LIMIT + 2)
        sha = self.office.raised()
        self.office.replayed()
        assert self.office.approved(sha)

    def at(self, who: str) -> TestClient:
        return signed_in(self.house, who)

    def way(self, request_id: RequestId) -> str:
        (owed,) = self.office.owed(request_id)
        return f"/requests/{request_id}/look-backs/{owed.id}"


@pytest.fixture
def owed(house: House) -> Owed:
    return Owed(house)


def test_a_family_is_looked_at_again_from_the_work_list_and_leaves_it(owed: Owed) -> None:
    ana = owed.at("ana")
    listed = ana.get("/")
    assert "Look at these again" in text(listed)
    assert set(re.findall(r'href="/requests/([0-9a-f-]+)#look-back"', listed.text)) == {
        str(owed.first),
        str(owed.second),
    }
    page = text(ana.get(f"/requests/{owed.first}"))
    assert "The rules of Domestic reunification fund (organisation-set) have changed" in page
    assert "was answered “Ineligible”; by the new rules it would be “Eligible”" in page

    done = ana.post(owed.way(owed.first), data={"outcome": "checked_again"})
    assert "It is being checked again by the new rules." in text(done)
    assert "Look at it again" not in text(done)
    work_off(owed.house)
    with owed.house.db.read() as session:
        found = eligibility.explanation(session, owed.first)
    assert (found.number, {s.source: s.answer for s in found.sources}[FUND]) == (2, "eligible")
    assert str(owed.first) not in re.findall(r'href="/requests/([0-9a-f-]+)#look-back"', ana.get("/").text)


def test_a_family_nobody_goes_back_to_has_a_reason(owed: Owed) -> None:
    ana, way = owed.at("ana"), owed.way(owed.second)
    refused = ana.post(way, data={"outcome": "not_needed", "reason": " "})
    assert refused.status_code == 422
    assert "Write why, in a sentence" in text(refused)
    kept = ana.post(way, data={"outcome": "not_needed", "reason": "They are home already."})
    assert "Your reason is kept; it leaves the list." in text(kept)
    assert owed.office.owed(owed.second) == []
    assert ana.post(way, data={"outcome": "checked_again"}).status_code == 409


def test_nobody_else_is_shown_the_list_or_may_settle_it(owed: Owed) -> None:
    ben = owed.at("ben")
    assert "Look at these again" not in text(ben.get("/"))
    assert "Look at it again" not in text(ben.get(f"/requests/{owed.first}"))
    assert ben.post(owed.way(owed.first), data={"outcome": "checked_again"}).status_code == 403
    way = owed.way(owed.first).replace(str(owed.first), str(owed.second))
    assert owed.at("ana").post(way, data={"outcome": "checked_again"}).status_code == 404
