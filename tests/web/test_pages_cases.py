"""Cases on the pages: handed over, opened at night, and true names told by order and to the family."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from reunify.bootstrap import House
from reunify.identity.records import StaffRecord
from reunify.kernel.people import Role
from reunify.sandbox import people
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import DemoPerson
from tests import papers
from tests.web.pages_world import AGAIN, TestClient, as_sent, browser, signed_in, text, work_off

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
TEAMS = {"ana": "north", "amy": "north", "sue": "north", "eli": "south"}
MORE = {
    "amy": Role.CASE_MANAGER,
    "eli": Role.CASE_MANAGER,
    "sue": Role.SUPERVISOR,
    "abe": Role.ADMINISTRATOR,
}
CHILD = sample_family("b", CLOCK.date()).draft["case"]["child"]["name"]


class Office:
    """Two teams at their browsers, and one family of Ana's."""

    def __init__(self, house: House) -> None:
        with house.db.work() as session:
            for name, role in MORE.items():
                person = DemoPerson(name, f"{name.title()} Sample", "lantern-orchard-41", frozenset({role}))
                people.hire(session, person, now=CLOCK)
            for record in session.scalars(sa.select(StaffRecord)):
                record.team = TEAMS.get(record.username)
            self.ids = {r.username: str(r.id) for r in session.scalars(sa.select(StaffRecord))}
        self.house = house
        self.ana = self.at("ana")
        kept = self.ana.post("/api/v1/requests", json=sample_family("b", CLOCK.date()).draft).json()
        self.ana.post(f"/api/v1/requests/{kept['id']}/submission", json=AGAIN)
        self.request, self.reference = f"/requests/{kept['id']}", kept["reference"]

    def at(self, who: str) -> TestClient:
        return signed_in(self.house, who)


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


def test_a_supervisor_hands_a_case_over_inside_the_team_and_who_entered_it_is_still_said(
    office: Office,
) -> None:
    sue = office.at("sue")
    page = sue.get(office.request)
    assert "Amy Sample" in text(page)
    assert "Eli Sample" not in text(page)
    done = sue.post(f"{office.request}/hand-over", data={"to": office.ids["amy"]})
    assert "The case is your colleague's now." in text(done)
    assert "Entered by Ana Whitfield" in text(done)
    assert "Amy Sample has the case now." in text(done)
    assert sue.post(f"{office.request}/hand-over", data={"to": office.ids["eli"]}).status_code == 422
    assert office.ana.post(f"{office.request}/hand-over", data={"to": office.ids["amy"]}).status_code == 403


def test_at_night_another_teams_case_is_opened_with_a_reason_and_its_supervisor_reads_it(
    office: Office,
) -> None:
    eli, sue = office.at("eli"), office.at("sue")
    assert eli.get(office.request).status_code == 404
    unsaid = eli.post("/open-case", data={"reference": office.reference, "reason": "now"})
    assert unsaid.status_code == 422
    assert "Say why it cannot wait" in text(unsaid)
    assert office.reference in unsaid.text
    wrong = eli.post("/open-case", data={"reference": "R-333333", "reason": "The mother stands at the gate."})
    assert (wrong.status_code, "The mother stands at the gate." in text(wrong)) == (422, True)
    said = {"reference": office.reference, "reason": "The mother stands at the gate."}
    opened = eli.post("/open-case", data=said)
    assert CHILD in text(opened)
    assert "Opened in an emergency." in text(opened)
    told = sue.get("/")
    assert "Eli Sample" in text(told)
    assert "The mother stands at the gate." in text(told)
    seen = re.findall(r"/case-openings/[0-9a-f-]+/seen", told.text)[0]
    assert eli.post(seen).status_code == 403
    assert "The mother stands at the gate." not in text(sue.post(seen))


@pytest.mark.asvs("8.2.2", "8.3.2")
def test_a_family_link_made_in_an_emergency_is_told_to_the_supervisor_and_closed_by_her_look(
    office: Office,
) -> None:
    eli, sue = office.at("eli"), office.at("sue")
    said = {"reference": office.reference, "reason": "The mother stands at the gate."}
    assert "a family link you make ends then too" in text(eli.post("/open-case", data=said))
    work_off(office.house)
    made = eli.post(f"/api/v1{office.request}/family-link")
    assert made.status_code == 201
    assert "ends with the opening" in text(eli.get(f"{office.request}/links"))
    assert "ends with the opening" not in text(office.ana.get(f"{office.request}/links"))
    told = sue.get("/")
    assert "A family link was made in it." in text(told)
    sue.post(re.findall(r"/case-openings/[0-9a-f-]+/seen", told.text)[0])
    family = browser(office.house)
    family.get(f"/f/{made.json()['token']}")
    assert family.post("/family", data={"pin": made.json()["pin"]}).status_code != 200
    assert "closed" in text(office.ana.get(f"{office.request}/links")).lower()


@pytest.mark.asvs("8.2.3")
def test_true_names_by_order_need_two_people_last_for_a_time_and_are_told_to_the_family(
    office: Office,
) -> None:
    ada, sue, dee = office.at("abe"), office.at("sue"), office.at("dee")
    assert CHILD not in dee.get(office.request).text
    sent = as_sent(ada.get("/disclosures")) | {
        "/asked_by": "J. Doe, Inspector General",
        "/basis": "court_order",
        "/paper": "Order 26-118, in the safe",
        "/reader": office.ids["dee"],
        "/references": office.reference,
        "/starts_at": "2026-11-25",
        "/ends_at": "2026-12-25",
    }
    unattached = ada.post("/disclosures", data=sent | {"/ends_at": "2026-12-24"})
    assert unattached.status_code == 422
    assert "Attach the approval or the order" in text(unattached)
    order = {"file": ("order.jpg", papers.photo(), "image/jpeg")}
    too_long = ada.post("/disclosures", data=sent, files=order)
    assert too_long.status_code == 422
    assert "Thirty days at most." in text(too_long)
    assert "Order 26-118, in the safe" in too_long.text
    assert ada.post("/disclosures", data=sent | {"/ends_at": "2026-12-24"}, files=order).status_code == 200
    paper = re.findall(r"/disclosures/[0-9a-f-]+/paper", ada.get("/disclosures").text)[0]
    opened = sue.get(paper)
    assert (opened.status_code, opened.headers["content-type"]) == (200, "image/jpeg")
    assert opened.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert opened.headers["content-disposition"].startswith("attachment; filename=")
    assert (dee.get(paper).status_code, office.ana.get(paper).status_code) == (403, 403)
    assert CHILD not in dee.get(office.request).text
    confirm = re.findall(r"/disclosures/[0-9a-f-]+/confirm", sue.get("/disclosures").text)[0]
    assert ada.post(confirm).status_code == 403
    assert dee.post(confirm).status_code == 403
    assert "Confirmed." in text(sue.post(confirm))
    page = dee.get(office.request)
    assert CHILD in text(page)
    assert "True names, by order." in text(page)
    assert dee.post(f"{office.request}/answers", data={}).status_code == 403
    assert office.reference in text(office.ana.get("/"))
    asked = office.ana.get(office.request)
    assert "Tell the family" in text(asked)
    assert "call, text, e-mail" in text(asked)
    told = re.findall(r"/requests/[0-9a-f-]+/disclosures/[0-9a-f-]+/told", asked.text)[0]
    assert dee.post(told).status_code == 403
    assert "the family has been told" in text(office.ana.post(told))
    assert "Tell the family" not in text(office.ana.get(office.request))
    assert "Ended." in text(sue.post(confirm.replace("/confirm", "/end")))
    assert CHILD not in dee.get(office.request).text


def test_an_auditor_reads_her_own_orders_and_a_case_manager_none(office: Office) -> None:
    assert office.at("dee").get("/disclosures").status_code == 200
    assert office.ana.get("/disclosures").status_code == 403
