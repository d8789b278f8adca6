"""What we show: the organisation as it was set on a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from reunify.kernel.money import Money
from reunify.rates.policy import Organisation, Row, Setting, organisation_of
from reunify.rates.records import OrganisationSetting

__all__ = ["Organisation", "SettingView", "organisation", "organisation_now", "settings", "today"]

_HERE: Final = "reunify.rates.organisation"  # in session.info: what this transaction has read, by date


@dataclass(frozen=True, slots=True)
class SettingView:
    """One dated row, for the administrator's page."""

    id: UUID
    key: str
    value: Money | str
    effective_from: date
    set_by: str
    at: datetime


def organisation(session: Session, *, on: date) -> Organisation:
    """The values in force on the date: the newest day wins, then the row written last.

    Read once in a transaction: the ledger asks at every posting, every letter and page again, and what one
    transaction does is under one set of values. Raises OrganisationNotSetUp.
    """
    known: dict[date, Organisation] = session.info.setdefault(_HERE, {})
    if on not in known:
        known[on] = _read(session, on)
    return known[on]


def organisation_now(session: Session, *, now: datetime) -> Organisation:
    """The values in force today, on the organisation's own clock. Raises OrganisationNotSetUp."""
    zone = organisation(session, on=now.date()).zone
    return organisation(session, on=now.astimezone(zone).date())


def today(session: Session, *, now: datetime) -> date:
    """The day it is on the organisation's own clock. Raises OrganisationNotSetUp."""
    return now.astimezone(organisation_now(session, now=now).zone).date()


# Sent as written: every posting asks, and what SQLAlchemy does for a select took longer than running it.
_IN_FORCE: Final = (
    "SELECT DISTINCT ON (key) key, id, cents, text FROM organisation_settings WHERE effective_from <= %(on)s"
    " ORDER BY key, effective_from DESC, sequence DESC"
)


def _read(session: Session, on: date) -> Organisation:
    session.flush()
    rows = session.connection().exec_driver_sql(_IN_FORCE, {"on": on})
    return _organisation(tuple((key, id_, cents, text) for key, id_, cents, text in rows), on)


@lru_cache(maxsize=32)
def _organisation(rows: tuple[tuple[str, UUID, int | None, str | None], ...], on: date) -> Organisation:
    """The same rows make the same organisation, whichever transaction read them."""
    return organisation_of({Setting(key): Row(i, cents, text) for key, i, cents, text in rows}, on=on)


def forget(session: Session, *_: object) -> None:
    """A value was set, or the transaction is over."""
    session.info.pop(_HERE, None)


def _forget_at_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        forget(session)


sa.event.listen(Session, "after_transaction_end", _forget_at_end)
sa.event.listen(Session, "after_soft_rollback", forget)


def settings(session: Session) -> list[SettingView]:
    """Every row, newest first."""
    rows = session.scalars(sa.select(OrganisationSetting).order_by(OrganisationSetting.sequence.desc()))
    return [
        SettingView(
            r.id,
            r.key,
            Money(r.cents) if r.cents is not None else (r.text or ""),
            r.effective_from,
            r.set_by,
            r.at,
        )
        for r in rows
    ]
