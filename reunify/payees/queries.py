"""What we show of payees."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import PayeeId, RequestId
from reunify.kernel.refusals import NotFound
from reunify.payees.records import PayeeRecord
from reunify.vault.keepers import ERASED


@dataclass(frozen=True, slots=True)
class Payee:
    """Name and e-mail never show in a `repr`, so they cannot slip into a log."""

    id: PayeeId
    request_id: RequestId
    key: str
    version: int
    kind: str
    legal_name: str = field(repr=False)
    email: str | None = field(repr=False)
    country: str
    stripe_consent: bool
    stripe_recipient: str | None

    @property
    def has_email(self) -> bool:
        return self.email is not None


def as_payee(record: PayeeRecord) -> Payee:
    """An erased payee has no e-mail, so nothing can be sent to them; the books still name their id."""
    return Payee(
        PayeeId(record.id),
        RequestId(record.request_id),
        record.key,
        record.version,
        record.kind,
        PayeeRecord.legal_name.told(record, erased=ERASED),
        PayeeRecord.email.told(record, erased=None),
        record.country,
        record.stripe_consent,
        record.stripe_recipient,
    )


def payee(session: Session, payee_id: PayeeId) -> Payee:
    """Raises NotFound."""
    record = session.get(PayeeRecord, payee_id)
    if record is None:
        raise NotFound("There is no such payee.")
    return as_payee(record)


def request_of(session: Session, payee_id: PayeeId) -> RequestId:
    """Whose request the payee belongs to; opens no seal. Raises NotFound."""
    found = session.scalar(sa.select(PayeeRecord.request_id).where(PayeeRecord.id == payee_id))
    if found is None:
        raise NotFound("There is no such payee.")
    return RequestId(found)


def newest(session: Session, request_id: RequestId) -> dict[str, Payee]:
    """The newest version of each payee of a request, by key."""
    rows = session.scalars(
        sa.select(PayeeRecord).where(PayeeRecord.request_id == request_id).order_by(PayeeRecord.version)
    )
    return {row.key: as_payee(row) for row in rows}
