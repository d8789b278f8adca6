"""Quiet outcomes: recorded by a person, felt everywhere in the same transaction, corrected by another.

Every finder of automatic work asks `quiet_of` in its query, or `quiet` for ids it has; every verb that sends
or pays asks `check_not_quiet` inside the transaction that does it. Nothing is switched off and on again: an
outcome stands or it does not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity.policy import check_proved
from reunify.intake import outcome_policy as policy
from reunify.intake.outcome_policy import Outcome
from reunify.intake.outcome_records import OutcomeRecord
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.rates.queries import organisation_now
from reunify.vault.keepers import ERASED

_LOCKS = 25  # this room's own among the numbers `hashtextextended` draws from a request's id


@dataclass(frozen=True, slots=True)
class Standing:
    """The outcome that stands. `receipts_waived_under`: the policy's code, None if none was in force."""

    id: UUID
    request_id: RequestId
    outcome: Outcome
    reason: str
    receipts_waived_under: str | None
    recorded_by: StaffId
    recorded_at: datetime


def quiet_of(request_id: Any) -> sa.ColumnElement[bool]:
    """SQL: a quiet outcome stands on the request of this column. `.where(~quiet_of(Award.request_id))`."""
    return sa.exists().where(OutcomeRecord.request_id == request_id, OutcomeRecord.state == "standing")


def standing_id(request_id: Any) -> sa.ScalarSelect[UUID]:
    """SQL: the outcome that stands on the request of this column or subquery; NULL if none does."""
    asked = sa.select(OutcomeRecord.id).where(
        OutcomeRecord.request_id == request_id, OutcomeRecord.state == "standing"
    )
    return asked.scalar_subquery()


def quiet(session: Session, request_ids: Collection[UUID]) -> set[UUID]:
    """Those of the requests on which a quiet outcome stands. One query; none for no ids."""
    if not request_ids:
        return set()
    o = OutcomeRecord
    asked = sa.select(o.request_id).where(o.request_id.in_(request_ids), o.state == "standing")
    return set(session.scalars(asked))


def is_quiet(session: Session, request_id: UUID) -> bool:
    return bool(quiet(session, [request_id]))


def keep_as_is(session: Session, request_id: UUID) -> None:
    """Until this transaction ends no outcome is recorded on the request; one that stands may be corrected."""
    session.execute(sa.select(kept_as_is(sa.literal(str(request_id)))))


def kept_as_is(request: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """SQL: the same of this request (its id as text), for a statement that waits for more than one."""
    return sa.func.pg_advisory_xact_lock_shared(sa.func.hashtextextended(request, _LOCKS))


def goes_on(session: Session, request_id: UUID) -> bool:
    """Not quiet, and not before this transaction ends. For what can be left for later."""
    keep_as_is(session, request_id)
    return not is_quiet(session, request_id)


def check_not_quiet(session: Session, request_id: UUID) -> None:
    """As `goes_on`, for what cannot be called back (a payment, a message). Raises QuietNow.

    Call it in the transaction that commits to it.
    """
    if not goes_on(session, request_id):
        raise policy.QuietNow(
            "A quiet outcome stands on this request: nothing is sent or paid by itself. A person decides."
        )


def standing(session: Session, request_id: UUID) -> Standing | None:
    """What stands on this request, or None."""
    o = OutcomeRecord
    record = session.scalar(sa.select(o).where(o.request_id == request_id, o.state == "standing"))
    return None if record is None else _as_standing(record)


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def record(
    session: Session, *, request_id: RequestId, outcome: Outcome, reason: str, by: Staff, now: datetime
) -> UUID:
    """From this transaction's commit on all is quiet, and receipts are waived under the policy of the day.

    The caller has asked whether `by` sees the whole case. Raises StepUpFirst, NeedsReason, NotFound,
    AlreadyQuiet.
    """
    check_proved(by, now=now)
    said = policy.check_reason(reason)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock(request_id))))
    state = session.scalar(sa.select(RequestRecord.state).where(RequestRecord.id == request_id))
    if state is None:
        raise NotFound("There is no such request.")
    if is_quiet(session, request_id):
        raise policy.AlreadyQuiet(
            "A quiet outcome already stands on this request. Have it corrected first if it was another."
        )
    day = now.astimezone(organisation_now(session, now=now).zone).date()
    waived = policy.receipt_policy(day)
    made = OutcomeRecord(
        request_id=request_id,
        outcome=outcome.value,
        state=policy.OUTCOME.check(START, "record").target,
        reason=said,
        receipts_waived_under=waived.code if waived else None,
        recorded_by=by.id,
        recorded_at=now,
    )
    session.add(made)
    session.flush()
    audit.record(
        session, by=by, at=now, subject="request", subject_id=request_id, moved="record_quiet_outcome"
    )
    return made.id


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def put_right(session: Session, *, request_id: RequestId, reason: str, by: Staff, now: datetime) -> None:
    """It was not so: what waited goes on at the next beat. By another person than recorded it.

    Raises StepUpFirst, NeedsReason, NotFound, NeedsAnother.
    """
    check_proved(by, now=now)
    said = policy.check_reason(reason)
    o = OutcomeRecord
    found = session.scalar(
        sa.select(o).where(o.request_id == request_id, o.state == "standing").with_for_update()
    )
    if found is None:
        raise NotFound("No quiet outcome stands on this request.")
    policy.check_another(by, StaffId(found.recorded_by))
    moved = policy.OUTCOME.apply(found, "correct")
    found.correction, found.corrected_by, found.corrected_at = said, by.id, now
    audit.record(session, by=by, at=now, subject="quiet outcome", subject_id=found.id, moved=moved)


def _lock(request_id: UUID) -> sa.ColumnElement[int]:
    return sa.func.hashtextextended(str(request_id), _LOCKS)


def _as_standing(record: OutcomeRecord) -> Standing:
    return Standing(
        record.id,
        RequestId(record.request_id),
        Outcome(record.outcome),
        OutcomeRecord.reason.told(record, erased=ERASED),
        record.receipts_waived_under,
        StaffId(record.recorded_by),
        record.recorded_at,
    )
