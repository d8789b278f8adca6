"""Whatever of a bill is not paid by itself is somebody's, until a person says how it ended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import statements_matching as matching
from reunify.disbursement import statements_policy as policy
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.policy import check_why
from reunify.disbursement.statements_policy import Verdict
from reunify.disbursement.statements_queries import as_billed
from reunify.disbursement.statements_records import StatementLineRecord
from reunify.identity.queries import holders
from reunify.kernel.ids import StaffId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound

SUBJECT = "statement_line"


@may(*FINANCE)
def assign(session: Session, *, line_id: UUID, to: StaffId | None, by: Actor, now: datetime) -> None:
    """A person of finance answers for it; None: finance as a whole. Raises NotACase, OwnerNotFinance."""
    line = _open_case(session, line_id)
    if to is not None and not any(to in holders(session, role) for role in FINANCE):
        raise policy.OwnerNotFinance("Choose a person of finance who is with us.")
    line.owner = to
    audit.record(session, by=by, at=now, subject=SUBJECT, subject_id=line.id, moved="assign")


@may(*FINANCE)
def resolve(session: Session, *, line_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """How it ended, in words. A line resolved stands no more: the vendor may bill the booking rightly.

    Raises NoWhy, NotACase, NotAllowed, NotFound.
    """
    person = policy.check_finance(by)
    said = check_why(why)
    line = _open_case(session, line_id)
    line.resolution, line.resolved_at, line.resolved_by = said, now, person.id
    audit.record(session, by=by, at=now, subject=SUBJECT, subject_id=line.id, moved="resolve")


@may(*FINANCE)
def accept(session: Session, *, line_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """It is this booking's bill, though the vendor or the day differs: from now on a matched line.

    One person still writes it down, and another verifies it. Raises NoWhy, NotACase, NotThatBooking where the
    booking has moved or another line bills it, NotAllowed, NotFound.
    """
    person = policy.check_finance(by)
    said = check_why(why)
    matching.taking_turns(session)
    line = _open_case(session, line_id)
    if line.verdict not in policy.ACCEPTABLE or line.booking_id is None:
        raise policy.NotACase("Only a line with another vendor or another day can be accepted.")
    found = matching.of_bookings(session, [line.booking_id]).get(line.booking_id)
    stands = found is not None and found.ticket == line.ticket
    now_is = policy.again(as_billed(line), found.today()) if found and stands else Verdict.CANCELLED_BOOKING
    other = sa.exists().where(
        StatementLineRecord.booking_id == line.booking_id,
        StatementLineRecord.ticket == line.ticket,
        StatementLineRecord.id != line.id,
        StatementLineRecord.resolved_at.is_(None),
    )
    if now_is is not Verdict.MATCHED or session.scalar(sa.select(other)):
        raise policy.NotThatBooking(
            "Its booking was changed, cancelled or paid since, or another line bills it: look at that first, "
            "or say how this line ended."
        )
    line.verdict = Verdict.MATCHED.value
    line.accepted_by, line.accepted_at, line.accepted_why = person.id, now, said
    audit.record(session, by=by, at=now, subject=SUBJECT, subject_id=line.id, moved="accept")


@may(*FINANCE)
def set_aside(session: Session, *, line_id: UUID, by: Actor, now: datetime) -> None:
    """A matched line that finance doubts, or cannot write down, becomes a case. Not once it is written down.

    Raises NotACase, NotFound.
    """
    line = _locked(session, line_id)
    state = session.scalar(
        sa.select(LoggedPaymentRecord.state).where(LoggedPaymentRecord.id == line.logged_payment_id)
    )
    if line.verdict != Verdict.MATCHED.value or line.set_aside or state not in (None, "voided"):
        raise policy.NotACase("Only a matched line that is not written down can be set aside.")
    line.set_aside, line.logged_payment_id = True, None
    audit.record(session, by=by, at=now, subject=SUBJECT, subject_id=line.id, moved="set_aside")


def _open_case(session: Session, line_id: UUID) -> StatementLineRecord:
    line = _locked(session, line_id)
    if line.resolved_at is not None or (line.verdict == Verdict.MATCHED.value and not line.set_aside):
        raise policy.NotACase("This line is no open case.")
    return line


def _locked(session: Session, line_id: UUID) -> StatementLineRecord:
    line = session.get(StatementLineRecord, line_id, with_for_update=True, populate_existing=True)
    if line is None:
        raise NotFound("There is no such line of a bill.")
    return line
