"""What every change of a source has in common: its row is held, and who did what and why is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.funds import policy, typed
from reunify.funds.policy import MANAGES
from reunify.funds.records import (
    FundAmount,
    FundCondition,
    FundingSource,
    FundLimit,
    FundPeriod,
    FundTerms,
    FundUnitValue,
)
from reunify.kernel.may import may
from reunify.kernel.moves import Moved
from reunify.kernel.people import Actor
from reunify.rates.queries import organisation

Numbered = type[FundAmount | FundCondition | FundPeriod | FundTerms | FundUnitValue]
Dated = Numbered | type[FundLimit]


def locked(session: Session, code: str, *, closing: bool = False) -> FundingSource:
    """The row until the transaction ends. `closing` also waits for whoever is reserving from it.

    Raises NoSuchFund.
    """
    asked = (
        sa.select(FundingSource)
        .where(FundingSource.code == code)
        .with_for_update(key_share=not closing)
        .execution_options(populate_existing=True)
    )
    found = session.scalar(asked) if typed.is_code(code) else None
    if found is None:
        raise policy.NoSuchFund("There is no funding source with this code.")
    return found


def open_to_change(session: Session, code: str, by: Actor) -> FundingSource:
    """As `locked`, for whoever may manage it, unless it is closed. Raises NotAllowed, NoSuchFund, Closed."""
    policy.check_can_manage(by)
    fund = locked(session, code)
    policy.check_not_closed(fund.state)
    return fund


def next_number(session: Session, rows: Numbered, fund_id: UUID) -> int:
    """Of the next dated row of the source; its lock is held, so nobody else takes it."""
    last = session.scalar(sa.select(sa.func.max(rows.number)).where(rows.fund_id == fund_id))
    return (last or 0) + 1


def check_seen(session: Session, rows: Dated, fund_id: UUID, seen: int | None) -> None:
    """`seen`: how many rows of the kind a form showed; None asks nothing. Raises ChangedMeanwhile.

    The source's lock is held, so that of two forms that showed the same the second is refused.
    """
    if seen is None:
        return
    kept = session.scalar(sa.select(sa.func.count()).select_from(rows).where(rows.fund_id == fund_id))
    if kept != seen:
        raise policy.ChangedMeanwhile(
            "This was set again since you opened the page. Look at what holds now, and send it once more if "
            "it is still right."
        )


def today(session: Session, now: datetime) -> date:
    """On the organisation's calendar."""
    return now.astimezone(organisation(session, on=now.date()).zone).date()


@may(*MANAGES, system=True)
def note(
    session: Session,
    fund: FundingSource,
    verb: Moved | str,
    why: str,
    *,
    by: Actor,
    now: datetime,
    **detail: Any,
) -> None:
    """The audit row of a change; a source belongs to no family, so the house's key keeps the reason."""
    about = {"code": fund.code, **detail}
    record(session, by=by, at=now, subject="fund", subject_id=fund.id, moved=verb, why=why, detail=about)
