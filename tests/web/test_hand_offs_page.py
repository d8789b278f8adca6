"""The page of hand-offs: the card to act on, the refusal beside what was typed, the outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from reunify.bootstrap import House
from reunify.db import Database
from tests.bdd.hand_off_steps import agreed
from tests.emergencies import night_answers
from tests.web.pages_world import house_over, signed_in, text, work_off

NIGHT = datetime(2026, 11, 26, 7, 7, tzinfo=UTC)
TOLD = {"source": "interstate_compact", "told": "The Compact office was called at seven."}


@pytest.fixture
def house(settled_db: Database, tmp_path: Path) -> Iterator[House]:
    with house_over(settled_db, tmp_path, lambda: NIGHT) as house:
        yield house


def test_a_hand_off_from_the_card_to_what_became_of_it(house: House) -> None:
    ana = signed_in(house, "ana")
    filed = ana.post("/api/v1/emergencies", json=night_answers(held_over_24_hours="yes")).json()
    work_off(house)
    at = f"/requests/{filed['id']}/hand-offs"
    assert f'href="{at}"' in ana.get(f"/requests/{filed['id']}").text
    page = ana.get(at)
    assert "Home state under the Interstate Compact for Juveniles" in text(page)

    refused = ana.post(at, data=TOLD)
    assert refused.status_code == 403
    assert "No consent about the child names Home state" in text(refused)
    assert TOLD["told"] in refused.text

    story = SimpleNamespace(town=SimpleNamespace(house=house, clock=lambda: NIGHT), request_id=filed["id"])
    agreed(story, "Home state under the Interstate Compact for Juveniles", "child", "adult")
    kept = ana.post(at, data=TOLD)
    assert "It comes back to your list when it is time to ask again." in text(kept)
    assert "Ask again on" in text(kept)

    (one,) = ana.get(f"/api/v1{at}").json()["hand_offs"]
    assert (one["state"], one["handed_on"], one["follow_up_on"]) == (
        "handed_over",
        "2026-11-26",
        "2026-11-27",
    )
    short = ana.post(f"/hand-offs/{one['id']}/outcome", data={"outcome": "did_not", "reason": "no"})
    assert short.status_code == 422
    assert "Write it down in a sentence" in text(short)
    ended = ana.post(
        f"/hand-offs/{one['id']}/outcome",
        data={"outcome": "did_not", "reason": "The office is closed until Monday."},
    )
    assert "It did not help. The office is closed until Monday." in text(ended)


def test_a_refusal_proposed_before_another_payer_helped_is_said_to_nobody(house: House) -> None:
    ana = signed_in(house, "ana")
    filed = ana.post("/api/v1/emergencies", json=night_answers(held_over_24_hours="yes")).json()
    work_off(house)
    at = f"/requests/{filed['id']}"
    (decides,) = set(re.findall(r'name="requirement" value="(DR-09[^"]*)"', ana.get(at).text))
    said = {"requirement": decides, "decision": "not_met", "reason": "The Compact covers this return."}
    assert ana.post(f"{at}/decisions", data=said).status_code == 200
    work_off(house)
    before = ana.get(f"/api/v1{at}/progress").json()
    assert before["stage"] == "refusal_to_confirm"
    story = SimpleNamespace(town=SimpleNamespace(house=house, clock=lambda: NIGHT), request_id=filed["id"])
    agreed(story, "Home state under the Interstate Compact for Juveniles", "child", "adult")
    ana.post(f"{at}/hand-offs", data=TOLD)
    (one,) = ana.get(f"/api/v1{at}/hand-offs").json()["hand_offs"]
    assert one["state"] == "handed_over"
    helped = {"outcome": "helped", "reason": "The home state pays for the whole trip."}
    ana.post(f"/hand-offs/{one['id']}/outcome", data=helped)
    assert ana.get(f"/api/v1{at}/progress").json()["stage"] == "paid_elsewhere"
    assert "Another payer helps" in text(ana.get(at))
    confirm = f"/api/v1/refusals/{before['refusal']['id']}/confirmation"
    assert ana.post(confirm).status_code == 409
    work_off(house)
    assert ana.get(f"/api/v1{at}/progress").json()["documents"] == []
