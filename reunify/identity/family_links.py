"""Make, open and close a family's private link. One reader has one open link."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import family_policy, policy
from reunify.identity.family_policy import CallBack, OneNight
from reunify.identity.family_records import FamilyLink, FamilySession, LinkVoucher
from reunify.identity.secret import PASSWORDS, hashed
from reunify.kernel.ids import RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Family, Role, Staff, System
from reunify.kernel.refusals import NotFound
from reunify.vault import keyring

_CODE_PLACE = "family_links.code"
# Compared with when there is no such link, so that an unknown one takes as long as a known one.
_NOBODYS_PIN = PASSWORDS.hash("no such link")


@dataclass(frozen=True, slots=True)
class NewLink:
    """Shown to staff once; only hashes are kept. None of it shows in a `repr`."""

    token: str = field(repr=False)
    code: str = field(repr=False)
    pin: str = field(repr=False)


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def make_family_link(
    session: Session,
    *,
    request_id: RequestId,
    reader: str,
    by: Staff,
    now: datetime,
    call_back: CallBack | None = None,
    on_file: Sequence[str] = (),
    within: OneNight | None = None,
) -> NewLink:
    """The reader's first link, or a new one after a call back; the old one is void.

    `within`: whoever makes it has but this emergency opening; the link ends with it.

    The PIN is told by voice, never sent with the link. `on_file`: the numbers that may be called back.
    Raises NotAllowed, CallBackFirst, NotOnFile, WhoAnswered.
    """
    _take_turns(session, request_id)
    if not has_had_link(session, request_id, reader):
        return _make(session, request_id, reader, by, now, how="first", within=within)
    call = family_policy.check_call_back(call_back, on_file)
    return _make(session, request_id, reader, by, now, how="call_back", call=call, within=within)


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def vouch(
    session: Session,
    *,
    request_id: RequestId,
    reader: str,
    how_known: str,
    on_file: Sequence[str],
    by: Staff,
    now: datetime,
) -> UUID:
    """No number is on file: the first of two people says how they know. Raises NumberIsOnFile, HowKnown."""
    if on_file:
        raise family_policy.NumberIsOnFile("A number is on file: call it back.")
    said = family_policy.check_how_known(how_known)
    record = LinkVoucher(
        request_id=request_id, reader=reader, how_known=said, vouched_by=by.id, vouched_at=now
    )
    session.add(record)
    session.flush()
    audit.record(session, by=by, at=now, subject="family_link", subject_id=record.id, moved="vouch")
    return record.id


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def make_with_second_person(
    session: Session,
    *,
    request_id: RequestId,
    voucher_id: UUID,
    by: Staff,
    now: datetime,
    within: OneNight | None = None,
) -> NewLink:
    """The second of two people makes the link. Raises NotFound, OnePersonTwice, VoucherSpent."""
    _take_turns(session, request_id)
    word = session.get(LinkVoucher, voucher_id, with_for_update=True)
    if word is None or word.request_id != request_id:
        raise NotFound("Nobody has asked for a second person here.")
    family_policy.check_second(word.vouched_by, word.vouched_at, word.used_at, by, now)
    word.used_at = now
    vouched_by = word.vouched_by
    return _make(
        session, request_id, word.reader, by, now, how="second_person", vouched_by=vouched_by, within=within
    )


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def revoke(session: Session, *, request_id: RequestId, reader: str, by: Staff, now: datetime) -> None:
    """The reader's link stops working, and whoever has it open is outside. Twice is harmless."""
    for link_id in _close(session, request_id, reader, now):
        audit.record(session, by=by, at=now, subject="family_link", subject_id=link_id, moved="revoke")


@may(Role.SUPERVISOR)
def revoke_made_within(session: Session, *, opening_id: UUID, by: Staff, now: datetime) -> None:
    """A supervisor has looked at the emergency opening: links made in it stop working. Twice is harmless."""
    of_it = FamilyLink.opening_id == opening_id
    for link_id in _close_where(session, of_it, now):
        audit.record(session, by=by, at=now, subject="family_link", subject_id=link_id, moved="revoke")


@may(Role.CASE_MANAGER, service="requests:write")
def close_changed(
    session: Session, *, request_id: RequestId, readers: Mapping[str, Sequence[str]], by: Staff, now: datetime
) -> None:
    """A link is one human's: it closes when its key may name another. `readers`: key -> what changed.

    Whoever has it open is outside, and a colleague's word for the person of before is spent.
    """
    if readers:
        _take_turns(session, request_id)
    for reader, changes in readers.items():
        closed = _close(session, request_id, reader, now)
        session.execute(sa.delete(FamilySession).where(FamilySession.link_id.in_(closed)))
        words = (LinkVoucher.request_id == request_id, LinkVoucher.reader == reader)
        session.execute(
            sa.update(LinkVoucher).where(*words, LinkVoucher.used_at.is_(None)).values(used_at=now)
        )
        for link_id in closed:
            audit.record(
                session,
                by=by,
                at=now,
                subject="family_link",
                subject_id=link_id,
                moved="close",
                detail={"changed": list(changes)},
            )


def open_family_link(session: Session, *, token: str, pin: str, now: datetime) -> str | None:
    """A family session token, or None for a wrong PIN (the try is counted). Raises LinkNotOpen."""
    return _open(session, FamilyLink.token_hash == hashed(token), pin, now)


def open_by_code(session: Session, *, code: str, pin: str, now: datetime) -> str | None:
    """The same with the short code that was told instead of a link. Raises LinkNotOpen."""
    found = keyring.current().blind_indexes(family_policy.plain_code(code), place=_CODE_PLACE)
    return _open(session, FamilyLink.code_index.in_(found), pin, now)


def family_of(session: Session, *, token: str, now: datetime) -> tuple[Family, RequestId] | None:
    """Which reader, and which request, this session token opens; nothing once the link is closed."""
    row = session.scalar(
        sa.select(FamilyLink)
        .join(FamilySession, FamilySession.link_id == FamilyLink.id)
        .where(
            FamilySession.token_hash == hashed(token),
            FamilySession.ends_at > now,
            FamilyLink.revoked_at.is_(None),
            FamilyLink.ends_at > now,
        )
    )
    return (Family(row.id, reader=row.reader), RequestId(row.request_id)) if row else None


def leave(session: Session, *, token: str) -> None:
    """The session ends here and now, not only in this browser."""
    session.execute(sa.delete(FamilySession).where(FamilySession.token_hash == hashed(token)))


def has_had_link(session: Session, request_id: UUID, reader: str) -> bool:
    """True once the reader was given a link, whatever became of it."""
    before = sa.select(FamilyLink.id).where(FamilyLink.request_id == request_id, FamilyLink.reader == reader)
    return session.scalar(before.limit(1)) is not None


def _open(session: Session, which: sa.ColumnElement[bool], pin: str, now: datetime) -> str | None:
    link = session.scalar(sa.select(FamilyLink).where(which).with_for_update())
    right = _matches(link.pin_hash if link else _NOBODYS_PIN, pin.strip())
    policy.check_link_open(
        ends_at=link.ends_at if link else now,
        revoked_at=link.revoked_at if link else now,
        tries_left=link.tries_left if link else 0,
        now=now,
    )
    assert link is not None
    if not right:
        link.tries_left -= 1
        audit.record(
            session,
            by=System("family_door"),
            at=now,
            subject="family_link",
            subject_id=link.id,
            moved="wrong_pin",
        )
        return None
    link.tries_left = policy.PIN_TRIES
    opened = secrets.token_urlsafe(32)
    session.add(
        FamilySession(token_hash=hashed(opened), link_id=link.id, ends_at=now + policy.FAMILY_SESSION)
    )
    audit.record(session, by=Family(link.id), at=now, subject="family_link", subject_id=link.id, moved="open")
    return opened


def _matches(pin_hash: str, pin: str) -> bool:
    try:
        return PASSWORDS.verify(pin_hash, pin)
    except VerifyMismatchError:
        return False


def _make(
    session: Session,
    request_id: RequestId,
    reader: str,
    by: Staff,
    now: datetime,
    *,
    how: str,
    call: CallBack | None = None,
    vouched_by: UUID | None = None,
    within: OneNight | None = None,
) -> NewLink:
    _close(session, request_id, reader, now)
    new = NewLink(secrets.token_urlsafe(32), family_policy.new_code(), family_policy.new_pin())
    link = FamilyLink(
        request_id=request_id,
        reader=reader,
        token_hash=hashed(new.token),
        code_index=keyring.current().blind_index(new.code, place=_CODE_PLACE),
        pin_hash=PASSWORDS.hash(new.pin),
        tries_left=policy.PIN_TRIES,
        how=how,
        called_ending=call.ending if call else None,
        spoke_with=call.spoke_with.strip() if call else None,
        vouched_by=vouched_by,
        made_by=by.id,
        made_at=now,
        opening_id=within.opening_id if within else None,
        ends_at=family_policy.link_ends(now, within),
    )
    session.add(link)
    session.flush()
    audit.record(
        session, by=by, at=now, subject="family_link", subject_id=link.id, moved="make", detail={"how": how}
    )
    return new


def _close(session: Session, request_id: UUID, reader: str, now: datetime) -> list[UUID]:
    of_reader = sa.and_(FamilyLink.request_id == request_id, FamilyLink.reader == reader)
    return _close_where(session, of_reader, now)


def _close_where(session: Session, which: sa.ColumnElement[bool], now: datetime) -> list[UUID]:
    open_ones = sa.and_(which, FamilyLink.revoked_at.is_(None))
    closed = sa.update(FamilyLink).where(open_ones).values(revoked_at=now).returning(FamilyLink.id)
    return list(session.scalars(closed).all())


def _take_turns(session: Session, request_id: UUID) -> None:
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(request_id), 6))))
