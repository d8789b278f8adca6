"""The demo's rules: those a release ships, approved by two of its people by the verbs everybody uses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from reunify.rules import actions, queries
from reunify.sandbox.people import SANDBOX, known_as

REASON = "The rules of the sample organisation, in force from the start."
# What a replay says where nothing was ever decided.
_NOTHING_YET: dict[str, Any] = {
    "since": None,
    "engine": "",
    "determinations": 0,
    "skipped_erased": 0,
    "same": 0,
    "flips": [],
    "flips_total": 0,
    "by_fund": [],
    "answers": [],
}


def adopt(session: Session, now: datetime) -> None:
    """Load what is not known yet, replay it over nothing, and have Ada take it on and Noor approve it.

    Only where no rules are in force yet, so nothing was ever decided: later ones take the way of a house.
    """
    if queries.any_in_force(session):
        return
    first, other = known_as(session, "ada"), known_as(session, "noor")
    new = actions.load_shipped(session, by=SANDBOX, now=now)
    for replay_id in queries.replays_waiting(session, limit=len(new)):
        actions.begin_replay(session, replay_id=replay_id, by=SANDBOX, now=now)
        actions.report_replay(session, replay_id=replay_id, report=_NOTHING_YET, by=SANDBOX, now=now)
    for sha256 in new:
        actions.approve(session, sha256=sha256, reason=REASON, by=first, now=now)
        actions.approve(session, sha256=sha256, reason=REASON, by=other, now=now)
