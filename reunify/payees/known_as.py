"""SQL over payees for rooms downstream: whom a version of a payee is, by request and key."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from reunify.payees.records import PayeeRecord


def is_payee(
    payee_id: InstrumentedAttribute[UUID],
    *,
    request_id: InstrumentedAttribute[UUID],
    key: InstrumentedAttribute[str | None],
) -> sa.ColumnElement[bool]:
    """This version is of that payee of that request; of any of its payees where the key is null."""
    p = PayeeRecord
    asked = sa.exists().where(
        p.id == payee_id, p.request_id == request_id, sa.or_(key.is_(None), key == p.key)
    )
    return asked.correlate_except(p)


def request_of(payee_id: InstrumentedAttribute[UUID]) -> sa.ScalarSelect[UUID]:
    """SQL: whose request this version of a payee belongs to."""
    return sa.select(PayeeRecord.request_id).where(PayeeRecord.id == payee_id).scalar_subquery()


def recipient_of(payee_id: InstrumentedAttribute[UUID]) -> sa.ScalarSelect[str | None]:
    """SQL: the account of this version of a payee at Stripe; NULL while it has none."""
    return sa.select(PayeeRecord.stripe_recipient).where(PayeeRecord.id == payee_id).scalar_subquery()


def of_request(request_id: UUID) -> sa.Select[UUID]:
    """Every version of every payee of the request."""
    return sa.select(PayeeRecord.id).where(PayeeRecord.request_id == request_id)
