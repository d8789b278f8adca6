"""How the payout rail stands now, told from the payments that wait; and a person who sends them anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import policy, rail_policy
from reunify.disbursement.rail_policy import NothingHeldUp, Rail
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor


@dataclass(frozen=True, slots=True)
class RailNow:
    """`held_up`: payments that wait for the rail, and their cents. `unreachable`: payees' payments."""

    state: Rail
    sentence: str
    held_up: int
    cents: int
    unreachable: int


def rail_now(session: Session, *, on: bool) -> RailNow:
    """One statement. `on`: whether this house sends by Stripe."""
    row = InstructionRecord
    told = (*rail_policy.OF_THE_RAIL, *rail_policy.CANNOT_BE_REACHED)
    found = session.execute(
        sa.select(row.trouble, sa.func.count().label("many"), sa.func.sum(row.amount).label("cents"))
        .where(row.trouble.in_(told), row.state.not_in(policy.DONE))
        .group_by(row.trouble)
    ).all()
    troubles = {str(r.trouble) for r in found}
    held = [r for r in found if r.trouble in rail_policy.OF_THE_RAIL]
    state = rail_policy.rail(on=on, troubles=troubles)
    return RailNow(
        state,
        rail_policy.sentence(state, troubles=troubles),
        sum(int(r.many) for r in held),
        sum(int(r.cents) for r in held),
        sum(int(r.many) for r in found) - sum(int(r.many) for r in held),
    )


def is_held_up(session: Session) -> bool:
    """Whether a payment has met the rail's own trouble: until that ends no other is tried."""
    row = InstructionRecord
    met = sa.exists().where(row.trouble.in_(rail_policy.OF_THE_RAIL), row.state.in_(("ready", "sending")))
    return bool(session.scalar(sa.select(met)))


@may(*FINANCE)
def send_what_waits(session: Session, *, by: Actor, now: datetime) -> int:
    """A person says that Stripe lets us now: what the rail held up is sent by itself. Returns how many.

    Raises NotAllowed, NothingHeldUp.
    """
    policy.check_decider(by)
    row = InstructionRecord
    waiting = session.scalars(
        sa.select(row)
        .where(row.trouble.in_(rail_policy.OF_THE_RAIL), row.state == "ready")
        .order_by(row.id)
        .with_for_update()
    ).all()
    if not waiting:
        raise NothingHeldUp("No payment waits for Stripe to let us pay: nothing is to be sent anew.")
    for one in waiting:
        said = {"trouble": one.trouble}
        one.trouble, one.try_after = None, now
        audit.record(
            session, by=by, at=now, subject="instruction", subject_id=one.id, moved="send_anew", detail=said
        )
    session.flush()
    return len(waiting)
