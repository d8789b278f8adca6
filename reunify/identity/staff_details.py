"""What is written about a person, as kept: name, team, the number called back, the provider's address."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reunify.identity.actions import NameTaken
from reunify.identity.records import StaffRecord
from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe
from reunify.vault import keyring

EMAIL_PLACE = "staff.oidc_email"


class DetailDoesNotFit(Refused):
    """A name, team, phone number or address that cannot be kept as it is."""


@dataclass(frozen=True, slots=True)
class Details:
    """What an administrator writes about a person. Empty text means none."""

    name: str
    team: str = ""
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)  # the address the identity provider knows them by


def username(typed: str) -> str:
    """Raises DetailDoesNotFit."""
    known_as = typed.strip().casefold()
    if not known_as or len(known_as) > 100 or not is_safe(known_as) or " " in known_as:
        raise DetailDoesNotFit("Write a name to sign in with, without spaces.", field="/username")
    return known_as


def as_kept(details: Details) -> Details:
    """Without superfluous space. Raises DetailDoesNotFit."""
    name = _kept(details.name, "/name", 200, "Write the person's name.")
    if not name:
        raise DetailDoesNotFit("Write the person's name.", field="/name")
    email = _kept(details.email, "/email", 254, "Write one e-mail address.")
    if email and (email.count("@") != 1 or " " in email):
        raise DetailDoesNotFit("Write one e-mail address.", field="/email")
    return Details(
        name,
        _kept(details.team, "/team", 100, "Write the team in a few words."),
        _kept(details.phone, "/phone", 40, "Write the number in full, like +1 703 555 0100."),
        email,
    )


def write_phone(record: StaffRecord, phone: str) -> None:
    record.phone_on_file = phone or None


def write_email(session: Session, record: StaffRecord, email: str) -> None:
    """Unbinds the account there: the next sign-in binds it anew. Raises NameTaken: it is somebody else's."""
    record.oidc_email = email or None
    record.oidc_email_index = keyring.current().blind_index(email, place=EMAIL_PLACE) if email else None
    record.oidc_issuer = record.oidc_subject = None
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as taken:
        constraint = str(getattr(getattr(taken.orig, "diag", None), "constraint_name", ""))
        if constraint == "uq_staff_oidc_email_index":
            raise NameTaken("This address is somebody else's.", field="/email") from None
        raise


def _kept(text: str, pointer: str, longest: int, remedy: str) -> str:
    said = " ".join(text.split())
    if len(said) > longest or not is_safe(said):
        raise DetailDoesNotFit(remedy, field=pointer)
    return said
