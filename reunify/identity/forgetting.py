"""Remove what identity keeps of a person or a family, and what has served its time."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity.family_records import FamilyLink, FamilySession
from reunify.identity.person_records import PersonKey
from reunify.identity.records import SignInFailure, StaffSession

_FORGOTTEN: Final = "forgotten:"  # no hash begins so


def forget_person(session: Session, *, person_id: UUID) -> None:
    """Nobody finds this person again by name: the blind indexes go. The caller destroys the key."""
    session.execute(sa.delete(PersonKey).where(PersonKey.person_id == person_id))


def forget_family_access(session: Session, *, request_id: UUID) -> None:
    """Every session of the request's links goes; the links keep who made them and when, and open nothing."""
    links = sa.select(FamilyLink.id).where(FamilyLink.request_id == request_id)
    session.execute(sa.delete(FamilySession).where(FamilySession.link_id.in_(links)))
    session.execute(_emptied().where(FamilyLink.request_id == request_id))


def forget_ended_family_access(session: Session, *, before: datetime) -> int:
    """Sessions and links that ended before then. Returns how many."""
    sessions = session.execute(sa.delete(FamilySession).where(FamilySession.ends_at < before))
    ended = sa.func.least(FamilyLink.ends_at, FamilyLink.revoked_at)
    links = session.execute(
        _emptied().where(ended < before, FamilyLink.token_hash.not_like(f"{_FORGOTTEN}%"))
    )
    return _count(sessions) + _count(links)


def _emptied() -> sa.Update:
    """Consents given on the page name their link, so its row stays; token, code, PIN and number do not."""
    return (
        sa.update(FamilyLink)
        .values(
            token_hash=sa.literal(_FORGOTTEN) + sa.cast(FamilyLink.id, sa.Text),
            code_index=sa.func.uuid_send(FamilyLink.id),
            pin_hash="",
            called_ending=sa.case((FamilyLink.called_ending.is_not(None), "--")),
            revoked_at=sa.func.coalesce(FamilyLink.revoked_at, FamilyLink.ends_at),
        )
        .execution_options(synchronize_session=False)
    )


def forget_ended_staff_sessions(session: Session, *, before: datetime) -> int:
    return _count(session.execute(sa.delete(StaffSession).where(StaffSession.ends_at < before)))


def forget_sign_in_failures(session: Session, *, before: datetime) -> int:
    return _count(session.execute(sa.delete(SignInFailure).where(SignInFailure.since < before)))


def _count(done: sa.Result[tuple[()]]) -> int:
    assert isinstance(done, sa.CursorResult)
    return done.rowcount
