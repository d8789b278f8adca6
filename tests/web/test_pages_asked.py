"""On the page of a request: a funder is asked, its answer recorded, and a colleague puts it in force."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from reunify.bootstrap import House
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.intake import queries as intake
from reunify.kernel.ids import RequestId
from tests.integration.asked_world import CHILD, NAME, PROGRAM, Office
from tests.town import NOW, Clock, Town
from tests.unit.test_documents_samples import text_of
from tests.web.pages_world import TestClient, read_form, signed_in, text, work_off

ASKED = {
    "source": PROGRAM,
    "asked_on": "2026-11-25",
    "how": "letter",
    "reference": "L-2026-0117",
    "amounts/fare-mother": "400.00",
    "amounts/fare-child": "318.20",
    "names_nobody": "yes",
}
SAID = {
    "decided": "partial",
    "decided_on": "2026-11-25",
    "amounts/transport": "500.00",
    "conditions": "Receipts within thirty days.",
    "evidence": "",
    "reference": "Their letter, folder 3",
}


@pytest.fixture
def office(house: House) -> Office:
    return Office(Town(house, Clock(), "", False))


@pytest.fixture
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


def at(request_id: RequestId) -> str:
    return f"/requests/{request_id}"


def asked(ana: TestClient, request_id: RequestId, **changes: Any) -> Any:
    return ana.post(
        f"{at(request_id)}/asks", data={k: v for k, v in (ASKED | changes).items() if v is not None}
    )


def decisions(page: Any) -> str:
    """Where the form for a decision is sent."""
    found = re.search(r'action="(/requests/[0-9a-f-]+/asks/[0-9a-f-]+/decisions)"', page.text)
    assert found is not None
    return found[1]


def confirming(page: Any) -> str:
    found = re.search(r'action="(/requests/[0-9a-f-]+/funder-decisions/[0-9a-f-]+/confirm)"', page.text)
    assert found is not None
    return found[1]


def test_from_the_ask_to_the_money_with_two_people(house: House, office: Office, ana: TestClient) -> None:
    request_id = office.submitted()
    page = ana.get(at(request_id))
    assert "OVC Victim Reunification Travel Program (through NCMEC): write down that it was asked" in text(
        page
    )
    offered = {c.name: c.value for c in read_form(page).sent}
    assert (offered["amounts/fare-mother"], offered["amounts/fare-child"]) == ("400.00", "318.20")
    page = asked(ana, request_id)
    assert "The ask is kept." in text(page)
    assert "Awaited by December 2, 2026" in text(page)
    assert "Nothing of it is set aside before a yes." in text(page)
    page = ana.post(decisions(page), data=SAID)
    assert "Waits for a second look. Ana Whitfield recorded: yes, in part" in text(page)
    assert "You recorded it. A colleague who may see this case confirms it." in text(page)
    assert "/confirm" not in page.text
    sam = signed_in(house, "sam")
    assert "what the funder said waits for a second look" in text(sam.get("/"))
    page = sam.get(at(request_id))
    confirm = confirming(page)
    assert ana.post(confirm).status_code == 403
    assert signed_in(house, "eli").post(confirm).status_code == 404, "another team's case is not there"
    assert signed_in(house, "ben").post(confirm).status_code == 403
    assert office.book() == (0, 0, 0, 0, 0)
    assert sam.post(confirm).status_code == 200
    work_off(house)
    page = ana.get(at(request_id))
    assert "recorded by Ana Whitfield, confirmed by Sam Okafor" in text(page)
    assert "Granted Transport $500.00 Conditions Receipts within thirty days." in text(page)
    assert "The funder said yes: up to what it granted, for this request alone." in text(page)
    assert office.book() == (50_000, 0, 50_000, 0, 0)


def test_what_is_refused_stands_beside_its_field_and_nothing_typed_is_lost(
    office: Office, ana: TestClient
) -> None:
    request_id = office.submitted()
    page = asked(ana, request_id, **{"amounts/fare-mother": "400.01", "reference": "", "names_nobody": None})
    assert page.status_code == 422
    whole = read_form(page)
    assert {f"a-{PROGRAM}-amounts-fare-mother-wrong", f"a-{PROGRAM}-reference-wrong"} <= whole.ids
    assert "Ask for at most $400.00, what its rules allow." in text(page)
    assert {c.name: c.value for c in whole.sent}["amounts/fare-mother"] == "400.01"
    page = asked(ana, request_id, names_nobody=None)
    assert "or that it names nobody of the family" in text(page)
    page = asked(ana, request_id, **{"amounts/fare-child": "a lot"})
    assert "Write dollars and cents, like 1284.50." in text(page)
    assert "a lot" in page.text
    path = decisions(asked(ana, request_id))
    for wrong, said in (
        ({"amounts/transport": "718.21"}, "At most $718.20 was asked for transport."),
        ({"reference": ""}, "or say where it is"),
        ({"decided_on": "soon"}, "Write a day, like 2026-11-25."),
        ({"amounts/meals": "20.00"}, "Nothing was asked for this."),
        ({"amounts/": "20.00"}, "Nothing was asked for this."),
    ):
        page = ana.post(path, data=SAID | wrong)
        assert page.status_code == 422
        assert said in text(page)
        assert "Receipts within thirty days." in page.text, "as typed"


def test_a_consent_that_names_the_funder_is_offered_and_one_for_another_is_not(
    office: Office, ana: TestClient
) -> None:
    request_id = office.submitted()
    office.consented(request_id, "Another foundation")
    assert "in a few words why we help" not in text(ana.get(at(request_id)))
    consent = office.consented(request_id)
    page = ana.get(at(request_id))
    assert f"It must name “{NAME}”" in text(page)
    assert "in a few words why we help with this trip" in text(page)
    page = asked(ana, request_id, told=str(consent), names_nobody=None)
    assert "Told Under 1 consent of the family" in text(page)


def test_a_decision_written_down_wrongly_is_struck_with_its_reason(office: Office, ana: TestClient) -> None:
    request_id = office.submitted()
    page = ana.post(decisions(asked(ana, request_id)), data=SAID)
    found = re.search(r'action="(/requests/[0-9a-f-]+/funder-decisions/[0-9a-f-]+/strike)"', page.text)
    assert found is not None
    assert ana.post(found[1], data={"reason": "no"}).status_code == 422
    page = ana.post(found[1], data={"reason": "It says $600.00, not $500.00."})
    assert "Struck. Nothing of it counts." in text(page)
    assert decisions(page)


@pytest.mark.parametrize(
    ("asked_on", "listed"),
    [
        (date(2026, 11, 17), "asked November 17, 2026, an answer was due"),
        (date(2026, 11, 18), None),  # due today, and the trip begins tomorrow
        (date(2026, 11, 19), "the trip begins November 26, 2026"),
    ],
)
def test_who_has_the_case_asks_again_when_it_is_late_or_the_trip_comes_first(
    house: House, office: Office, ana: TestClient, asked_on: date, listed: str | None
) -> None:
    office.town.clock.at -= timedelta(days=10)  # the request is older than its letter
    request_id = office.submitted()
    office.town.clock.at = NOW
    office.ask(request_id, {"fare-child": CHILD}, asked_on=asked_on)
    read = text(ana.get("/"))
    assert ("Funders who were asked" in read) is (listed is not None)
    assert (listed or "") in read
    if listed:
        assert "with Ana Whitfield" in read
        assert "Funders who were asked" in text(signed_in(house, "sam").get("/")), "and their supervisor"
        assert "Funders who were asked" not in text(signed_in(house, "eli").get("/"))
        assert "Funders who were asked" not in text(signed_in(house, "ben").get("/"))


def test_the_page_says_what_confirming_does_and_why_somebody_cannot(
    house: House, office: Office, ana: TestClient
) -> None:
    request_id = office.submitted()
    ask_id = office.granted(request_id, {"fare-mother": 40_000}, check=False)
    sam = office.staff["sam"]
    waits = office.record(request_id, ask_id, "withdrawn")
    read = text(signed_in(house, "sam").get(at(request_id)))
    assert "From then on this request may spend nothing of it that is not in use" in read
    assert "exactly these amounts" not in read
    office.confirm(request_id, waits, check=False)
    office.record(request_id, ask_id, "full", by=replace(office.staff["ana"], stands_for=frozenset({sam.id})))
    page = signed_in(house, "sam").get(at(request_id))
    assert "You and whoever recorded it count as one person" in text(page)
    assert "You recorded it" not in text(page)
    assert "/confirm" not in page.text
    assert "waits for a second look" not in text(signed_in(house, "sam").get("/"))
    assert "You recorded it." in text(ana.get(at(request_id)))


def test_the_letter_to_the_funder_is_made_only_while_the_consent_it_rests_on_stands(
    house: House, office: Office, ana: TestClient
) -> None:
    request_id = office.submitted()
    under = office.consented(request_id)
    office.ask(request_id, {"fare-mother": 40_000}, told=(under,))
    page = ana.get(at(request_id))
    (way,) = re.findall(r'action="(/requests/[0-9a-f-]+/asks/[0-9a-f-]+/letter)"', page.text)
    assert ana.post(way, data={"language": "es"}).status_code == 200
    made = ana.post(way, data={"language": "en"})
    papers = re.findall(r'href="(/documents/[0-9a-f-]+/docx)"', made.text)
    words = [text_of(ana.get(one).content) for one in papers]
    (english,), (spanish,) = ([w for w in words if ("Solicitud" in w) is es] for es in (False, True))
    mother = intake_version(house, request_id).travelers[0].name
    assert f"{mother}: we help" in english
    assert f"{mother}: ayudamos" in spanish
    assert "$400.00" in english
    assert "child" not in english.replace("a missing child", "").replace("a child", "")
    for name, status in (("ben", 403), ("eli", 404)):
        assert signed_in(house, name).post(way).status_code == status
    with house.db.work() as session:
        asked_for = consents.ask(session, request_id, under)
        for giver in asked_for.newest:
            consent.take_back(session, ask=asked_for, giver=giver, by=office.staff["ana"], now=house.now())
    for refused in (ana.post(way), ana.get(papers[0])):
        assert refused.status_code == 403
        assert mother not in refused.text


def intake_version(house: House, request_id: RequestId) -> Any:
    with house.db.read() as session:
        return intake.newest_version(session, request_id).content
