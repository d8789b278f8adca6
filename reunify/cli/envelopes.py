"""`reunify ledger envelopes`: money set aside for the night, and night decisions that wait for a review."""

from __future__ import annotations

from datetime import UTC, datetime

from reunify.approval import envelope_queries as queries
from reunify.approval.envelope_queries import Envelope, Review
from reunify.cli.database import opened
from reunify.closeout import bearing
from reunify.funds.queries import all_funds
from reunify.kernel.money import Money
from reunify.rates.queries import today
from reunify.settings import Settings


def listed(settings: Settings, *, now: datetime | None = None) -> list[str]:
    """A line each: envelopes first, then reviews, the soonest due first. Nobody is named."""
    now = now or datetime.now(UTC)
    with opened(settings) as db, db.read() as session:
        codes = {fund.id: fund.code for fund in all_funds(session)}
        day = today(session, now=now)
        lines = [_envelope(e, codes[e.fund_id]) for e in queries.envelopes(session)]
        for review in queries.reviews(session):
            late = " overdue" if review.is_overdue(day) else ""
            lines.append(_review(review, Money(bearing.open_cents(session, review.award_id))) + late)
    return lines or ["No envelope is in force, and no night decision waits."]


def _envelope(e: Envelope, code: str) -> str:
    left = ", ".join(f"{p.budget_category} {p.left} of {p.signed}" for p in e.parts)
    span = f"{_utc(e.starts_at)} to {_utc(e.ends_at)}"
    return f"{e.reference}  {e.state}  {code}  {left}; for one request {e.per_request}  {span}"


def _review(r: Review, open_now: Money) -> str:
    if r.state == "refused":
        return f"{r.award_reference}  turned down  {open_now} not borne by our own money yet"
    return f"{r.award_reference}  to be reviewed  {r.ceiling}  due {r.due_on}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%MZ}"
