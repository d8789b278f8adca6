"""Money that moved and that nobody can explain yet: in the books from the first minute, with an owner.

It lies in the fund that the setting `suspense_fund` names, touches no budget, and reduces no award.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement.policy import check_why
from reunify.kernel.ids import FundId, StaffId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role, written_by
from reunify.ledger import suspense as ledger
from reunify.ledger.policy import Cash, check_amount
from reunify.reconciliation import cash_settings
from reunify.reconciliation.suspense_policy import NoSuchItem, OtherContent, Why, check_part
from reunify.reconciliation.suspense_records import SuspenseItem, SuspensePart

__all__ = ["assign", "explain", "hold", "left"]


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def hold(
    session: Session,
    *,
    object_id: str,
    cash: Cash,
    cents: int,
    kind: Why,
    happened: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """So many cents left `cash` (below zero: came into it) and nobody knows for what; returns the item's id.

    Once per `object_id` (Stripe's number, or ours): again with the same content it is the same item.
    Raises NoSuspenseFund, OtherContent, AmountNotWhole, and the ledger's refusals.
    """
    check_amount(abs(cents))
    before = _item(session, object_id)
    if before is None:
        fund_id = cash_settings.suspense_fund(session, now=now)
        made: UUID | None = session.scalar(
            insert(SuspenseItem)
            .values(
                id=new_id(),
                object_id=object_id,
                kind=kind.value,
                cash=cash.value,
                fund_id=fund_id,
                cents=cents,
                left_cents=cents,
                happened_on=happened,
                held_at=now,
            )
            .on_conflict_do_nothing(index_elements=["object_id"])
            .returning(SuspenseItem.id)
        )
        if made is not None:
            ledger.suspend(
                session,
                external_ref=f"{object_id}:suspended",
                fund_id=fund_id,
                cash=cash,
                amount=cents,
                happened_on=happened,
                by=by,
                now=now,
            )
            audit.record(session, by=by, at=now, subject="suspense_item", subject_id=made, moved="hold")
            return made
        before = _known(session, object_id)
    if (before.cash, before.cents) != (cash.value, cents):
        raise OtherContent(
            f"This money is in suspense as {before.cents} cents of {before.cash}: explain that item first."
        )
    return before.id


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def explain(
    session: Session,
    *,
    object_id: str,
    cents: int,
    part: str,
    why: str,
    by: Actor,
    now: datetime,
) -> int:
    """So much of it is known now and leaves suspense; returns the cents that are left.

    `part`: what it was, by your name for it, once per item. What it was (a payment, a refund) is posted by
    the caller in the same transaction. Raises NoSuchItem, MoreThanHeld, OtherContent, NoWhy, and the
    ledger's refusals.
    """
    said = check_why(why)
    item = _known(session, object_id)
    before = session.scalar(
        sa.select(SuspensePart.cents).where(SuspensePart.item_id == item.id, SuspensePart.part == part)
    )
    if before is not None:
        if before != cents:
            raise OtherContent(f"This part was explained before, as {before} cents: name another part.")
        return item.left_cents
    item.left_cents = check_part(left=item.left_cents, cents=cents)
    session.add(
        SuspensePart(
            item_id=item.id, part=part, cents=cents, why=said, explained_at=now, explained_by=written_by(by)
        )
    )
    ledger.explain(
        session,
        external_ref=f"{object_id}:explained:{part}",
        fund_id=FundId(item.fund_id),
        cash=Cash(item.cash),
        amount=cents,
        by=by,
        now=now,
    )
    audit.record(session, by=by, at=now, subject="suspense_item", subject_id=item.id, moved="explain")
    session.flush()
    return item.left_cents


@may(*FINANCE)
def assign(session: Session, *, item_id: UUID, to: StaffId | None, by: Actor, now: datetime) -> None:
    """A person of finance answers for it; None: finance as a whole. Raises NoSuchItem, NotAnOwner."""
    item = session.get(SuspenseItem, item_id, with_for_update=True)
    if item is None or item.left_cents == 0:
        raise NoSuchItem("There is no such item in suspense.")
    cash_settings.check_owner(session, to)
    item.owner = to
    audit.record(session, by=by, at=now, subject="suspense_item", subject_id=item.id, moved="assign")


def left(session: Session, object_id: str) -> int:
    """The cents of it nobody has explained; 0 when it was never held, or all of it is explained."""
    found = session.scalar(sa.select(SuspenseItem.left_cents).where(SuspenseItem.object_id == object_id))
    return found or 0


def _item(session: Session, object_id: str) -> SuspenseItem | None:
    return session.scalar(
        sa.select(SuspenseItem)
        .where(SuspenseItem.object_id == object_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _known(session: Session, object_id: str) -> SuspenseItem:
    found = _item(session, object_id)
    if found is None:
        raise NoSuchItem("Nothing was held in suspense under this number.")
    return found
