"""What people say of a charge that no booking explains, each once, for its page and its API twin."""

from __future__ import annotations

from uuid import UUID

from reunify.bootstrap import House
from reunify.kernel.people import Staff
from reunify.reconciliation import suspense_findings


def report(at: House, item_id: UUID, why: str, by: Staff) -> None:
    """No booking is behind it."""
    with at.db.work() as session:
        suspense_findings.report(session, item_id=item_id, why=why, by=by, now=at.now())


def bear(at: House, item_id: UUID, by: Staff) -> None:
    """Another person puts it on the organisation's own money."""
    with at.db.work() as session:
        suspense_findings.bear(session, item_id=item_id, by=by, now=at.now())


def take_back(at: House, item_id: UUID, charge: str, by: Staff) -> None:
    """This refund is of a charge that the organisation bore."""
    with at.db.work() as session:
        suspense_findings.take_back(session, item_id=item_id, charge_id=charge, by=by, now=at.now())
