"""The request form in a browser without script: nothing typed is ever lost."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from reunify.bootstrap import House
from reunify.intake import queries
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import RequestId
from reunify.sandbox.families import sample_family
from tests.web.pages_world import TestClient, as_sent, read_form, signed_in, text
from tests.web.test_pages_form_fields import as_posted

FAMILY = sample_family("b", date(2026, 11, 25))


@pytest.fixture
def ana(house: House) -> TestClient:
    return signed_in(house, "ana")


def sent(draft: Any, do: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"do": do}
    for name, value in as_posted(draft):
        fields.setdefault(name, []).append(value)
    return fields


def only_request(house: House) -> queries.Draft:
    with house.db.read() as session:
        return queries.requests(session)[0]


def test_a_whole_family_is_entered_and_submitted(ana: TestClient, house: House) -> None:
    page = ana.post("/requests/new", data=sent(FAMILY.draft, "submit"))
    kept = only_request(house)
    assert page.url.path == f"/requests/{kept.id}"
    assert kept.state == "submitted"
    with house.db.read() as session:
        frozen = queries.newest_version(session, kept.id).content
    assert frozen == TravelRequest.model_validate(FAMILY.draft)
    assert "Being checked" in text(page)
    assert "no run" in text(page)


def test_the_empty_form_has_a_label_for_every_control(ana: TestClient) -> None:
    form = read_form(ana.get("/requests/new"))
    assert len(form.controls) > 80
    assert form.controls <= form.labelled


def test_submitting_an_empty_form_names_every_missing_answer_and_links_to_it(ana: TestClient) -> None:
    page = ana.post("/requests/new", data=as_sent(ana.get("/requests/new"), do="submit"))
    form = read_form(page)
    assert page.status_code == 200
    assert "Case number: Please fill this in." in text(page)
    assert "Costs: Add at least one." in text(page)
    targets = {link[1:] for link in form.links if link.startswith("#f-")}
    assert len(targets) > 8
    assert targets <= form.ids


def test_an_unreadable_amount_comes_back_as_typed_with_its_remedy(ana: TestClient, house: House) -> None:
    typed = sent(FAMILY.draft, "submit") | {"/cost_lines/1/quote_cents": "about 300"}
    page = ana.post("/requests/new", data=typed)
    assert "Cost line 2, Quote: Write dollars and cents, like 1284.50." in text(page)
    assert as_sent(page)["/cost_lines/1/quote_cents"] == "about 300"
    assert as_sent(page)["/cost_lines/0/quote_cents"] == "742.40"
    assert only_request(house).state == "draft"


def test_adding_a_traveler_keeps_everything_and_offers_the_next(ana: TestClient, house: House) -> None:
    page = ana.post("/requests/new", data=sent(FAMILY.draft, "add:/travelers"))
    assert page.url.path == f"/requests/{only_request(house).id}/edit"
    fields = as_sent(page)
    assert fields["/travelers/2/key"] == "t1"
    assert fields["/travelers/0/name"] == "Marisol Quintero Vega"
    assert fields["/cost_lines/0/quote_cents"] == "742.40"


def test_removing_a_leg_takes_only_that_leg(ana: TestClient, house: House) -> None:
    ana.post("/requests/new", data=sent(FAMILY.draft, "remove:/legs/0"))
    assert [leg["key"] for leg in only_request(house).content["legs"]] == ["home"]


@pytest.mark.parametrize("do", ["remove:/legs/9", "remove:/case/0", "add:/case", "remove:x", "nonsense", ""])
def test_a_button_nobody_made_only_saves(ana: TestClient, house: House, do: str) -> None:
    assert ana.post("/requests/new", data=sent(FAMILY.draft, do)).status_code == 200
    assert len(only_request(house).content["legs"]) == 2


def test_a_name_with_hidden_characters_is_shown_again_and_not_kept(ana: TestClient, house: House) -> None:
    typed = sent(FAMILY.draft, "save") | {"/case/child/name": "Mateo\u202eQuintero"}
    page = ana.post("/requests/new", data=typed)
    assert page.status_code == 422
    assert "Remove hidden or control characters." in text(page)
    assert as_sent(page)["/travelers/0/name"] == "Marisol Quintero Vega"
    with house.db.read() as session:
        assert queries.requests(session) == []


def test_a_draft_saved_in_another_tab_is_not_overwritten_unseen(ana: TestClient, house: House) -> None:
    first = ana.post("/requests/new", data=sent(FAMILY.draft, "save"))
    address = first.url.path
    ana.post(address, data=as_sent(first, do="save") | {"/case/number": "FIRST"})
    late = ana.post(address, data=as_sent(first, do="save") | {"/case/number": "SECOND"})
    assert late.status_code == 409
    assert as_sent(late)["/case/number"] == "SECOND"
    assert only_request(house).content["case"]["number"] == "FIRST"
    ana.post(address, data=as_sent(late, do="save"))
    assert only_request(house).content["case"]["number"] == "SECOND"


@pytest.mark.asvs("1.2.1")
def test_markup_in_a_name_is_shown_as_text(ana: TestClient, house: House) -> None:
    draft = json.loads(json.dumps(FAMILY.draft).replace("Mateo Quintero", "<script>alert(1)</script>"))
    ana.post("/requests/new", data=sent(draft, "submit"))
    for path in ("/", f"/requests/{only_request(house).id}"):
        assert "<script>alert" not in ana.get(path).text
        assert "&lt;script&gt;" in ana.get(path).text


def test_someone_elses_draft_cannot_be_opened_for_editing(ana: TestClient, house: House) -> None:
    ana.post("/requests/new", data=sent(FAMILY.draft, "save"))
    address = f"/requests/{only_request(house).id}/edit"
    ben = signed_in(house, "ben")
    assert ben.get(address).status_code == 403
    assert ben.post(address, data={"do": "save"}).status_code == 403


def test_a_submitted_request_is_no_longer_edited(ana: TestClient, house: House) -> None:
    ana.post("/requests/new", data=sent(FAMILY.draft, "submit"))
    request_id: RequestId = only_request(house).id
    assert ana.get(f"/requests/{request_id}/edit").status_code == 409
