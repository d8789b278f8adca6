"""Which second factors a person has; and the end of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity.records import HalfWay, Passkey, StaffRecord, StaffSession, TotpSecret
from reunify.kernel.ids import StaffId


@dataclass(frozen=True, slots=True)
class Factors:
    passkeys: int
    totp: bool

    def __bool__(self) -> bool:
        return bool(self.passkeys or self.totp)


def of(session: Session, staff_id: StaffId) -> Factors:
    passkeys = session.scalar(sa.select(sa.func.count()).where(Passkey.staff_id == staff_id))
    totp = session.scalar(
        sa.select(TotpSecret.staff_id).where(
            TotpSecret.staff_id == staff_id, TotpSecret.confirmed_at.is_not(None)
        )
    )
    return Factors(passkeys or 0, totp is not None)


def end_everything(session: Session, staff_id: StaffId) -> None:
    """Sessions, factors and the password of one person: nobody signs in as them until a new beginning."""
    for kind in (StaffSession, HalfWay, Passkey, TotpSecret):
        session.execute(sa.delete(kind).where(kind.staff_id == staff_id))
    session.execute(sa.update(StaffRecord).where(StaffRecord.id == staff_id).values(password_hash=None))
