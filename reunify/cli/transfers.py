"""`reunify ledger transfers`: costs that are asked to be moved, and with `--all` what became of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from reunify.cli.database import opened
from reunify.closeout import queries
from reunify.closeout.queries import Transfer
from reunify.funds.queries import all_funds
from reunify.kernel.money import Money
from reunify.rates.queries import organisation_now
from reunify.settings import Settings

_EVERY: Final = 1_000_000


def listed(settings: Settings, *, every: bool = False, now: datetime | None = None) -> list[str]:
    """A line each, the newest ask first. Requests by their reference alone: nobody is named."""
    now = now or datetime.now(UTC)
    states = () if every else ("asked",)
    with opened(settings) as db, db.read() as session:
        today = now.astimezone(organisation_now(session, now=now).zone).date()
        codes = {fund.id: fund.code for fund in all_funds(session)}
        found = queries.transfers(session, today=today, states=states, limit=_EVERY)
    lines = [
        f"{t.reference}  {Money(t.cents)!s:>12}  {codes[t.from_fund]}/{t.from_category} -> "
        f"{codes[t.to_fund]}/{t.to_category}  {t.reason}  {_standing(t)}  {t.id}"
        for t in found
    ]
    return lines or ["No cost transfer was asked for." if every else "No cost transfer waits."]


def _standing(t: Transfer) -> str:
    clock = f"{-t.days_left} days late" if t.late else f"{t.days_left} days left"
    if t.state == "asked":
        return f"waits, {clock}"
    return f"{t.state.replace('_', ' ')}{', late' if t.late else ''}"
