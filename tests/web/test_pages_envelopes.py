"""In the browser and over the API: two people sign, one acts at night on a phone, a third reviews."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from reunify.db import Database
from tests.integration.envelope_world import FARE, Night
from tests.integration.scarce_world import FARES, OWN
from tests.town import NOW, built
from tests.web.pages_world import TestClient, signed_in, text


@pytest.fixture
def night(settled_db: Database, tmp_path: Path) -> Iterator[Night]:
    with built(settled_db, tmp_path) as town:
        yield Night(town)


def form(**changes: str) -> dict[str, str]:
    return {
        "fund": OWN,
        f"amounts/{FARES}": "5000",
        "per_request_cents": "2,000.00",
        "starts_at": "2026-11-25T08:00",
        "ends_at": "2026-11-26T09:00",
    } | changes


def person(night: Night, name: str) -> TestClient:
    return signed_in(night.town.house, name)


def test_the_night_from_two_signatures_to_the_review(night: Night) -> None:
    carla, ben, gus = (person(night, name) for name in ("carla", "ben", "gus"))
    assert "a colleague in finance signs second" in text(carla.post("/envelopes", data=form())).lower()
    (made,) = carla.get("/api/v1/envelopes").json()
    assert "Sign it" not in carla.get("/envelopes").text
    assert "Sign it" in ben.get("/envelopes").text
    assert "In force." in text(ben.post(f"/envelopes/{made['id']}/sign"))
    urgent = night.emergency()
    award = night.award(urgent)
    assert award is not None
    assert "you are on call: you may do both" in text(ben.get(f"/awards/{award.id}"))
    assert "you may do both" not in text(gus.get(f"/awards/{award.id}"))
    assert "is released" in text(ben.post(f"/awards/{award.id}/approve-and-release"))
    (listed,) = gus.get("/api/v1/envelopes").json()
    assert listed["lines"] == [
        {"category": "transport", "amount_cents": 500_000, "left_cents": 500_000 - FARE}
    ]
    assert "I agree with it" not in ben.get("/reviews").text
    assert "inside an envelope: To be reviewed by" in text(gus.get(f"/awards/{award.id}"))
    assert award.reference in text(gus.get("/"))
    refused = gus.post(f"/awards/{award.id}/review", data={"answer": "no", "reason": ""})
    assert refused.status_code == 422
    assert "Say why, in plain words" in text(refused)
    assert "You agree".lower() in text(gus.post(f"/awards/{award.id}/review", data={"answer": "yes"})).lower()
    assert gus.get("/api/v1/reviews").json() == []


def test_a_form_that_was_refused_comes_again_as_it_was_typed(night: Night) -> None:
    carla = person(night, "carla")
    for changes, said in (
        ({"per_request_cents": "9000"}, "no more than the envelope holds"),
        ({f"amounts/{FARES}": "a lot"}, "Write dollars"),
        ({"ends_at": "soon"}, "Write a day and a time"),
        ({"fund": "nothing"}, "no funding source"),
    ):
        answer = carla.post("/envelopes", data=form(**changes))
        assert answer.status_code in (404, 422)
        assert said in text(answer)
        assert 'value="2026-11-25T08:00"' in answer.text
    assert carla.get("/api/v1/envelopes").json() == []


def test_over_the_api_a_colleague_signs_second_and_it_is_ended_with_a_reason(night: Night) -> None:
    carla, ben = person(night, "carla"), person(night, "ben")
    body = {
        "fund": OWN,
        "amounts": {"transport": 10_000},
        "per_request_cents": 10_000,
        "starts_at": NOW.isoformat(),
        "ends_at": (NOW + timedelta(hours=9)).isoformat(),
    }
    made = carla.post("/api/v1/envelopes", json=body)
    assert made.status_code == 201
    at = f"/api/v1/envelopes/{made.json()['id']}"
    assert carla.post(f"{at}/signature").status_code == 403
    assert ben.post(f"{at}/signature").json() == {"state": "in_force"}
    assert ben.post(f"{at}/withdrawal", json={"reason": "not needed"}).status_code == 409
    assert ben.post(f"{at}/close", json={"reason": " "}).status_code == 422
    assert ben.post(f"{at}/close", json={"reason": "not needed"}).json() == {"state": "closed"}
    assert "not needed" in text(carla.get("/envelopes"))


def test_nobody_outside_finance_signs_or_reviews(night: Night) -> None:
    ana = person(night, "ana")
    assert ana.post("/envelopes", data=form()).status_code == 403
    assert ana.get("/reviews").status_code == 403
