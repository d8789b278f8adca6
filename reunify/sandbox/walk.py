"""Drives every sample family to its end state over HTTP and says how it went: `reunify demo --headless`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx

from reunify.db import Database
from reunify.kernel.money import Money
from reunify.reporting import invariants
from reunify.sandbox.driver import Diary, Person, StoryBroke, family_reads
from reunify.sandbox.families import Family, sample_families
from reunify.settings import Settings

SINGLE_SUBMISSIONS = 40
SETTLED = ("paid", "refused")
_BY_UNIT = {"cents": "vendor_payment", "night": "hotel_night", "mile": "airline_miles"}


@dataclass(frozen=True, slots=True)
class Told:
    """One family's story as it went."""

    family: str
    title: str
    people: int
    acts: int
    answer: str
    covered_cents: int
    by_stripe_cents: int
    logged_cents: int
    nights_given: int
    sources: int
    state: str
    run: str | None
    documents: list[str]
    as_expected: bool
    broke: str | None = None


class Team:
    """The demo's people: Ana enters; Ben and Carla approve, release, record and verify."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.ana, self.ben, self.carla = (Person.at(base, name) for name in ("ana", "ben", "carla"))

    def close(self) -> None:
        for person in (self.ana, self.ben, self.carla):
            person.close()


def wait_for_prefect(team: Team, today: date, patience: float = 120.0) -> bool:
    """Submit a family until a Prefect run is recorded for it; False if none ever is."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        request_id = _enter(team.ana, Diary(), sample_families(today)[3].draft)
        if team.ana.wait(request_id, _checked, "a first check")["run"] is not None:
            return True
        time.sleep(0.5)
    return False


def tell_all(team: Team, today: date) -> list[Told]:
    return [_tell(team, family) for family in sample_families(today)]


def submit_to_decision(team: Team, today: date, count: int = SINGLE_SUBMISSIONS) -> dict[str, float]:
    """Milliseconds from the submission's call to a decision that can be read, one at a time, at rest."""
    draft = sample_families(today)[3].draft
    took = []
    for _ in range(count):
        request_id = team.ana.act(Diary(), "enter", "/requests", draft)["id"]
        begun = time.perf_counter()
        team.ana.act(Diary(), "submit", f"/requests/{request_id}/submission")
        team.ana.wait(request_id, _checked, "a decision")
        took.append((time.perf_counter() - begun) * 1000)
        team.ana.wait(request_id, lambda p: bool(p["documents"]), "its letter, so that the house is at rest")
    took.sort()
    return {
        "median": round(statistics.median(took), 1),
        "p95": round(took[max(0, round(0.95 * len(took)) - 1)], 1),
    }


def _checked(progress: dict[str, Any]) -> bool:
    return progress["stage"] not in ("draft", "checking")


def _enter(ana: Person, diary: Diary, draft: dict[str, Any]) -> str:
    request_id = str(ana.act(diary, "enter the request", "/requests", draft)["id"])
    ana.act(diary, "submit it", f"/requests/{request_id}/submission")
    return request_id


def _tell(team: Team, family: Family) -> Told:
    diary = Diary()
    try:
        progress = _live_through(team, family, diary)
    except (StoryBroke, httpx.HTTPError) as broke:
        return _told(family, diary, {}, str(broke))
    return _told(family, diary, progress, None)


def _live_through(team: Team, family: Family, diary: Diary) -> dict[str, Any]:
    ana = team.ana
    request_id = _enter(ana, diary, family.draft)
    progress = ana.wait(request_id, _checked, "a first check")
    if family.answers:
        asked = {q["pointer"] for q in progress["questions"]}
        if progress["stage"] != "question" or asked != set(family.answers):
            raise StoryBroke(
                f"expected a question about {set(family.answers)}, was {progress['stage']}: {asked}"
            )
        ana.act(diary, "answer", f"/requests/{request_id}/answers", {"answers": family.answers})
        progress = ana.wait(request_id, lambda p: p["stage"] not in ("question", "checking"), "a check")
    if progress["stage"] == "refusal_to_confirm":
        ana.act(diary, "confirm the refusal", f"/refusals/{progress['refusal']['id']}/confirmation")
    elif progress["stage"] == "awaiting_approval":
        _agree(team, diary, progress["award"], ana)
        progress = ana.wait(request_id, lambda p: bool(p["instructions"]), "payment instructions")
        _log_payments(team, diary, progress)
    progress = ana.wait(
        request_id, lambda p: p["stage"] in SETTLED and bool(p["documents"]), "the end of the story"
    )
    link = ana.act(diary, "make the family's link", f"/requests/{request_id}/family-link")
    family_reads(team.base, link)
    return progress


def _agree(team: Team, diary: Diary, award: dict[str, Any], ana: Person) -> None:
    """Two people at or under the small-amount limit, three above it; the author is turned away."""
    path = f"/awards/{award['id']}"
    if not ana.is_refused(f"{path}/approval", 403):
        raise StoryBroke("the author could approve her own request")
    if award["ceiling_cents"] <= award["small_limit_cents"]:
        team.ben.act(diary, "approve and release", f"{path}/approval-and-release")
        return
    team.ben.act(diary, "approve", f"{path}/approval")
    if not team.ben.is_refused(f"{path}/release", 403):
        raise StoryBroke("the approver could release above the small-amount limit")
    team.carla.act(diary, "release", f"{path}/release")


def _log_payments(team: Team, diary: Diary, progress: dict[str, Any]) -> None:
    """Ben writes down what was paid elsewhere, Carla checks it against the paper."""
    for at in progress["instructions"]:
        if at["rail"] != "logged":
            continue
        body = {
            "instrument": _BY_UNIT[at["unit"]],
            "external_reference": f"SAMPLE-{at['id'][:8]}",
            "paid_on": date.today().isoformat(),  # noqa: DTZ011 - the demo's own day
            "evidence": "Invoice seen, bank line matched (sample)",
        }
        team.ben.act(diary, "log a payment", f"/payments/{at['id']}/record", body)
        team.carla.act(diary, "verify it", f"/payments/{at['id']}/verification")


def _told(family: Family, diary: Diary, progress: dict[str, Any], broke: str | None) -> Told:
    paid = [i for i in progress.get("instructions", []) if i["state"] == "settled"]
    plan = (progress.get("plan") or {}).get("lines", [])
    cents = [line for line in plan if line["unit"] == "cents"]
    outcome = {
        "covered_cents": sum(line["ceiling"] for line in cents),
        "by_stripe_cents": sum(i["amount"] for i in paid if i["rail"] == "global_payout"),
        "logged_cents": sum(i["amount"] for i in paid if i["rail"] == "logged" and i["unit"] == "cents"),
        "nights_given": sum(i["amount"] for i in paid if i["unit"] == "night"),
        "sources": len({line["fund"] for line in plan}),
        "people": len(diary.people),
        "state": str(progress.get("stage", "broken")),
    }
    return Told(
        family=family.letter,
        title=family.title,
        acts=len(diary.acts),
        answer=str(progress.get("outcome", "none")),
        run=progress.get("run"),
        documents=sorted({d["kind"] for d in progress.get("documents", [])}),
        as_expected=broke is None and outcome == asdict(family.expected),
        broke=broke,
        **outcome,
    )


def main(settings: Settings, *, as_json: bool) -> int:
    """Tell every story, prove the books, measure; 0 only if all of it is as expected."""
    today = datetime.now(UTC).date()
    team = Team(settings.own_url)
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
        "families": [asdict(t) for t in told],
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
    lines = []
    for t in told:
        mark = "as expected" if t.as_expected else f"NOT AS EXPECTED {t.broke or ''}"
        nights = f", nights given {t.nights_given}" if t.nights_given else ""
        lines.append(
            f"({t.family}) {t.title}: {t.people} people, {t.acts} acts; {t.answer}; covered"
            f" {Money(t.covered_cents)}, by Stripe {Money(t.by_stripe_cents)}, logged {Money(t.logged_cents)}"
            f"{nights}; {t.state}; {mark}"
        )
    lines += [f"Broken: {f}" for f in findings] or ["The books balance: every invariant holds."]
    lines.append(
        f"Submission to decision, {SINGLE_SUBMISSIONS} single submissions at rest:"
        f" median {measured['median']:.0f} ms, p95 {measured['p95']:.0f} ms"
    )
    return "\n".join(lines) + "\n"
