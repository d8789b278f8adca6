"""What is typed wrongly, hidden, too large or too late about a source is answered at its field."""

from __future__ import annotations

import re

import pytest

from reunify.bootstrap import House
from tests.web.pages_world import TestClient, text
from tests.web.test_funds_pages import AWARD, OURS
from tests.web.test_funds_pages import ada as ada
from tests.web.test_funds_pages import house as house


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"period_end": "9999-12-31"}, "Write a day from 2000 to 2100."),
        ({"period_start": "0001-01-01"}, "Write a day from 2000 to 2100."),
        ({"public_name": "Tra\u202evel help"}, "Remove hidden or control characters"),
        ({"name": "a\x00b"}, "Remove hidden or control characters"),
        ({"award_number": "15P\x00"}, "Remove hidden or control characters"),
        ({"reason": "x" * 4001}, "Say it in 4000 characters or fewer"),
        ({"amount_meals": "100,000,000,000.00"}, "No more than $1,000,000,000 is kept"),
    ],
)
def test_what_no_page_could_show_is_refused_at_its_field(
    ada: TestClient, change: dict[str, str], said: str
) -> None:
    answer = ada.post("/funds/new", data=AWARD | change)
    assert answer.status_code == 422
    assert said in text(answer)
    assert 'aria-invalid="true"' in answer.text
    assert ada.get("/funds").status_code == 200


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("freeze", {"reason": "look\x00ed"}),
        ("draw", {"amount": "1", "reference": "P\x00", "cash": "cash_bank", "received_on": "2026-11-20"}),
        ("condition", {"text": "a\x00b", "cite": "Term 7", "effective_from": "2026-11-25"}),
        ("condition", {"text": "Travel abroad", "cite": "a\x00b", "effective_from": "2026-11-25"}),
        ("amend", {"budget_category": "meals", "authorized": "1", "effective_from": "0001-01-01"}),
    ],
)
def test_no_form_of_a_source_is_answered_by_a_failure(
    ada: TestClient, act: str, said: dict[str, str]
) -> None:
    assert ada.post(f"{OURS}/{act}", data={"reason": "as agreed"} | said).status_code == 422


def test_a_form_opened_before_somebody_elses_change_is_shown_again(ada: TestClient) -> None:
    shown = re.search(
        r'/amend" novalidate>\s*<input type="hidden" name="seen" value="(\d+)"', ada.get(OURS).text
    )
    assert shown
    said = {"budget_category": "meals", "effective_from": "2026-11-25", "reason": "amendment 1"}
    said["seen"] = shown[1]
    first = ada.post(f"{OURS}/amend", data=said | {"authorized": "40,000"})
    assert "Meals $40,000.00" in text(first)
    second = ada.post(f"{OURS}/amend", data=said | {"authorized": "20,000"})
    assert second.status_code == 409
    assert "This was set again since you opened the page." in text(second)
    assert 'value="20,000"' in second.text
    again = str(int(shown[1]) + 1)
    assert f'name="seen" value="{again}"' in second.text
    now = ada.post(f"{OURS}/amend", data=said | {"authorized": "20,000", "seen": again})
    assert "Meals $20,000.00" in text(now)


def test_cash_on_hand_and_what_goes_back_are_said(ada: TestClient, house: House) -> None:
    ada.post("/funds/new", data=AWARD)
    drawn = {"amount": "7,000", "reference": "P-1", "cash": "cash_bank", "received_on": "2026-11-24"}
    ada.post("/funds/sample_award/draw", data=drawn | {"reason": "needed now"})
    less = {"budget_category": "transport", "authorized": "4000", "effective_from": "2026-11-25"}
    shown = text(ada.post("/funds/sample_award/amend", data=less | {"reason": "the funder takes some back"}))
    assert "$1,500.00 more was drawn than is authorized. It goes back to the funder." in shown
    refused = ada.post("/funds/sample_award/close", data={"reason": "over", "cash_goes": ""})
    assert refused.status_code == 409
    assert "$7,000.00 of it is on hand" in text(refused)
    closed = ada.post("/funds/sample_award/close", data={"reason": "over", "cash_goes": "sent back, wire 17"})
    assert "Closed for good." in text(closed)
