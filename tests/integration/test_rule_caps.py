"""The caps of rules over several requests and after a release: earlier trips, and what is too much now."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from flows import assess
from reunify.allocation import queries as plans
from reunify.allocation.policy import RuleCap
from reunify.approval import queries as approval
from reunify.db import Database
from reunify.eligibility.actions import AssessmentResult
from reunify.eligibility.assessment import decide_all, known_facts
from reunify.identity.queries import staff_id
from reunify.intake import actions as intake_actions
from reunify.intake import queries as intake
from reunify.intake.queries import Version
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.rates.published import published
from reunify.reporting import uses
from reunify.rules.library import shipped
from reunify.rules.model import Cap
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import PEOPLE_BY_NAME
from tests.town import NOW, Town, built

FUND = "domestic_reunification"
ONCE = Cap("lifetime_uses", None, 1, "policy 8", "CAPS row A")


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as made:
        yield made


def drive() -> dict[str, Any]:
    return sample_family("d", NOW.date()).draft


def judged(version: Version, *caps: Cap) -> AssessmentResult:
    """The version as judged by what we ship, its fund's rules giving these caps."""
    books = shipped()
    known = known_facts(
        version.content, published=published(), guideline_limit_percent=200, dictionary=books.dictionary
    )
    sources = [
        replace(s, determination=replace(s.determination, caps=caps if s.source == FUND else ()))
        for s in decide_all(known, books).sources
    ]
    return cast(AssessmentResult, SimpleNamespace(sources=tuple(sources)))


def award(town: Town, request_id: str) -> approval.Award:
    with town.house.db.read() as session:
        found = approval.newest_award(session, UUID(request_id))
    assert found is not None
    return found


def used(session: Session, request_id: str) -> dict[str, int]:
    child = intake.child_of(session, UUID(request_id))
    return uses.of_child(session, child, but=UUID(request_id))


def test_a_childs_earlier_trip_counts_until_it_is_declined(town: Town) -> None:
    first, second = town.submitted(drive()), town.submitted(drive())
    with town.house.db.read() as session:
        assert used(session, second) == {FUND: 1}
        version = intake.newest_version(session, UUID(second))
        child = intake.child_of(session, UUID(second))
        (cap,) = assess.rule_caps(session, version, judged(version, ONCE), child)
        assert (cap.at_most, cap.used) == (1, 1)
        assert uses.of_child(session, None, but=UUID(second)) == {}
    path = f"/awards/{award(town, first).id}/decline"
    town.person("ben").act(town.diary, "decline", path, {"reason": "Entered twice by mistake."})
    with town.house.db.read() as session:
        assert used(session, second) == {}


def test_another_childs_trip_does_not_count(town: Town) -> None:
    other = sample_family("b", NOW.date()).draft
    mine, _ = town.submitted(drive()), town.submitted(other)
    with town.house.db.read() as session:
        assert used(session, mine) == {}


@pytest.mark.parametrize(("spare", "too_much"), [(1, False), (0, False), (-1, True)])
def test_a_released_award_goes_on_only_under_what_its_rules_allow_now(
    town: Town, spare: int, too_much: bool
) -> None:
    request_id = town.submitted(drive())
    standing = award(town, request_id)
    with town.house.db.read() as session:
        version = intake.newest_version(session, UUID(request_id))
        lines = plans.award_plan(session, standing.allocation_id).lines
        granted = sum(line.ceiling for line in lines if line.fund_code == FUND)
        result = judged(version, Cap("trip", None, granted + spare, "policy 5", "CAPS row A"))
        assert assess._over(session, standing.allocation_id, version, result) is too_much


def test_two_requests_of_one_child_checked_at_once_see_each_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are through the rules before either has set money aside, unless one waits for the other."""
    town.submitted(sample_family("b", NOW.date()).draft)  # whoever is first keeps the files others wait for
    monkeypatch.setattr(assess, "_caps", _once)
    begun = threading.Barrier(2)
    judge = assess.eligibility.assess

    def both_judged(*args: Any, **given: Any) -> AssessmentResult:
        found = judge(*args, **given)
        with contextlib.suppress(threading.BrokenBarrierError):
            begun.wait(1)
        return found

    monkeypatch.setattr(assess.eligibility, "assess", both_judged)
    versions = [_entered(town) for _ in range(2)]
    before = _paid_requests(town)
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda v: assess.assess(town.house, [v], None), versions)) == 2
    assert _paid_requests(town) == before + 1


def _paid_requests(town: Town) -> int:
    with town.house.db.read() as session:
        found = session.scalar(
            sa.text(
                "SELECT count(DISTINCT a.request_id) FROM allocations a "
                "JOIN allocation_lines l ON l.allocation_id = a.id "
                "JOIN funding_sources f ON f.id = l.fund_id WHERE f.code = :fund"
            ),
            {"fund": FUND},
        )
    return int(found or 0)


def _once(result: AssessmentResult, used: Mapping[str, int]) -> list[RuleCap]:
    return [RuleCap(FUND, "lifetime_uses", None, 1, "policy 8", used.get(FUND, 0))]


def _entered(town: Town) -> UUID:
    """Frozen, and judged by nobody yet."""
    with town.house.db.work() as session:
        by = Staff(staff_id(session, "ana"), "Ana", PEOPLE_BY_NAME["ana"].roles)
        made = intake_actions.create(session, draft=drive(), by=by, now=NOW).id
        words = shipped().dictionary.case_types
        return intake_actions.submit(
            session,
            request_id=RequestId(made),
            case_types=words,
            going_on="Entered again by a test.",
            by=by,
            now=NOW,
        )


def test_a_replay_counts_the_trips_that_were_set_aside_for_the_child_before_each_answer(town: Town) -> None:
    first = town.submitted(drive())
    town.clock.at += timedelta(minutes=1)
    second = town.submitted(drive())
    other = town.submitted(sample_family("b", NOW.date()).draft)
    with town.house.db.read() as session:
        rows = session.execute(
            sa.text("SELECT id, request_id FROM determinations WHERE source = :fund"), {"fund": FUND}
        ).all()
        found = uses.before(session, FUND, [row.id for row in rows])
        of_another = uses.before(session, "partner_hotel_nights", [row.id for row in rows])
        assert uses.before(session, FUND, []) == {}
    assert of_another == dict.fromkeys(found, 0)
    assert {str(r): n for r, n in found.items()} == {first: 0, second: 1, other: 0}
