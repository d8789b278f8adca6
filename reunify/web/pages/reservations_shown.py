"""On the request's page: that its reservation runs out, and what keeps it; why nothing could be reserved."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from reunify.allocation.expiring import ANNOUNCED_AHEAD_DAYS
from reunify.kernel.sight import Sight
from reunify.rates.policy import Organisation
from reunify.reporting import reservations, splits
from reunify.reporting.progress import Progress
from reunify.reporting.reservations import Reservation

_AHEAD = timedelta(days=ANNOUNCED_AHEAD_DAYS)


def runs_out(session: Session, now: Progress, org: Organisation | None, today: date) -> Reservation | None:
    """Nothing is asked of the tables before it can have been announced."""
    award = now.award
    if award is None or org is None or award.state != "awaiting_approval":
        return None
    reserved_on = award.opened_at.astimezone(org.zone).date()
    if today < reserved_on + timedelta(days=org.reservation_days) - _AHEAD:
        return None
    return reservations.of_request(session, now.request.id, org=org, today=today)


def why_nothing(session: Session, now: Progress, sight: Sight) -> tuple[str, ...]:
    """The certificate of a split that paid nothing, in sentences; empty for every other request."""
    return splits.why_nothing(session, now.request.id, sight) if now.stage == "no_money_left" else ()
