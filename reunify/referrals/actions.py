"""Add somebody to turn to, check the number again, end it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.may import may
from reunify.kernel.people import Staff
from reunify.kernel.refusals import BadInput, NotFound, OutOfStep, Problem, Refused
from reunify.kernel.text import is_safe
from reunify.referrals import policy
from reunify.referrals.policy import KEEPS, Entry
from reunify.referrals.ports import Wording
from reunify.referrals.records import ReferralCheck, ReferralRecord

LONGEST_NOTE: Final = 200


class ReferralEnded(OutOfStep):
    """It was taken off the list; it can be added anew."""


class NotSaidHow(Refused):
    """Nobody can check later what was not said."""


@may(*KEEPS)
def add(
    session: Session, *, entry: Entry, note: str, wording: Wording, today: date, by: Staff, now: datetime
) -> UUID:
    """`note`: how it was checked today. Raises BadInput with every field, NotSaidHow."""
    wrong = policy.problems(entry)
    for at, language, text in entry.texts():
        if said := wording.instead(text, language):
            wrong.append(Problem(at, said))
    if wrong:
        raise BadInput(wrong)
    row = ReferralRecord(
        kind=entry.kind.value,
        neutral=entry.neutral,
        what_en=entry.what_en,
        what_es=entry.what_es,
        phone=entry.phone,
        hours_en=entry.hours_en,
        hours_es=entry.hours_es,
        area=entry.area,
        speaks=list(entry.speaks),
        added_by=by.id,
        added_at=now,
    )
    session.add(row)
    session.flush()
    _check(session, row.id, "verified", note, today=today, by=by, now=now)
    return row.id


@may(*KEEPS)
def verify(session: Session, *, referral_id: UUID, note: str, today: date, by: Staff, now: datetime) -> None:
    """It answers as it is written. Raises NotFound, ReferralEnded, NotSaidHow."""
    _open(session, referral_id)
    _check(session, referral_id, "verified", note, today=today, by=by, now=now)


@may(*KEEPS)
def retire(session: Session, *, referral_id: UUID, note: str, today: date, by: Staff, now: datetime) -> None:
    """Nobody is told of it from now on. Raises NotFound, ReferralEnded, NotSaidHow."""
    _open(session, referral_id)
    _check(session, referral_id, "retired", note, today=today, by=by, now=now)


def _open(session: Session, referral_id: UUID) -> None:
    """One change of an entry at a time, so that two people cannot end it: no row of it can be locked."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(referral_id), 42))))
    if session.get(ReferralRecord, referral_id) is None:
        raise NotFound("There is no such entry on the list of others who can help.")
    ended = sa.select(ReferralCheck.id).where(
        ReferralCheck.referral_id == referral_id, ReferralCheck.outcome == "retired"
    )
    if session.scalar(ended) is not None:
        raise ReferralEnded("A colleague has taken it off the list. Add it anew if it is right again.")


def _check(
    session: Session, referral_id: UUID, outcome: str, note: str, *, today: date, by: Staff, now: datetime
) -> None:
    if not 0 < len(note) <= LONGEST_NOTE or not is_safe(note):
        raise NotSaidHow(
            f"Say how it was checked, in at most {LONGEST_NOTE} plain characters: who answered, or where it "
            "is published.",
            field="/note",
        )
    session.add(
        ReferralCheck(
            referral_id=referral_id,
            outcome=outcome,
            checked_on=today,
            note=note,
            checked_by=by.id,
            checked_at=now,
        )
    )
    session.flush()
    audit.record(session, by=by, at=now, subject="referral", subject_id=referral_id, moved=outcome)
