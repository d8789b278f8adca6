"""Steps that people of the field would say: they use the API as people do; flows are called in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from reunify.db import Database
from reunify.sandbox.families import sample_family
from tests.bdd.ahead_steps import *  # noqa: F403 - pytest-bdd finds steps as names in a conftest
from tests.bdd.allocation_steps import *  # noqa: F403
from tests.bdd.asked_steps import *  # noqa: F403
from tests.bdd.bank_steps import *  # noqa: F403
from tests.bdd.card_steps import *  # noqa: F403
from tests.bdd.cash_steps import *  # noqa: F403
from tests.bdd.change_steps import *  # noqa: F403
from tests.bdd.closeout_steps import *  # noqa: F403
from tests.bdd.cost_steps import *  # noqa: F403
from tests.bdd.desk_steps import *  # noqa: F403
from tests.bdd.door_steps import *  # noqa: F403
from tests.bdd.eligibility_steps import *  # noqa: F403
from tests.bdd.emergency_steps import *  # noqa: F403
from tests.bdd.envelope_steps import *  # noqa: F403
from tests.bdd.family_steps import *  # noqa: F403
from tests.bdd.fund_steps import *  # noqa: F403
from tests.bdd.hand_off_steps import *  # noqa: F403
from tests.bdd.household_steps import *  # noqa: F403
from tests.bdd.money_steps import *  # noqa: F403
from tests.bdd.news_steps import *  # noqa: F403
from tests.bdd.night_steps import *  # noqa: F403
from tests.bdd.nine_steps import *  # noqa: F403
from tests.bdd.notice_steps import *  # noqa: F403
from tests.bdd.outage_steps import *  # noqa: F403
from tests.bdd.outside_steps import *  # noqa: F403
from tests.bdd.overlap_steps import *  # noqa: F403
from tests.bdd.paper_steps import *  # noqa: F403
from tests.bdd.payout_steps import *  # noqa: F403
from tests.bdd.people_steps import *  # noqa: F403
from tests.bdd.plan_steps import *  # noqa: F403
from tests.bdd.provisional_steps import *  # noqa: F403
from tests.bdd.quiet_steps import *  # noqa: F403
from tests.bdd.replay_steps import *  # noqa: F403
from tests.bdd.retention_steps import *  # noqa: F403
from tests.bdd.rule_steps import *  # noqa: F403
from tests.bdd.source_steps import *  # noqa: F403
from tests.bdd.staff_steps import *  # noqa: F403
from tests.bdd.statement_steps import *  # noqa: F403
from tests.town import NOW, Town, built


@dataclass
class Story:
    """What has happened so far in one scenario."""

    town: Town
    request_id: str = ""
    draft: dict[str, Any] = field(default_factory=dict)
    answer: httpx.Response | None = None

    @property
    def progress(self) -> dict[str, Any]:
        return self.town.progress(self.request_id)

    def family(self, letter: str) -> dict[str, Any]:
        return sample_family(letter, NOW.date()).draft

    def enter(self, draft: dict[str, Any]) -> None:
        self.draft = draft
        self.request_id = self.town.submitted(draft)

    def act(self, who: str, what: str, path: str, body: dict[str, Any] | None = None) -> None:
        self.town.person(who.lower()).act(self.town.diary, what, path, body)

    def tries(self, who: str, path: str, body: dict[str, Any] | None = None) -> None:
        self.answer = self.town.person(who.lower()).tries(path, body)

    @property
    def award_path(self) -> str:
        return f"/awards/{self.progress['award']['id']}"


@pytest.fixture
def story(settled_db: Database, tmp_path: Path) -> Iterator[Story]:
    with built(settled_db, tmp_path) as town:
        yield Story(town)
