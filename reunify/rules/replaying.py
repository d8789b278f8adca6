"""A version over past determinations: asked for, begun, reported. The eligibility room does the replay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.ids import new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Role, Staff
from reunify.rules import current, moving
from reunify.rules.current import RELEASE
from reunify.rules.policy import REPLAY_MOVES, NoSuchReplay
from reunify.rules.records import RuleReplay


@may(Role.RULES_AUTHOR)
def ask_replay(session: Session, *, sha256: str, since: date | None, by: Staff, now: datetime) -> UUID:
    """Its id; of the one that waits or runs already, if there is one. Raises NoSuchVersion."""
    moving.locked(session, sha256)
    return ask(session, sha256, since=since, asked_by=by, now=now)


@may(Role.RULES_AUTHOR)
def catch_up(session: Session, *, sha256: str, by: Staff, now: datetime) -> UUID | None:
    """Who was answered since the replay began that this version was just approved on: looked at, too.

    None where it was approved without one. Raises NoSuchVersion.
    """
    moving.locked(session, sha256)
    follows = moving.newest(session, sha256).replay_id
    if follows is None:
        return None
    return _asked(session, sha256, now, since=None, follows=follows, by=by)


@may(system=True)
def begin_replay(
    session: Session, *, replay_id: UUID, by: Actor, now: datetime, run: str | None = None
) -> None:
    """With the dictionary of now; begun again after a worker died. Raises NoSuchReplay, WrongState."""
    replay = locked(session, replay_id)
    moved = REPLAY_MOVES.apply(replay, "begin")
    replay.begun_at, replay.run, replay.fields_sha256 = now, run, current.dictionary().sha256
    _audit(session, replay, moved, by, now)


@may(system=True)
def report_replay(
    session: Session, *, replay_id: UUID, report: dict[str, Any], by: Actor, now: datetime
) -> None:
    """`report`: counts and ids, never a fact's value or a name. Raises NoSuchReplay, WrongState."""
    replay = locked(session, replay_id)
    moved = REPLAY_MOVES.apply(replay, "report")
    replay.report, replay.finished_at = report, now
    _audit(session, replay, moved, by, now)


@may(system=True)
def fail_replay(session: Session, *, replay_id: UUID, by: Actor, now: datetime) -> None:
    """It cannot be finished; somebody asks anew. Raises NoSuchReplay, WrongState."""
    replay = locked(session, replay_id)
    moved = REPLAY_MOVES.apply(replay, "fail")
    replay.finished_at = now
    _audit(session, replay, moved, by, now)


def ask(session: Session, sha256: str, *, since: date | None, asked_by: Staff | None, now: datetime) -> UUID:
    """Whoever calls this holds the lock of the source."""
    open_one = session.scalar(
        sa.select(RuleReplay.id).where(
            RuleReplay.sha256 == sha256,
            RuleReplay.state.in_(("waiting", "running")),
            RuleReplay.follows.is_(None),
        )
    )
    if open_one is not None:
        return open_one
    return _asked(session, sha256, now, since=since, follows=None, by=asked_by)


def _asked(
    session: Session,
    sha256: str,
    now: datetime,
    *,
    since: date | None,
    follows: UUID | None,
    by: Staff | None,
) -> UUID:
    replay = RuleReplay(
        id=new_id(),
        sha256=sha256,
        since=since,
        follows=follows,
        asked_by=by.id if by else None,
        state=REPLAY_MOVES.check(START, "ask").target,
        asked_at=now,
    )
    session.add(replay)
    session.flush()
    _audit(session, replay, Moved("ask", "", replay.state), by or RELEASE, now)
    return replay.id


def good(session: Session, sha256: str, submitted_at: datetime) -> RuleReplay | None:
    """The newest finished one of exactly these bytes over all past determinations, not only those since a
    day, if it was made after they were submitted and with the dictionary of now."""
    finished = _finished(sha256, submitted_at).where(RuleReplay.fields_sha256 == current.dictionary().sha256)
    return session.scalars(finished.order_by(RuleReplay.finished_at.desc()).limit(1)).first()


def outdated(session: Session, sha256: str, submitted_at: datetime) -> bool:
    """Whether there is one that would count, had the dictionary not changed since it began."""
    return session.scalars(_finished(sha256, submitted_at).limit(1)).first() is not None


def _finished(sha256: str, submitted_at: datetime) -> sa.Select[RuleReplay]:
    return sa.select(RuleReplay).where(
        RuleReplay.sha256 == sha256,
        RuleReplay.since.is_(None),
        RuleReplay.follows.is_(None),
        RuleReplay.state == "done",
        RuleReplay.finished_at >= submitted_at,
    )


def locked(session: Session, replay_id: UUID) -> RuleReplay:
    """Raises NoSuchReplay."""
    found = session.get(RuleReplay, replay_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoSuchReplay("There is no such replay.")
    return found


def _audit(session: Session, replay: RuleReplay, moved: Moved, by: Actor, now: datetime) -> None:
    session.flush()
    detail = {"sha256": replay.sha256}
    audit.record(
        session, by=by, at=now, subject="rule_replay", subject_id=replay.id, moved=moved, detail=detail
    )
