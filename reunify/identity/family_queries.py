"""What staff see of a family's links: never a secret of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity import family_policy
from reunify.identity.family_records import FamilyLink, LinkVoucher
from reunify.kernel.ids import StaffId


@dataclass(frozen=True, slots=True)
class Link:
    """The newest link of one reader. `state`: open, closed, ended, or out of tries."""

    id: UUID
    reader: str
    state: str
    how: str
    called_ending: str | None
    spoke_with: str | None = field(repr=False)
    made_by: StaffId
    made_at: datetime
    ends_at: datetime
    tries_left: int


@dataclass(frozen=True, slots=True)
class Voucher:
    """One person has said how they know; another may make the link until `until`."""

    id: UUID
    reader: str
    how_known: str = field(repr=False)
    vouched_by: StaffId
    until: datetime


def newest(session: Session, request_id: UUID, now: datetime) -> dict[str, Link]:
    """By reader."""
    rows = session.scalars(
        sa.select(FamilyLink).where(FamilyLink.request_id == request_id).order_by(FamilyLink.made_at)
    )
    return {row.reader: _as_link(row, now) for row in rows}


def made_within(session: Session, opening_ids: Collection[UUID]) -> dict[UUID, int]:
    """By emergency opening: how many links were made in it, whatever became of them."""
    made = (
        sa.select(FamilyLink.opening_id, sa.func.count())
        .where(FamilyLink.opening_id.in_(opening_ids))
        .group_by(FamilyLink.opening_id)
    )
    return {opening_id: count for opening_id, count in session.execute(made) if opening_id is not None}


def openings_with_open_links(now: datetime) -> sa.Select[UUID | None]:
    """The emergency openings in which a link was made that still works."""
    return sa.select(FamilyLink.opening_id).where(
        FamilyLink.opening_id.is_not(None), FamilyLink.revoked_at.is_(None), FamilyLink.ends_at > now
    )


def vouchers(session: Session, request_id: UUID, now: datetime) -> dict[str, Voucher]:
    """Those that may still be used, by reader."""
    rows = session.scalars(
        sa.select(LinkVoucher)
        .where(
            LinkVoucher.request_id == request_id,
            LinkVoucher.used_at.is_(None),
            LinkVoucher.vouched_at >= now - family_policy.VOUCHER,
        )
        .order_by(LinkVoucher.vouched_at)
    )
    return {
        row.reader: Voucher(
            row.id,
            row.reader,
            row.how_known,
            StaffId(row.vouched_by),
            row.vouched_at + family_policy.VOUCHER,
        )
        for row in rows
    }


def _as_link(row: FamilyLink, now: datetime) -> Link:
    if row.revoked_at is not None:
        state = "closed"
    elif row.ends_at <= now:
        state = "ended"
    else:
        state = "open" if row.tries_left > 0 else "out_of_tries"
    return Link(
        row.id,
        row.reader,
        state,
        row.how,
        row.called_ending,
        row.spoke_with,
        StaffId(row.made_by),
        row.made_at,
        row.ends_at,
        row.tries_left,
    )
