"""A verified check is ended on its page: by what the bank said, the day, and words; the forms as shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reunify.db import Database
from tests.town import Town, built
from tests.web.pages_world import signed_in, text
from tests.web.test_pages_outage import billed


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path, settle_after=None) as town:
        yield town


def test_a_check_is_ended_by_what_a_person_saw_on_the_day_they_saw_it(town: Town) -> None:
    _, _, made = billed(town)
    ben, carla = (signed_in(town.house, name) for name in ("ben", "carla"))
    today = town.clock().date().isoformat()
    check = {"instrument": "check", "external_reference": "check 1042", "paid_on": today, "evidence": "seen"}
    town.person("ben").act(town.diary, "record", f"/payments/{made}/record", check)
    page = ben.get(f"/payments/{made}").text
    said = {"/organisation": "Prairie Air", "/said_on": today, "/message": "We have received your payment."}
    assert all(f'name="{name}"' in page for name in said)
    assert "It is attached to this payment." in text(ben.post(f"/payments/{made}/confirmation", data=said))
    town.person("carla").act(town.diary, "verify", f"/payments/{made}/verification")
    page = carla.get(f"/payments/{made}").text
    seen = {"/ended": "bank_stopped", "/ended_on": today, "/reason": "The bank confirmed the stop by letter."}
    assert all(f'name="{name}"' in page for name in (*seen, "/cleared_on", "/reference"))
    assert carla.post(f"/payments/{made}/stop", data=seen | {"/ended": "lost"}).status_code == 422
    assert "owed again" in text(carla.post(f"/payments/{made}/stop", data=seen))
