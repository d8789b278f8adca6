"""While an emergency award waits: who is told now, who has it, and when it is over.

The verbs take the award's own turn (an advisory lock), never the request's: no decision waits for a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.approval.queries import Award
from reunify.audit import actions as audit
from reunify.identity import on_call
from reunify.identity import queries as people
from reunify.identity.on_call import Contact
from reunify.intake import outcomes
from reunify.intake import queries as intake
from reunify.intake.policy import Lane
from reunify.kernel.ids import AwardId, StaffId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role, Staff
from reunify.notices import outbox, policy
from reunify.notices.policy import ESCALATION, Channel, Kind, Rung, Stage, Told
from reunify.notices.records import EscalationEvent, EscalationRecord, NoticeRecord

STAGE_OF: Final = {"awaiting_approval": Stage.APPROVAL, "approved": Stage.RELEASE}
_LOCK: Final = 24


@may(system=True)
def look(session: Session, *, award_id: AwardId, by: Actor, now: datetime) -> bool:
    """Begin, go on or end the ladder of this award, as it stands now. True if anything was done."""
    _take_turns(session, award_id)
    award = approval.award(session, award_id)
    quiet = outcomes.is_quiet(session, award.request_id)
    stage = None if quiet else _stage(session, award)
    ended = _end_others(session, award, stage, "quiet" if quiet else "decided", by, now)
    if stage is None:
        return ended
    record = _of(session, award_id, stage) or _begin(session, award, stage, by, now)
    pauses, told = _events(session, record.id)
    rungs = policy.due(record.began_at, pauses, told, now)
    if rungs:
        _tell(session, record, award, rungs, by, now)
    return ended or bool(rungs)


@may(*FINANCE, Role.SUPERVISOR)
def acknowledge(session: Session, *, award_id: AwardId, by: Staff, now: datetime) -> datetime:
    """ "I have it": the ladder stands still until the answer. Raises NothingWaits, AlreadyYours,
    NotYoursToHold."""
    return _hold(session, award_id, by, now, "signed_in")


def acknowledge_by_link(session: Session, *, link_hash: str, now: datetime) -> datetime:
    """The same from the phone that was told, without a sign-in: it decides nothing, and holds only what its
    text was about. Raises NothingWaits, AlreadyYours, NotYoursToHold."""
    found = by_link(session, link_hash=link_hash, now=now)
    policy.check_open(found is not None and found.escalation_id is not None and waits(session, found))
    assert found is not None
    assert found.staff_id is not None
    assert found.award_id is not None
    who = Staff(StaffId(found.staff_id), "", frozenset())
    policy.check_open(bool(on_call.contacts(session, [who.id])))  # who has left holds nothing up
    return _hold(session, AwardId(found.award_id), who, now, "link")


def by_link(session: Session, *, link_hash: str, now: datetime) -> NoticeRecord | None:
    """The notice whose link it is, for twelve hours."""
    n, since = NoticeRecord, now - policy.LINK_LASTS
    return session.scalar(sa.select(n).where(n.link_hash == link_hash, n.planned_at > since))


def waits(session: Session, notice: NoticeRecord) -> bool:
    """The award still stands where it stood when this was planned, and nothing told us to be quiet."""
    record = session.get_one(EscalationRecord, notice.escalation_id)
    if record.state != "open":
        return False
    award = approval.award(session, record.award_id)
    return STAGE_OF.get(award.state) == record.stage and not outcomes.is_quiet(session, record.request_id)


def still_until(session: Session, escalation_id: UUID, now: datetime) -> datetime | None:
    """Somebody has it: until when nobody else is told."""
    pauses, _ = _events(session, escalation_id)
    until = max((p + policy.STANDS_STILL for p in pauses), default=now)
    return until if until > now else None


# ------------------------------------------------------------------------------------------------------
def _stage(session: Session, award: Award) -> Stage | None:
    stage = STAGE_OF.get(award.state)
    if stage is None or intake.request(session, award.request_id).lane is not Lane.EMERGENCY:
        return None
    return stage


def _of(session: Session, award_id: UUID, stage: Stage) -> EscalationRecord | None:
    r = EscalationRecord
    return session.scalar(sa.select(r).where(r.award_id == award_id, r.stage == stage.value))


def _begin(session: Session, award: Award, stage: Stage, by: Actor, now: datetime) -> EscalationRecord:
    moved = ESCALATION.check(START, "begin")
    record = EscalationRecord(
        award_id=award.id,
        request_id=award.request_id,
        stage=stage.value,
        state=moved.target,
        began_at=award.opened_at if stage is Stage.APPROVAL else award.approved_at or now,
    )
    session.add(record)
    session.flush()
    audit.record(session, by=by, at=now, subject="escalation", subject_id=record.id, moved=moved.verb)
    return record


def _end_others(
    session: Session, award: Award, stage: Stage | None, because: str, by: Actor, now: datetime
) -> bool:
    r = EscalationRecord
    others = sa.select(r).where(r.award_id == award.id, r.state == "open")
    if stage is not None:
        others = others.where(r.stage != stage.value)
    found = session.scalars(others).all()
    for record in found:
        moved = ESCALATION.apply(record, "end")
        record.ended_at, record.ended_because = now, because
        outbox.stop(session, NoticeRecord.escalation_id == record.id, because, now)
        audit.record(session, by=by, at=now, subject="escalation", subject_id=record.id, moved=moved)
    session.flush()
    return bool(found)


def _tell(
    session: Session,
    record: EscalationRecord,
    award: Award,
    rungs: Sequence[Rung],
    by: Actor,
    now: datetime,
) -> None:
    """Whoever several rungs would reach at once (the worker was away) is told once, by the last of them."""
    order = on_call.deciders(session, authors=_closed(award, Stage(record.stage)), now=now)
    leads = _leads(session, award, nobody=not order)
    planned: dict[tuple[StaffId, Channel], tuple[Contact, Rung]] = {}
    for rung in rungs:
        for contact in _reached(rung, order, leads):
            for channel in rung.channels:
                planned[(contact.id, channel)] = (contact, rung)
        session.add(EscalationEvent(escalation_id=record.id, moved="tell", minutes=rung.minutes, at=now))
        detail = {"minutes": rung.minutes}
        audit.record(
            session, by=by, at=now, subject="escalation", subject_id=record.id, moved="tell", detail=detail
        )
    for (staff_id, channel), (contact, rung) in planned.items():
        outbox.plan(
            session,
            move=f"escalation:{record.id}:{rung.minutes}",
            kind=Kind.LAST_CALL if rung.told is Told.EVERYBODY else Kind.AWARD_WAITS,
            channel=channel,
            staff_id=staff_id,
            request_id=award.request_id,
            award_id=award.id,
            escalation_id=record.id,
            never=None if policy.number(contact.phone) else "no_number",
            by=by,
            now=now,
        )
    session.flush()


def _reached(rung: Rung, order: Sequence[Contact], leads: Sequence[Contact]) -> list[Contact]:
    """Somebody without a number cannot be told: that is written down, and the next one is."""
    everybody = list({c.id: c for c in [*order, *leads]}.values())
    if not order or rung.told is Told.EVERYBODY:
        return everybody
    dialled = [c for c in order if policy.number(c.phone)]
    wanted = dialled[0:1] if rung.told is Told.FIRST else dialled[1:2] or dialled[0:1]
    before = order.index(wanted[0]) if wanted else len(order)
    silent = [c for c in order[:before] if not policy.number(c.phone)]
    return [*silent, *wanted] if wanted else everybody


def _closed(award: Award, stage: Stage) -> frozenset[StaffId]:
    """Who may not decide now: the authors and, above the small-amount limit, whoever approved."""
    if stage is Stage.APPROVAL or award.ceiling <= award.small_limit:
        return award.authors
    return award.authors | award.approved_for | {i for i in (award.approved_by,) if i}


def _leads(session: Session, award: Award, *, nobody: bool) -> list[Contact]:
    """The team's supervisors, else all; where nobody may decide also whoever can lend the role to someone."""
    team = intake.request(session, award.request_id).team
    found = people.holders(session, Role.SUPERVISOR, team=team) if team else {}
    found = found or people.holders(session, Role.SUPERVISOR)
    if nobody:
        found = found | people.holders(session, Role.ADMINISTRATOR)
    return on_call.contacts(session, list(found))


def _hold(session: Session, award_id: AwardId, by: Staff, now: datetime, how: str) -> datetime:
    _take_turns(session, award_id)
    award = approval.award(session, award_id)
    stage = STAGE_OF.get(award.state)
    record = _of(session, award_id, stage) if stage else None
    quiet = outcomes.is_quiet(session, award.request_id)
    policy.check_open(record is not None and record.state == "open" and not quiet)
    assert record is not None
    assert stage is not None
    policy.check_may_hold(by.selves, _closed(award, stage))
    e = EscalationEvent
    held = sa.select(e.staff_id).where(e.escalation_id == record.id, e.moved == "acknowledge")
    policy.check_first_time(session.scalars(held), by.id)
    session.add(e(escalation_id=record.id, moved="acknowledge", staff_id=by.id, at=now))
    session.flush()
    moved = ESCALATION.apply(record, "acknowledge")
    detail = {"how": how}
    audit.record(
        session, by=by, at=now, subject="escalation", subject_id=record.id, moved=moved, detail=detail
    )
    return now + policy.STANDS_STILL


def _events(session: Session, escalation_id: UUID) -> tuple[list[datetime], list[int]]:
    """When the ladder was held, and the rungs that were told."""
    e = EscalationEvent
    rows = session.execute(sa.select(e.moved, e.minutes, e.at).where(e.escalation_id == escalation_id)).all()
    return [r.at for r in rows if r.moved == "acknowledge"], [r.minutes for r in rows if r.moved == "tell"]


def _take_turns(session: Session, award_id: UUID) -> None:
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(award_id), _LOCK))))
