"""Who comes first where a source is released in parts: of those that wait for a part, or to be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from reunify.allocation.limits import Scopes
from reunify.allocation.need_facts import needs_of
from reunify.allocation.pace import Turn, in_turn, paces
from reunify.allocation.policy import RuleCap
from reunify.allocation.records import AllocationWait
from reunify.approval.records import AwardRecord
from reunify.eligibility.records import AssessmentRecord
from reunify.funds import queries as funds
from reunify.funds.terms import terms_of
from reunify.intake import queries as intake
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.intake.when import departs_on
from reunify.kernel.ids import VersionId
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.reporting import uses
from reunify.vault.keepers import Erased
from reunify.vault.records import FamilyKey

_DECIDED = ("released", "declined", "lapsed")


def due(session: Session, *, on: date) -> list[UUID]:
    """Versions to try again, in turn. Not where a person has decided on what was found before."""
    wait, v = AllocationWait, VersionRecord
    rows = session.execute(
        sa.select(wait.version_id, wait.departs_on, wait.points, v.submitted_at)
        .join(v, v.id == wait.version_id)
        .where(
            wait.state == "waiting",
            wait.next_on <= on,
            ~_has_ended(),
            ~_is_decided(("approved",)),
            ~quiet_of(v.request_id),
        )
    ).all()
    if not rows:
        return []
    next_on = _next_part(session, on)
    turns = [Turn(i, departs, points, arrived, next_on) for i, departs, points, arrived in rows]
    return [turn.id for turn in in_turn(turns, on)]


def ended(session: Session) -> list[UUID]:
    """Versions that wait no more: a newer one took their place, a person has decided, the request is over."""
    wait, v = AllocationWait, VersionRecord
    return list(
        session.scalars(
            sa.select(wait.version_id)
            .join(v, v.id == wait.version_id)
            .where(wait.state == "waiting", _has_ended())
        )
    )


def has_ended(session: Session, version_id: UUID) -> bool:
    """Whether this version, which waits, waits no more."""
    wait, v = AllocationWait, VersionRecord
    asked = (
        sa.exists()
        .where(wait.version_id == version_id, wait.state == "waiting")
        .where(v.id == wait.version_id, _has_ended())
    )
    return bool(session.scalar(sa.select(asked)))


def _is_decided(states: Sequence[str]) -> sa.ColumnElement[bool]:
    """On this version or a newer one: what became of an older one's award ends nothing."""
    v, w = VersionRecord, AwardRecord
    return sa.exists().where(w.request_id == v.request_id, w.version_number >= v.number, w.state.in_(states))


def _has_ended() -> sa.ColumnElement[bool]:
    v, r = VersionRecord, RequestRecord
    newer = sa.orm.aliased(VersionRecord)
    return sa.or_(
        sa.exists().where(newer.request_id == v.request_id, newer.number > v.number),
        _is_decided(_DECIDED),
        sa.exists().where(r.id == v.request_id, r.state != "submitted"),
        sa.exists().where(FamilyKey.keeper == v.request_id, FamilyKey.destroyed_at.is_not(None)),
    )


def order(session: Session, version_ids: Sequence[UUID], *, on: date) -> list[UUID]:
    """Versions to be checked. As they came, where no source is released in parts; else in turn.

    The need of what was never judged is not known yet; a version asked for again counts with its last answer.
    """
    if len(version_ids) < 2 or not (next_on := _next_part(session, on)):
        return list(version_ids)
    v = VersionRecord
    arrived = {
        row.id: row.submitted_at
        for row in session.execute(sa.select(v.id, v.submitted_at).where(v.id.in_(version_ids)))
    }
    points = _points(session, version_ids, on)
    return [
        turn.id
        for turn in in_turn(
            (Turn(i, _departs(session, i), points.get(i), arrived[i], next_on) for i in version_ids), on
        )
    ]


def caps_now(session: Session, caps: Sequence[RuleCap], scopes: Scopes) -> list[RuleCap]:
    """The rules' caps as they were found, with the child's other trips counted anew."""
    if not any(cap.scope == "lifetime_uses" for cap in caps):
        return list(caps)
    used = uses.of_child(session, scopes.child, but=scopes.trip)
    return [replace(cap, used=used.get(cap.fund_code, 0)) for cap in caps]


def _next_part(session: Session, on: date) -> date | None:
    """When the first of the paced sources releases its next part."""
    found = paces(funds.open_held(session, on=on), terms_of(session, on=on), on)
    return min((pace.next_on for pace in found.values() if pace.next_on is not None), default=None)


def _points(session: Session, version_ids: Sequence[UUID], on: date) -> dict[UUID, int]:
    """By version, from the last answer its request had."""
    v, a = VersionRecord, AssessmentRecord
    last = (
        sa.select(v.id, a.version_id)
        .join(a, a.request_id == v.request_id)
        .where(v.id.in_(version_ids))
        .ext(distinct_on(v.id))
        .order_by(v.id, a.number.desc())
    )
    judged = {row.id: row.version_id for row in session.execute(last)}
    try:
        found = needs_of(session, list(judged.values()), on=on)
    except RuleFileBroken:
        return {}
    return {i: found[VersionId(j)].points for i, j in judged.items() if VersionId(j) in found}


def _departs(session: Session, version_id: UUID) -> date | None:
    try:
        return departs_on(intake.version(session, version_id).content)
    except Erased:
        return None
