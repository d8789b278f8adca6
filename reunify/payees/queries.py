"""What we show of payees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

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
    def person(self) -> tuple[str, str | None]:
        """Who is told of, and who agreed: another name or e-mail may be another human."""
        return self.legal_name, self.email

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


Versions = Sequence[tuple[Payee, datetime]]
_THIS = aliased(PayeeRecord)
_VERSIONS = (
    sa.select(_THIS.id, PayeeRecord)
    .join(_THIS, sa.and_(_THIS.request_id == PayeeRecord.request_id, _THIS.key == PayeeRecord.key))
    .where(_THIS.id.in_(sa.bindparam("payees", expanding=True)))
    .order_by(PayeeRecord.version.desc())
)


def payee(session: Session, payee_id: PayeeId) -> Payee:
    """Raises NotFound."""
    record = session.get(PayeeRecord, payee_id)
    if record is None:
        raise NotFound("There is no such payee.")
    return as_payee(record)


def by_id(session: Session, payee_ids: Collection[PayeeId]) -> dict[PayeeId, Payee]:
    """These versions of payees; ids that do not exist are absent. Nothing is asked for none."""
    if not payee_ids:
        return {}
    rows = session.scalars(sa.select(PayeeRecord).where(PayeeRecord.id.in_(payee_ids))).all()
    return {PayeeId(row.id): as_payee(row) for row in rows}


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


def versions_of(session: Session, payee_ids: Iterable[UUID]) -> dict[UUID, Versions]:
    """By each of these ids: every version of that payee, and when it was told; the newest first."""
    found: dict[UUID, list[tuple[Payee, datetime]]] = {}
    for of, row in session.execute(_VERSIONS, {"payees": list(payee_ids)}):
        found.setdefault(of, []).append((as_payee(row), row.registered_at))
    return dict(found)


def same_person_since(versions: Versions, payee: Payee) -> datetime | None:
    """Since when this name and e-mail are told without a break; None if they are told no more."""
    since = None
    for version, told_at in versions:
        if version.person != payee.person:
            break
        since = told_at
    return since
