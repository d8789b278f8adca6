"""Passkeys (WebAuthn): added, asked for, checked. A challenge is bound to who asked and used once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
import webauthn
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from reunify.audit import actions as audit
from reunify.identity import factors, policy
from reunify.identity.records import Passkey, PasskeyChallenge, StaffRecord
from reunify.identity.secret import hashed
from reunify.kernel.ids import StaffId
from reunify.kernel.may import ANYBODY, may
from reunify.kernel.people import Actor, Staff
from reunify.kernel.refusals import NotFound


class Use(StrEnum):
    """What an answer may be used for; one for another is refused."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Site:
    """Whom a passkey is for: the host name, and the exact origin its browser must have been at."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Held:
    """One passkey, as its owner sees it."""

    id: UUID
    name: str
    made_at: datetime
    trusted_from: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose passkey answered. `trusted`: it counts as proof for acts of weight."""

    staff_id: StaffId
    trusted: bool


def site_of(own_url: str) -> Site:
    parts = urlsplit(own_url)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def ask(
    session: Session, *, token: str, use: Use, site: Site, staff_id: StaffId | None, now: datetime
) -> str:
    """Options (JSON, for the browser) to sign with. Without `staff_id` the passkey says who it belongs to."""
    allowed = _descriptors(session, staff_id, now if use is Use.STEP_UP else None) if staff_id else []
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _keep(session, token, use, options.challenge, now)
    return webauthn.options_to_json(options)


def ask_new(session: Session, *, token: str, site: Site, staff_id: StaffId, now: datetime) -> str:
    """Options (JSON, for the browser) to make a passkey with."""
    staff = session.get_one(StaffRecord, staff_id)
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name="Reunify",
        user_name=staff.username,
        user_id=staff_id.bytes,
        user_display_name=staff.name,
        exclude_credentials=_descriptors(session, staff_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    _keep(session, token, Use.ADD, options.challenge, now)
    return webauthn.options_to_json(options)


def prove(
    session: Session,
    *,
    token: str,
    use: Use,
    site: Site,
    answer: Mapping[str, Any],
    staff_id: StaffId | None,
    now: datetime,
) -> Proven | None:
    """Whose passkey answered; None if it proves nothing. The challenge is used up either way.

    With `staff_id` only that person's passkeys count; to step up, only trusted ones. A sign count that did
    not grow is refused: a copy.
    """
    challenge = _take(session, token, use, now)
    held = _answering(session, answer, staff_id)
    if challenge is None or held is None:
        return None
    trusted = held.trusted_from <= now
    if use is Use.STEP_UP and not trusted:
        return None
    try:
        checked = webauthn.verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=held.public_key,
            credential_current_sign_count=held.sign_count,
            require_user_verification=True,
        )
    except Exception:  # whatever was sent, however broken: it proves nothing
        return None
    held.sign_count, held.used_at = checked.new_sign_count, now
    return Proven(StaffId(held.staff_id), trusted)


@may(*ANYBODY, system=True)
def add(
    session: Session,
    *,
    token: str,
    site: Site,
    answer: Mapping[str, Any],
    name: str,
    proved: bool,
    staff_id: StaffId,
    by: Actor,
    now: datetime,
) -> UUID | None:
    """The new passkey's id; None if the answer does not fit what was asked (the challenge is used up).

    `proved`: as in `keep`.
    """
    challenge = _take(session, token, Use.ADD, now)
    if challenge is None:
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # as in `prove`
        return None
    return keep(
        session,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        proved=proved,
        staff_id=staff_id,
        by=by,
        now=now,
    )


@may(*ANYBODY, system=True)
def keep(
    session: Session,
    *,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    proved: bool,
    staff_id: StaffId,
    by: Actor,
    now: datetime,
) -> UUID | None:
    """A checked passkey; None if anybody has it already.

    `proved`: made at a beginning, or under a fresh proof; otherwise it is trusted a day later.
    """
    if session.scalar(sa.select(Passkey.id).where(Passkey.credential_id == credential_id)):
        return None
    row = Passkey(
        staff_id=staff_id,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        name=name,
        made_at=now,
        trusted_from=policy.trusted_from(proved=proved, now=now),
    )
    session.add(row)
    session.flush()
    detail = {"trusted_from": row.trusted_from.isoformat()}
    audit.record(session, by=by, at=now, subject="passkey", subject_id=row.id, moved="add", detail=detail)
    return row.id


@may(*ANYBODY)
def rename(session: Session, *, passkey_id: UUID, name: str, by: Staff, now: datetime) -> None:
    """Raises NotFound for anybody else's."""
    _own(session, passkey_id, by).name = name
    audit.record(session, by=by, at=now, subject="passkey", subject_id=passkey_id, moved="rename")


@may(*ANYBODY)
def remove(session: Session, *, passkey_id: UUID, by: Staff, now: datetime) -> None:
    """Raises StepUpFirst, NotFound, LastFactor."""
    policy.check_proved(by, now=now)
    session.get_one(StaffRecord, by.id, with_for_update=True)  # two at once must not both see the other
    held = _own(session, passkey_id, by)
    has = factors.of(session, by.id)
    policy.check_may_end_factor(passkeys=has.passkeys, totp=has.totp)
    session.delete(held)
    audit.record(session, by=by, at=now, subject="passkey", subject_id=passkey_id, moved="remove")


def held_by(session: Session, staff_id: StaffId) -> list[Held]:
    rows = session.scalars(sa.select(Passkey).where(Passkey.staff_id == staff_id).order_by(Passkey.made_at))
    return [Held(r.id, r.name, r.made_at, r.trusted_from, r.used_at) for r in rows]


def _own(session: Session, passkey_id: UUID, by: Staff) -> Passkey:
    held = session.scalar(sa.select(Passkey).where(Passkey.id == passkey_id, Passkey.staff_id == by.id))
    if held is None:
        raise NotFound("You have no such passkey.")
    return held


def _descriptors(
    session: Session, staff_id: StaffId, trusted_at: datetime | None = None
) -> list[PublicKeyCredentialDescriptor]:
    """Of all the person's passkeys, or of those trusted at a moment."""
    asked = sa.select(Passkey.credential_id).where(Passkey.staff_id == staff_id)
    if trusted_at is not None:
        asked = asked.where(Passkey.trusted_from <= trusted_at)
    return [PublicKeyCredentialDescriptor(id=bytes(i)) for i in session.scalars(asked)]


def _answering(session: Session, answer: Mapping[str, Any], staff_id: StaffId | None) -> Passkey | None:
    """The passkey the answer names, of an active person, and of nobody else than it says."""
    try:
        wanted = base64url_to_bytes(answer["rawId"])
        handle = answer["response"].get("userHandle")
        owner = base64url_to_bytes(handle) if handle else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    question = (
        sa.select(Passkey)
        .join(StaffRecord, StaffRecord.id == Passkey.staff_id)
        .where(Passkey.credential_id == wanted, StaffRecord.active)
        .with_for_update(of=Passkey)
    )
    if staff_id is not None:
        question = question.where(Passkey.staff_id == staff_id)
    held = session.scalar(question)
    if held is None or (owner is not None and owner != held.staff_id.bytes):
        return None
    return held


def _keep(session: Session, token: str, use: Use, challenge: bytes, now: datetime) -> None:
    values = {"challenge": challenge, "ends_at": now + policy.HALF_WAY}
    row = insert(PasskeyChallenge).values(owner_hash=hashed(token), use=use.value, **values)
    session.execute(row.on_conflict_do_update(index_elements=["owner_hash", "use"], set_=values))


def _take(session: Session, token: str, use: Use, now: datetime) -> bytes | None:
    """Once. The caller must let this transaction be kept, also when the answer is wrong."""
    taken = session.execute(
        sa.delete(PasskeyChallenge)
        .where(PasskeyChallenge.owner_hash == hashed(token), PasskeyChallenge.use == use.value)
        .returning(PasskeyChallenge.challenge, PasskeyChallenge.ends_at)
    ).first()
    return bytes(taken.challenge) if taken and taken.ends_at > now else None
