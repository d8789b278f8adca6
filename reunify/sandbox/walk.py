"""Drives every sample family to its end state over HTTP and says how it went: `reunify demo --headless`."""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

import httpx

from reunify.db import Database
from reunify.rates.policy import Setting
from reunify.reporting import invariants
from reunify.sandbox import night
from reunify.sandbox.driver import Diary, Person, StoryBroke
from reunify.sandbox.families import (
    Emergency,
    Family,
    sample_families,
    sample_family,
    somebody_else,
    the_night,
)
from reunify.sandbox.people import ORGANISATION
from reunify.sandbox.story import enter, live_through
from reunify.sandbox.tale import WHO, Team, is_checked
from reunify.sandbox.told import Told, lines_of, told_of
from reunify.settings import Settings

SINGLE_SUBMISSIONS = 40
_OTHERS = itertools.count(2)  # families like one another, and none of them another


def gather(settings: Settings, day: date) -> Team:
    """Ana enters; Ben and Carla approve, release, record and verify; Sam and Fay look a second time."""
    base = settings.own_url
    return Team({name: Person.at(base, name) for name in WHO}, base, settings.stripe_base, day)


def wait_for_prefect(team: Team, today: date, patience: float = 120.0) -> bool:
    """Submit a family until a Prefect run is recorded for it; False if none ever is."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        seen = somebody_else(sample_family("f", today).draft, next(_OTHERS))
        request_id = enter(team["ana"], Diary(), seen)
        if team["ana"].wait(request_id, is_checked, "a first check")["run"] is not None:
            return True
        time.sleep(0.5)
    return False


def tell_all(team: Team, today: date) -> list[Told]:
    """Every family by its letter, and how it went."""
    told = [_tell(team, family) for family in sample_families(today)]
    return sorted([*told, _tell_night(team, the_night(today))], key=lambda t: t.family)


def submit_to_decision(team: Team, today: date, count: int = SINGLE_SUBMISSIONS) -> dict[str, float]:
    """Milliseconds from the submission's call to a decision that can be read, one at a time, at rest."""
    draft = sample_family("f", today).draft
    took = []
    for _ in range(count):
        seen = somebody_else(draft, next(_OTHERS))
        request_id = team["ana"].act(Diary(), "enter", "/requests", seen)["id"]
        begun = time.perf_counter()
        team["ana"].act(Diary(), "submit", f"/requests/{request_id}/submission")
        team["ana"].wait(request_id, is_checked, "a decision")
        took.append((time.perf_counter() - begun) * 1000)
        team["ana"].wait(
            request_id, lambda p: bool(p["documents"]), "its letter, so that the house is at rest"
        )
    took.sort()
    return {
        "median": round(statistics.median(took), 1),
        "p95": round(took[max(0, round(0.95 * len(took)) - 1)], 1),
    }


def _tell(team: Team, family: Family) -> Told:
    diary = Diary()
    try:
        progress = live_through(team, family, diary)
    except (StoryBroke, httpx.HTTPError) as broke:
        return told_of(family, diary, {}, str(broke))
    return told_of(family, diary, progress, None)


def _tell_night(team: Team, family: Emergency) -> Told:
    diary = Diary()
    try:
        went = night.live_through(team, family, diary)
    except (StoryBroke, httpx.HTTPError) as broke:
        return told_of(family, diary, {}, str(broke))
    wrong = None if went.as_it_must else "the night took other people, acts or time than it may"
    return told_of(family, diary, went.progress, wrong, night=went)


def main(settings: Settings, *, as_json: bool) -> int:
    """Tell every story, prove the books, measure; 0 only if all of it is as expected."""
    today = datetime.now(ZoneInfo(str(ORGANISATION[Setting.TIME_ZONE]))).date()
    team = gather(settings, today)
    try:
        ready = wait_for_prefect(team, today)
        told = tell_all(team, today)
        measured = submit_to_decision(team, today)
    finally:
        team.close()
    db = Database(_database_of(settings))
    with db.read() as session:
        findings = [finding.sentence for finding in invariants.check(session)]
    db.dispose()
    good = ready and not findings and all(t.as_expected for t in told) and all(t.run for t in told)
    report = {
        "families": [t.json() for t in told],
        "invariants": findings,
        "submit_to_decision_ms": measured,
        "prefect_recorded_runs": ready,
        "as_expected": good,
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if as_json else _in_words(told, findings, measured))
    sys.stdout.flush()
    return 0 if good else 1


def _database_of(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def _in_words(told: list[Told], findings: list[str], measured: dict[str, float]) -> str:
    lines = [line for t in told for line in lines_of(t)]
    lines += [f"Broken: {f}" for f in findings] or ["The books balance: every invariant holds."]
    lines.append(
        f"Submission to decision, {SINGLE_SUBMISSIONS} single submissions at rest:"
        f" median {measured['median']:.0f} ms, p95 {measured['p95']:.0f} ms"
    )
    return "\n".join(lines) + "\n"
