"""Sign-in at the identity provider: a visit is remembered here, used once, and ends at a member of staff.

An account there opens nothing by itself: an administrator has entered its address with a person, or bound it
before. No account of ours is ever made, and no role ever read, from what a provider says.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity.provider import Proof, ProofRefused, Visit
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import ProviderVisit
from reunify.identity.secret import hashed
from reunify.identity.staff_details import EMAIL_PLACE
from reunify.kernel.ids import StaffId
from reunify.kernel.people import System
from reunify.kernel.refusals import NotAllowed
from reunify.vault import keyring

LASTS = timedelta(minutes=10)
DOOR = System("provider_door")
# OpenID Connect Extended Authentication Profile ACR values: phishing-resistant, and with a hardware key.
PHISHING_RESISTANT = frozenset({"phr", "phrh"})


class NotKnownHere(NotAllowed):
    """The account at the provider belongs to nobody here."""


class AnotherAccount(NotAllowed):
    """Somebody else signed in at the provider than who asked to confirm."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A visit that came back, once. `staff_id`: who asked to step up; None for a sign-in."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    staff_id: StaffId | None
    goes_to: str


def remember(session: Session, *, visit: Visit, staff_id: StaffId | None, goes_to: str, now: datetime) -> str:
    """The secret for this browser's cookie. What has run out is swept on the way."""
    session.execute(sa.delete(ProviderVisit).where(ProviderVisit.ends_at < now))
    browser = secrets.token_urlsafe(32)
    session.add(
        ProviderVisit(
            state_hash=hashed(visit.state),
            browser_hash=hashed(browser),
            nonce=visit.nonce,
            verifier=visit.verifier,
            purpose="step_up" if staff_id else "sign_in",
            staff_id=staff_id,
            goes_to=goes_to,
            made_at=now,
            ends_at=now + LASTS,
        )
    )
    session.flush()
    return browser


def take(session: Session, *, state: str, browser: str, now: datetime) -> Remembered:
    """Used up by this. Raises ProofRefused for another browser's, an old or unknown one.

    Commit before the provider is asked: a second try with the same state finds nothing.
    """
    row = session.scalar(
        sa.select(ProviderVisit).where(ProviderVisit.state_hash == hashed(state)).with_for_update()
    )
    if row is None or row.ends_at <= now or not secrets.compare_digest(row.browser_hash, hashed(browser)):
        raise ProofRefused("This sign-in was begun elsewhere, or too long ago. Please begin again.")
    found = Remembered(row.nonce, row.verifier, StaffId(row.staff_id) if row.staff_id else None, row.goes_to)
    session.delete(row)
    session.flush()
    return found


def who_is(session: Session, *, proof: Proof, now: datetime) -> StaffId:
    """The member of staff this account is bound to; the first time, by the address an administrator entered.

    Raises NotKnownHere, in the same words whatever was missing.
    """
    bound = session.execute(
        sa.select(StaffRecord.id, StaffRecord.active).where(
            StaffRecord.oidc_issuer == proof.issuer, StaffRecord.oidc_subject == proof.subject
        )
    ).first()
    if bound is not None and bound.active:
        return StaffId(bound.id)
    if bound is None and proof.email is not None:
        keys = keyring.current().blind_indexes(proof.email, place=EMAIL_PLACE)
        record = session.scalar(
            sa.select(StaffRecord)
            .where(
                StaffRecord.oidc_email_index.in_(keys),
                StaffRecord.oidc_subject.is_(None),
                StaffRecord.active,
            )
            .with_for_update()
        )
        if record is not None:
            record.oidc_issuer, record.oidc_subject = proof.issuer, proof.subject
            session.flush()
            audit.record(
                session, by=DOOR, at=now, subject="staff", subject_id=record.id, moved="bind_provider"
            )
            return StaffId(record.id)
    raise NotKnownHere(
        "Your account there is not known here. Ask an administrator to enter its e-mail address for you."
    )


def check_same(session: Session, *, staff_id: StaffId, proof: Proof, now: datetime) -> None:
    """Raises AnotherAccount unless the account at the provider is this person's own."""
    try:
        found = who_is(session, proof=proof, now=now)
    except NotKnownHere:
        found = None
    if found != staff_id:
        raise AnotherAccount("You signed in there as somebody else. Nothing was confirmed.")


def is_bound(session: Session, staff_id: StaffId) -> bool:
    """True if this person has signed in with the provider before."""
    return session.scalar(sa.select(StaffRecord.oidc_subject).where(StaffRecord.id == staff_id)) is not None
