"""`reunify audit ...`: seal the audit trail, prove it, and print what to keep outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import ProgrammingError

from reunify.audit import publishing, sealing
from reunify.audit.verifying import Verdict
from reunify.audit.verifying import verify as prove
from reunify.cli.database import opened
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.settings import Settings

_SEALED_WITHIN = timedelta(minutes=10)
_PUBLISHED_WITHIN = timedelta(days=31)
_PUBLISHED = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class NotAPublishedSeal(Refused):
    """What was typed is not what `reunify audit publish` prints."""


class NothingSealed(Refused):
    """There is no seal yet."""


def seal(settings: Settings) -> str:
    """Makes one seal if rows wait for it."""
    with opened(settings, with_keys=True) as db, db.work() as session:
        made = sealing.seal(session, now=datetime.now(UTC))
    if made is None:
        return "No audit row waits for a seal."
    return f"Seal {made.number} covers {made.row_count} audit rows."


def verify(settings: Settings, *, published: str | None) -> Verdict:
    """Raises NotAPublishedSeal."""
    kept = _published(published) if published else None
    with opened(settings, with_keys=True) as db, db.read() as session:
        return prove(session, published=kept)


def publish(settings: Settings) -> str:
    """`number:hash` of a seal over everything so far. Raises NothingSealed."""
    now = datetime.now(UTC)
    with opened(settings, with_keys=True) as db:
        with db.work() as session:
            sealing.seal(session, now=now)
        with db.work() as session:
            newest = publishing.publish(session, by=System("reunify audit publish"), now=now)
    if newest is None:
        raise NothingSealed("There is no audit row to seal yet.")
    return f"{newest.number}:{newest.hash}"


def examine(settings: Settings) -> tuple[str, str | None]:
    """For the doctor: how the trail stands, and what to do if something should be done."""
    now = datetime.now(UTC)
    try:
        with opened(settings) as db, db.read() as session:
            newest, since = sealing.newest(session), sealing.waiting_since(session)
            published = publishing.last_published(session)
    except ProgrammingError:
        return "not there yet", "Type: reunify migrate"
    if since is not None and now - since > _SEALED_WITHIN:
        return (
            f"rows wait for a seal since {since:%Y-%m-%d %H:%M} UTC",
            "Is the worker running? Does a transaction hang? Type: reunify audit seal",
        )
    said = f"{newest.number if newest else 0} seals; "
    if published is None:
        return said + "none was ever kept outside", "Type: reunify audit publish, and keep what it prints."
    said += f"last kept outside on {published:%Y-%m-%d}"
    if now - published > _PUBLISHED_WITHIN:
        return said, "Type: reunify audit publish, and keep what it prints."
    return said, None


def _published(said: str) -> tuple[int, str]:
    found = _PUBLISHED.fullmatch(said.strip())
    if found is None:
        raise NotAPublishedSeal("--published takes what `reunify audit publish` printed: number:hash.")
    return int(found[1]), found[2]
