"""Keep each signed event once, handle it from the payment as it is now, and write down every difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import attempts
from reunify.disbursement.attempts import NotOurPayment
from reunify.disbursement.outcomes import NotTried, Payment, Status
from reunify.disbursement.policy import check_why
from reunify.kernel.ids import AttemptId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor, Role, check_role
from reunify.kernel.refusals import NotFound
from reunify.reconciliation import past_us, policy, suspense
from reunify.reconciliation.policy import Difference, Kind
from reunify.reconciliation.queries import open_attempts, open_differences, unhandled
from reunify.reconciliation.records import DifferenceRecord, InboxRecord
from reunify.reconciliation.suspense_policy import StillInSuspense

__all__ = [
    "handle",
    "open_attempts",
    "open_differences",
    "park",
    "postpone",
    "receive",
    "report",
    "resolve",
    "set_aside",
    "take_payment",
    "unhandled",
]


def receive(
    session: Session,
    *,
    raw: bytes,
    signature: str,
    secrets: Sequence[str],
    now: datetime,
    live: bool = False,
) -> str:
    """Keep a signed event; the same event twice is kept once. Returns its id.

    `raw` is the body exactly as it came. Raises NotStripe, NotAnEvent.
    """
    policy.check_signature(raw, signature, secrets, now)
    notice = policy.read(raw, live=live)
    session.execute(
        insert(InboxRecord)
        .values(
            id=notice.id,
            type=notice.type,
            object_id=notice.object_id,
            idem_key=notice.idem_key,
            card=notice.card,
            raw=policy.to_keep(raw, notice),
            received_at=now,
            tries=0,
            try_after=now,
        )
        .on_conflict_do_nothing()
    )
    return notice.id


@may(system=True)
def handle(session: Session, *, event_id: str, payment: Payment | None, by: Actor, now: datetime) -> None:
    """Finish one event. `payment`: what it speaks of, looked up now; None for other events."""
    event = _locked(session, event_id)
    if event.handled_at is not None or event.parked is not None:
        return
    if payment is not None:
        event.parked = take_payment(session, payment=payment, key=event.idem_key, by=by, now=now)
    event.handled_at = now


@may(system=True)
def handle_together(session: Session, *, heard: Mapping[str, Payment], by: Actor, now: datetime) -> set[str]:
    """Finish those of these events (by id, each with its payment as it is now) that speak of payments of ours
    with nothing amiss; returns which. Where one is refused nothing of them all stands."""
    asked = (
        sa.select(InboxRecord)
        .where(
            InboxRecord.id.in_(list(heard)), InboxRecord.handled_at.is_(None), InboxRecord.parked.is_(None)
        )
        .order_by(InboxRecord.id)
        .with_for_update()
    )
    events = session.scalars(asked, execution_options={"populate_existing": True}).all()
    payments = {heard[event.id].id: heard[event.id] for event in events}
    taken = take_payments(session, payments=payments.values(), by=by, now=now)
    finished = [event for event in events if heard[event.id].id in taken]
    for event in finished:
        event.handled_at = now
    return {event.id for event in finished}


@may(system=True)
def take_payment(
    session: Session, *, payment: Payment, key: str | None, by: Actor, now: datetime
) -> str | None:
    """Bring our attempt up to the payment as it is now; a word for a person if it is not ours.

    What came back and was recovered from elsewhere before becomes a difference. Raises the ledger's refusals.
    """
    try:
        attempt = attempts.hear(session, payment=payment, key=key, by=by, now=now)
    except NotOurPayment:  # nothing was changed
        found = Difference(Kind.OTHER_AMOUNT, payment.id, None, payment.amount)
        report(session, differences=[found], now=now)
        return "another_payment"
    if attempt is None:
        found = Difference(Kind.PAYMENT_NOT_OURS, payment.id, None, payment.amount)
        report(session, differences=[found], now=now)
        past_us.follow(session, payment=payment, by=by, now=now)
        return "not_ours"
    if payment.status is Status.RETURNED:
        missing = attempts.take_rest(session, attempt_id=attempt, payment=payment, by=by, now=now)
        if missing:
            report(session, differences=[policy.short_return(payment, Money(missing))], now=now)
    return None


@may(system=True)
def take_payments(session: Session, *, payments: Iterable[Payment], by: Actor, now: datetime) -> set[str]:
    """The same of several; returns the ids of those taken, which were ours. One that came back is taken by
    itself, and where one is refused nothing of them all stands."""
    ordinary = [payment for payment in payments if payment.status is not Status.RETURNED]
    return attempts.hear_together(session, payments=ordinary, by=by, now=now)


@may(system=True)
def set_aside(
    session: Session,
    *,
    payment: Payment,
    refused: str,
    attempt_id: AttemptId | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """The books would not take it: a difference with an owner. An attempt is asked after again later."""
    report(session, differences=[policy.not_posted(payment)], now=now)
    if attempt_id is not None:
        attempts.record_outcome(session, attempt_id=attempt_id, outcome=NotTried(refused), by=by, now=now)


def postpone(session: Session, *, event_id: str, now: datetime) -> None:
    """It could not be looked up: later, and after many times set aside."""
    event = _locked(session, event_id)
    event.tries += 1
    later = policy.try_after(event.tries, now)
    if later is None:
        event.parked = "never_answered"
    else:
        event.try_after = later


def park(session: Session, *, event_id: str, reason: str) -> None:
    """Set aside for a person; the rest of the inbox goes on."""
    _locked(session, event_id).parked = reason


def report(session: Session, *, differences: Iterable[Difference], now: datetime) -> None:
    """Write down each difference once; one that a person has explained stays explained."""
    for difference in differences:
        if _explained(session, difference):
            continue
        session.execute(
            insert(DifferenceRecord)
            .values(
                id=new_id(),
                kind=difference.kind.value,
                object_id=difference.object_id,
                expected_cents=None if difference.expected is None else difference.expected.cents,
                found_cents=None if difference.found is None else difference.found.cents,
                found_at=now,
            )
            .on_conflict_do_nothing(
                index_elements=["kind", "object_id"], index_where=sa.text("resolved_at IS NULL")
            )
        )


def agreed(session: Session, *, still: Iterable[Difference], now: datetime, cards: bool = False) -> None:
    """Close what a whole proof no longer finds. What somebody did past us waits for a person all the same.

    `cards`: the proof of the cards' balance, which says nothing of the payouts' and the reverse.
    """
    kept = {(d.kind.value, d.object_id) for d in still}
    for row in session.scalars(
        sa.select(DifferenceRecord).where(DifferenceRecord.resolved_at.is_(None)).with_for_update()
    ):
        if (
            policy.is_of_cards(row.object_id) is cards
            and row.kind in policy.CLOSES_ITSELF
            and (row.kind, row.object_id) not in kept
        ):
            row.resolved_at = now
            row.resolution = "The books agree now."


@may(*FINANCE)
def resolve(session: Session, *, difference_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """A finance person has explained a difference. What lies in suspense no words explain: it is named there,
    and its difference closes by itself. Raises NotAllowed, NoWhy, NotFound, StillInSuspense.
    """
    check_role(by, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)
    said = check_why(why)
    row = session.get(DifferenceRecord, difference_id, with_for_update=True)
    if row is None or row.resolved_at is not None:
        raise NotFound("There is no such open difference.")
    if suspense.left(session, row.object_id):
        raise StillInSuspense(
            "This money lies in suspense: say there which payment it is of, or report it. The difference is "
            "then closed by that."
        )
    row.resolved_at = now
    row.resolved_by = by.id
    row.resolution = said
    audit.record(session, by=by, at=now, subject="difference", subject_id=row.id, moved="resolve", why=said)


def _explained(session: Session, difference: Difference) -> bool:
    """A person has said why; what comes and goes by itself is only explained for that very sum."""
    asked = sa.select(DifferenceRecord.id).where(
        DifferenceRecord.kind == difference.kind.value,
        DifferenceRecord.object_id == difference.object_id,
        DifferenceRecord.resolved_by.is_not(None),
    )
    if difference.kind in policy.CLOSES_ITSELF:
        found = None if difference.found is None else difference.found.cents
        asked = asked.where(DifferenceRecord.found_cents.is_not_distinct_from(found))
    return session.scalar(asked.limit(1)) is not None


def _locked(session: Session, event_id: str) -> InboxRecord:
    event = session.get(InboxRecord, event_id, with_for_update=True, populate_existing=True)
    if event is None:
        raise NotFound("There is no such event.")
    return event
