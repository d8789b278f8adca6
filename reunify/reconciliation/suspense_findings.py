"""No booking is behind what a merchant took, or nobody here paid it: one person of finance says so, another
lets us bear it.

What comes back of it goes back to the fund that bore it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.approval.behind import authors_of
from reunify.audit import actions as audit
from reunify.disbursement import cards_borne
from reunify.disbursement.policy import check_decider, check_why
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.ledger.policy import Cash
from reunify.reconciliation import actions, cards, own_money, queries, suspense
from reunify.reconciliation.policy import Kind
from reunify.reconciliation.suspense_finding_policy import (
    FINDING,
    ON_A_CARD,
    check_finder,
    check_kind,
    check_refund,
)
from reunify.reconciliation.suspense_finding_records import SuspenseFinding
from reunify.reconciliation.suspense_policy import NoSuchItem, OtherContent, Why
from reunify.reconciliation.suspense_records import SuspenseItem

_BORNE = "The organisation's own money bears it."
_BACK = "It went back to the organisation's own money, which had borne the charge."


@may(*FINANCE)
def report(session: Session, *, item_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """No booking is behind it, like a hotel's extras. It stays in suspense until another person agrees.

    Raises NoSuchItem, NotBorneHere, FinderIsAuthor, NoWhy, WrongState, NotAllowed.
    """
    said = check_why(why)
    item = _open(session, item_id, lock=True)  # of two who say so at once the second reads the first
    person = check_finder(by, authors=_authors(session, item, now))
    before = _finding(session, item)
    moved = FINDING.check(before.state if before else START, "report")
    session.add(
        SuspenseFinding(
            item_id=item.id,
            state=moved.target,
            reporter=person.id,
            reported_for=sorted(person.stands_for),
            reported_at=now,
            why=said,
        )
    )
    session.flush()
    audit.record(session, by=by, at=now, subject="suspense_item", subject_id=item.id, moved="report")


@may(*FINANCE)
def bear(session: Session, *, item_id: UUID, by: Actor, now: datetime) -> None:
    """Another person puts all that is left of it on the fund that `unallowable_costs` names.

    It leaves suspense and is that fund's cost, and a charge can be no booking's payment any more. No award
    pays any of it. Raises NoSuchItem, BearerIsFinder, FinderIsAuthor, ChargeTaken, NobodyBears, PeriodOver,
    InsufficientFunds, OtherContent, WrongState, NotAllowed, and the ledger's other refusals.
    """
    found = _open(session, item_id)
    charge, cents = found.object_id, None
    if Why(found.kind) in ON_A_CARD:  # the card is locked before the item
        cents = cards_borne.bear(session, charge_id=charge, by=by, now=now)
    item = _open(session, item_id, lock=True)
    finding = _finding(session, item)
    FINDING.check(finding.state if finding else START, "bear")
    assert finding is not None  # the table of moves begins with the report
    first = {finding.reporter, *finding.reported_for}
    person = check_finder(by, authors=_authors(session, item, now), first=first)
    if cents not in (None, item.left_cents):
        raise OtherContent("What is left of the charge and of its item differ: explain the difference first.")
    cents, cash, happened = item.left_cents, Cash(item.cash), item.happened_on
    moved = FINDING.apply(finding, "bear")
    finding.bearer, finding.borne_for, finding.borne_at = person.id, sorted(person.stands_for), now
    session.flush()
    suspense.explain(session, object_id=charge, cents=cents, part="borne", why=_BORNE, by=by, now=now)
    own_money.bear(
        session,
        reference=f"{charge}:borne",
        cents=cents,
        cash=cash,
        happened=happened,
        by=by,
        now=now,
    )
    cards.close_explained(session, charges=[charge], now=now, why=_BORNE)
    if Why(item.kind) is Why.PAYMENT_NOT_OURS:
        _resolve(session, charge, by=by, now=now)
    audit.record(session, by=by, at=now, subject="suspense_item", subject_id=item.id, moved=moved)


@may(*FINANCE)
def take_back(session: Session, *, item_id: UUID, charge_id: str, by: Actor, now: datetime) -> None:
    """This refund is of a charge the organisation bore: it goes back to that fund and leaves suspense.

    One person says so, as of a refund of a payment: it only gives a cost back to the fund that bears it.
    Raises NoSuchItem, NotABorneRefund, ChargeTaken, NotOfThisTrip, and the ledger's refusals.
    """
    check_decider(by)
    refund = _known(session, item_id)
    check_refund(Why(refund.kind))
    refund_id = refund.object_id
    cents = cards_borne.take_back(session, refund_id=refund_id, charge_id=charge_id, by=by, now=now)
    item = _known(session, item_id, lock=True)
    cash, happened = Cash(item.cash), item.happened_on
    suspense.explain(session, object_id=refund_id, cents=-cents, part="borne", why=_BACK, by=by, now=now)
    own_money.take_back(
        session,
        borne=f"{charge_id}:borne",
        reference=f"{refund_id}:refunded",
        cents=cents,
        cash=cash,
        happened=happened,
        by=by,
        now=now,
    )
    cards.close_explained(session, charges=[refund_id], now=now, why=_BACK)
    audit.record(session, by=by, at=now, subject="suspense_item", subject_id=item.id, moved="take_back")


def _open(session: Session, item_id: UUID, *, lock: bool = False) -> SuspenseItem:
    """Raises NoSuchItem, NotBorneHere."""
    item = _known(session, item_id, lock=lock)
    check_kind(Why(item.kind))
    return item


def _known(session: Session, item_id: UUID, *, lock: bool = False) -> SuspenseItem:
    """Raises NoSuchItem."""
    item = session.get(SuspenseItem, item_id, with_for_update=lock, populate_existing=lock)
    if item is None or item.left_cents == 0:
        raise NoSuchItem("There is no such item in suspense.")
    return item


def _finding(session: Session, item: SuspenseItem) -> SuspenseFinding | None:
    asked = sa.select(SuspenseFinding).where(SuspenseFinding.item_id == item.id).with_for_update()
    return session.scalar(asked)


def _authors(session: Session, item: SuspenseItem, now: datetime) -> set[UUID]:
    """Of the request whose card it is; nobody for what was paid past us, which is of no request."""
    award = cards_borne.awards_of(session, [item.object_id]).get(item.object_id)
    return set(authors_of(session, approval.request_of(session, award), now)) if award else set()


@may(*FINANCE)
def _resolve(session: Session, payment: str, *, by: Actor, now: datetime) -> None:
    """Each proof finds it anew: these people have said why."""
    for open_ in queries.open_differences(session):
        if (open_.kind, open_.object_id) == (Kind.PAYMENT_NOT_OURS, payment):
            actions.resolve(session, difference_id=open_.id, why=_BORNE, by=by, now=now)
