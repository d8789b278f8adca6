"""Who is behind a request and behind its money: every author, every decider, and whom each stood for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord
from reunify.identity import delegation
from reunify.intake import queries as intake
from reunify.intake.queries import Authorship
from reunify.kernel.ids import StaffId


def authors_of(session: Session, request_id: UUID, now: datetime) -> set[StaffId]:
    """Whoever wrote any version of the request, and whomever one of them stood for since it was begun."""
    return with_lenders(session, intake.authorship(session, request_id), now)


def with_lenders(session: Session, by: Authorship, now: datetime) -> set[StaffId]:
    """Those who wrote it, and whomever they stood for."""
    return set(by.wrote) | delegation.stood_for(session, people=by.wrote, since=by.begun, until=now)


def deciders(record: AwardRecord) -> set[UUID]:
    """Who approved and released, with all they stood for then."""
    named = {i for i in (record.approved_by, record.released_by) if i}
    return named | {*record.approved_for, *record.released_for}
