"""Families whose past answer the approved rules would turn into a yes: owed a second look, and settled."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.eligibility import look_back_policy as policy
from reunify.eligibility.look_back_policy import LOOK_BACK_MOVES, NoSuchLookBack
from reunify.eligibility.look_back_records import LookBack, ReplayYes
from reunify.eligibility.records import DeterminationRecord
from reunify.intake import queries as intake
from reunify.kernel.ids import new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Role, Staff
from reunify.rules.answers import YES_ANSWERS
from reunify.rules.model import Rulebook
from reunify.vault import keepers

_AT_ONCE = 1000  # keys asked for in one question


@may(Role.RULES_AUTHOR, system=True)
def owe(session: Session, *, book: Rulebook, by: Actor, now: datetime) -> int:
    """One for each family that a replay of exactly these bytes turned to a yes. Part of the act of approval,
    and of the replay that catches up after it.

    Owed none: who was erased since, and who got a yes of this source meanwhile. Gives how many.
    """
    found = session.scalars(_found(book)).all()
    made = 0
    for at in range(0, len(found), _AT_ONCE):
        part = found[at : at + _AT_ONCE]
        keys = keepers.keys_to_read(session, [yes.request_id for yes in part])
        for yes in part:
            if not isinstance(keys[yes.request_id], datetime):
                _owe_one(session, yes, book, by, now)
                made += 1
        session.flush()
    return made


def _found(book: Rulebook) -> sa.Select[ReplayYes]:
    """The newest of each family, whichever replay found it."""
    y, d = ReplayYes, DeterminationRecord
    yes_since = sa.exists().where(
        d.request_id == y.request_id,
        d.source == book.source,
        d.number > y.number,
        d.answer.in_([answer.value for answer in YES_ANSWERS]),
    )
    owed = sa.exists().where(LookBack.request_id == y.request_id, LookBack.sha256 == book.sha256)
    return (
        sa.select(y)
        .ext(distinct_on(y.request_id))
        .where(y.sha256 == book.sha256, ~owed, ~yes_since)
        .order_by(y.request_id, y.number.desc(), y.replay_id)
    )


def _owe_one(session: Session, yes: ReplayYes, book: Rulebook, by: Actor, now: datetime) -> None:
    owed = LookBack(
        id=new_id(),
        request_id=yes.request_id,
        sha256=book.sha256,
        determination_id=yes.determination_id,
        number=yes.number,
        answer_before=yes.answer_before,
        answer_after=yes.answer_after,
        state=LOOK_BACK_MOVES.check(START, "owe").target,
        owed_since=now,
    )
    session.add(owed)
    _audit(session, owed, Moved("owe", "", owed.state), by, now)


@may(Role.CASE_MANAGER)
def settle_look_back(
    session: Session,
    *,
    request_id: UUID,
    look_back_id: UUID,
    outcome: str,
    reason: str,
    by: Staff,
    now: datetime,
) -> None:
    """`outcome`: checked_again, once the request has been; or not_needed, with its reason.

    Raises NoSuchLookBack, WrongState, NoSuchOutcome, LookBackReasonMissing, NotCheckedAgain, Erased.
    """
    found = session.get(LookBack, look_back_id, with_for_update=True)
    if found is None or found.request_id != request_id:
        raise NoSuchLookBack("There is no such look back.")
    LOOK_BACK_MOVES.check(found.state, "settle")
    kept, said = policy.check_outcome(outcome, reason)
    newest = intake.newest_number(session, request_id)
    policy.check_checked(kept, number=found.number, newest=newest)
    moved = LOOK_BACK_MOVES.apply(found, "settle")
    found.outcome, found.settled_by, found.settled_at = kept.value, by.id, now
    found.reason = said or None
    session.flush()
    _audit(session, found, moved, by, now)


def _audit(session: Session, found: LookBack, moved: Moved, by: Actor, now: datetime) -> None:
    detail = {"sha256": found.sha256, "outcome": found.outcome}
    record(session, by=by, at=now, subject="look_back", subject_id=found.id, moved=moved, detail=detail)
