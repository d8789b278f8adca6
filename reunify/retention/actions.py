"""Holds, the organisation's own periods, final reports. Plans are in planning.py, erasing in erasing.py."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.intake.queries import lock_request
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff
from reunify.reporting import ending
from reunify.retention import policy
from reunify.retention.policy import HOLD_MOVES, NoFamilyNamed, NoSuchHold, NoSuchRecord, Period, ReportNotYet
from reunify.retention.records import FinalReport, LegalHold, OwnPeriod
from reunify.retention.schedule import published


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def place_hold(
    session: Session,
    *,
    request_id: UUID | None = None,
    person_id: UUID | None = None,
    reason: str,
    asked_by: str,
    by: Staff,
    now: datetime,
) -> UUID:
    """One person is enough to stop an erasure. Waits for a run that is erasing this very family.

    `asked_by`: the court, agency or person who asked. Raises NoFamilyNamed, HoldNeedsWords, Erased.
    """
    policy.check_hold(request_id=request_id, person_id=person_id, reason=reason, asked_by=asked_by)
    named = [request_id] if request_id else ending.requests_of_person(session, person_id or UUID(int=0))
    for one in named:
        lock_request(session, one)
    move = HOLD_MOVES.check(START, "place")
    hold = LegalHold(
        keeper=request_id or person_id,
        request_id=request_id,
        person_id=person_id,
        reason=reason.strip(),
        asked_by=asked_by.strip(),
        state=move.target,
        placed_by=by.id,
        placed_at=now,
    )
    session.add(hold)
    session.flush()
    audit.record(session, by=by, at=now, subject="legal_hold", subject_id=hold.id, moved=move.verb)
    return hold.id


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def place_hold_by_reference(
    session: Session,
    *,
    reference: str,
    whole_person: bool,
    reason: str,
    asked_by: str,
    by: Staff,
    now: datetime,
) -> UUID:
    """`whole_person`: every request about the same child is held. Raises NoFamilyNamed too."""
    found = ending.request_called(session, reference)
    if found is None or (whole_person and found[1] is None):
        raise NoFamilyNamed(
            "There is no such request. Write its reference, such as R-7KQ4MX.", field="/reference"
        )
    request_id, child = found
    return place_hold(
        session,
        request_id=None if whole_person else request_id,
        person_id=child if whole_person else None,
        reason=reason,
        asked_by=asked_by,
        by=by,
        now=now,
    )


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def ask_to_lift(session: Session, *, hold_id: UUID, by: Staff, now: datetime) -> None:
    """The first of two people. The hold stands until the second lifts it."""
    hold = _locked(session, hold_id)
    moved = HOLD_MOVES.apply(hold, "ask_to_lift")
    hold.lift_asked_by, hold.asked_as = by.id, policy.keeper_role(by).value
    audit.record(session, by=by, at=now, subject="legal_hold", subject_id=hold.id, moved=moved)


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def lift(session: Session, *, hold_id: UUID, by: Staff, now: datetime) -> None:
    """The second, who holds the other of the two roles. Raises SecondPersonLifts."""
    hold = _locked(session, hold_id)
    HOLD_MOVES.check(hold.state, "lift")
    assert hold.lift_asked_by is not None  # the table says so
    policy.check_can_lift(by, asked_by=hold.lift_asked_by, asked_as=Role(hold.asked_as or ""))
    moved = HOLD_MOVES.apply(hold, "lift")
    hold.lifted_by, hold.lifted_at = by.id, now
    audit.record(session, by=by, at=now, subject="legal_hold", subject_id=hold.id, moved=moved)


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def keep_hold(session: Session, *, hold_id: UUID, by: Staff, now: datetime) -> None:
    """Not lifted after all."""
    hold = _locked(session, hold_id)
    moved = HOLD_MOVES.apply(hold, "keep")
    hold.lift_asked_by, hold.asked_as = None, None
    audit.record(session, by=by, at=now, subject="legal_hold", subject_id=hold.id, moved=moved)


@may(Role.ADMINISTRATOR)
def set_period(session: Session, *, record: str, period: Period, by: Staff, now: datetime) -> None:
    """From now on it is kept so long. Raises NoSuchRecord, KeptForEver, ShorterThanTheLaw."""
    row = published().rows.get(record)
    if row is None:
        raise NoSuchRecord("The schedule has no such record.", field="/record")
    policy.check_period(period, of=row.period, basis=row.basis)
    kept = OwnPeriod(record=record, years=period.years, days=period.days, set_by=by.id, at=now)
    session.add(kept)
    audit.record(
        session,
        by=by,
        at=now,
        subject="retention_period",
        subject_id=by.id,
        moved="set_period",
        detail={"record": record, "years": period.years, "days": period.days},
    )


@may(Role.ADMINISTRATOR)
def write_final_report(session: Session, *, fund_id: UUID, sent_on: date, by: Staff, now: datetime) -> None:
    """The legal period of the cases an award paid for starts on this day (2 CFR 200.334)."""
    if sent_on > now.date():
        raise ReportNotYet(
            "Write the day the final report was sent; that day has not come.", field="/sent_on"
        )
    session.add(FinalReport(fund_id=fund_id, sent_on=sent_on, set_by=by.id, at=now))
    audit.record(
        session,
        by=by,
        at=now,
        subject="fund",
        subject_id=fund_id,
        moved="write_final_report",
        detail={"sent_on": sent_on.isoformat()},
    )


def _locked(session: Session, hold_id: UUID) -> LegalHold:
    hold = session.scalar(sa.select(LegalHold).where(LegalHold.id == hold_id).with_for_update())
    if hold is None:
        raise NoSuchHold("There is no such legal hold.")
    return hold
