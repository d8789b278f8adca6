"""The demo's people and its organisation. Fictional; the passwords are printed by `reunify demo`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from reunify.identity import actions as identity
from reunify.identity import passkeys
from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, System
from reunify.rates import actions as rates
from reunify.rates.policy import Setting
from reunify.sandbox.authenticator import SoftwarePasskey

SANDBOX = System("sandbox")


@dataclass(frozen=True, slots=True)
class DemoPerson:
    username: str
    name: str
    password: str
    roles: frozenset[Role]


_FINANCE = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})
PEOPLE = (
    DemoPerson("ana", "Ana Whitfield", "lantern-orchard-41", frozenset({Role.CASE_MANAGER})),
    DemoPerson("ben", "Ben Castellanos", "harbor-violet-27", _FINANCE),
    DemoPerson("carla", "Carla Nguyen", "meadow-copper-88", _FINANCE),
    DemoPerson("dee", "Dee Robinson", "willow-marble-53", frozenset({Role.AUDITOR})),
)
PEOPLE_BY_NAME = {person.username: person for person in PEOPLE}
ORGANISATION: dict[Setting, Money | int | str] = {
    Setting.NAME: "Lantern Family Reunification (sample)",
    Setting.TIME_ZONE: "America/New_York",
    Setting.LETTERHEAD: "100 Sample Square\nAlexandria, VA 22314",
    Setting.DAY_PHONE: "+1 703 555 0100",
    Setting.NIGHT_PHONE: "+1 703 555 0199",
    Setting.EMAIL: "travel@example.org",
    Setting.SMALL_AMOUNT_LIMIT: Money(150_000),
    Setting.GUIDELINE_LIMIT_PERCENT: 200,
}
IN_FORCE_FROM = date(2024, 1, 1)


def settle_in(session: Session, *, now: datetime) -> dict[str, StaffId]:
    """The organisation's dated settings and the demo's people; ids by user name."""
    for key, value in ORGANISATION.items():
        rates.set_organisation(
            session, key=key, value=value, effective_from=IN_FORCE_FROM, by=SANDBOX, now=now
        )
    return {person.username: hire(session, person, now=now) for person in PEOPLE}


def hire(session: Session, person: DemoPerson, *, now: datetime) -> StaffId:
    """A member of staff with a password and a software passkey."""
    staff_id = identity.add_staff(
        session,
        username=person.username,
        name=person.name,
        password=person.password,
        roles=set(person.roles),
        by=SANDBOX,
        now=now,
    )
    passkey = SoftwarePasskey(person.username)
    passkeys.keep(
        session,
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        sign_count=passkey.count,
        name="The demo's software passkey",
        staff_id=staff_id,
        by=SANDBOX,
        now=now,
    )
    return staff_id
