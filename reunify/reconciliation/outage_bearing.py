"""What was paid in an outage and no award can bear: the organisation's own money bears it, and it is over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.disbursement import outage_policy as rules
from reunify.disbursement.outage_policy import OUTAGE
from reunify.disbursement.outage_rows import locked_outage, noted
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.ledger.policy import Cash
from reunify.reconciliation import own_money, suspense


@may(*FINANCE)
def bear(session: Session, *, outage_id: UUID, by: Actor, now: datetime) -> None:
    """Another person than reported it puts what is left on the fund that `unallowable_costs` names.

    It leaves suspense and is that fund's cost, on the day it was paid. No award pays any of it.
    Raises BearerIsReporter, RatifierIsRecorder, RatifierIsAuthor, NobodyBears, PeriodOver, InsufficientFunds,
    WrongState, NotAllowed, NotFound, and the ledger's other refusals.
    """
    row = locked_outage(session, outage_id)
    OUTAGE.check(row.state, "bear")
    authors = authors_of(session, row.request_id, now)
    person = rules.check_bearer(by, recorded=row.recorders, reported=row.reporters, authors=authors)
    cents = suspense.left(session, row.object_id)
    moved = OUTAGE.apply(row, "bear")
    row.bearer, row.borne_at, row.borne_for = person.id, now, sorted(person.stands_for)
    session.flush()
    suspense.explain(
        session,
        object_id=row.object_id,
        cents=cents,
        part="borne",
        why="borne by the organisation's own money",
        by=by,
        now=now,
    )
    own_money.bear(
        session,
        reference=f"{row.id}:borne",
        cents=cents,
        cash=Cash.BANK,
        happened=row.paid_on,
        by=by,
        now=now,
    )
    noted(session, row, moved, by=by, now=now)
