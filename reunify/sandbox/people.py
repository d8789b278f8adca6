"""The demo's people and its organisation. Fictional; the passwords are printed by `reunify demo`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from reunify.identity import actions as identity
from reunify.identity import passkeys, queries
from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotFound
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
    team: str | None = None
    phone: str | None = None


_FINANCE = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})
EAST, WEST = "East", "West"
PEOPLE = (
    DemoPerson(
        "ana",
        "Ana Whitfield",
        "lantern-orchard-41",
        frozenset({Role.CASE_MANAGER}),
        EAST,
        "+1 703 555 0131",
    ),
    DemoPerson("ben", "Ben Castellanos", "harbor-violet-27", _FINANCE, phone="+1 703 555 0132"),
    DemoPerson("carla", "Carla Nguyen", "meadow-copper-88", _FINANCE, phone="+1 703 555 0133"),
    DemoPerson("dee", "Dee Robinson", "willow-marble-53", frozenset({Role.AUDITOR})),
)
# Whom the sample families' way to their money does not need.
COLLEAGUES = (
    DemoPerson(
        "eli", "Eli Marsh", "saddle-juniper-64", frozenset({Role.CASE_MANAGER}), WEST, "+1 703 555 0134"
    ),
    DemoPerson("fay", "Fay Delgado", "cradle-tamarind-58", _FINANCE, phone="+1 703 555 0138"),
    DemoPerson("sam", "Sam Okafor", "bridge-tulip-39", frozenset({Role.SUPERVISOR}), EAST, "+1 703 555 0135"),
)
# Who brought the rules into force: one takes on what is shipped, the other approves it.
AUTHORS = (
    DemoPerson(
        "ada",
        "Ada Lindqvist",
        "kettle-saffron-75",
        frozenset({Role.ADMINISTRATOR, Role.RULES_AUTHOR}),
        phone="+1 703 555 0136",
    ),
    DemoPerson(
        "noor",
        "Noor Haddad",
        "pebble-cinnamon-92",
        frozenset({Role.RULES_AUTHOR}),
        phone="+1 703 555 0137",
    ),
)
EVERYBODY = (*PEOPLE, *COLLEAGUES, *AUTHORS)
PEOPLE_BY_NAME = {person.username: person for person in EVERYBODY}
ORGANISATION: dict[Setting, Money | int | str] = {
    Setting.NAME: "Lantern Family Reunification (sample)",
    Setting.TIME_ZONE: "America/New_York",
    Setting.LETTERHEAD: "100 Sample Square\nAlexandria, VA 22314",
    Setting.DAY_PHONE: "+1 703 555 0100",
    Setting.NIGHT_PHONE: "+1 703 555 0199",
    Setting.EMAIL: "travel@example.org",
    Setting.SMALL_AMOUNT_LIMIT: Money(150_000),
    Setting.GUIDELINE_LIMIT_PERCENT: 200,
    # What nobody can explain yet, money between our accounts and Stripe's fees: the organisation's own money.
    Setting.SUSPENSE_FUND: "domestic_reunification",
    Setting.UNALLOWABLE_COSTS: "domestic_reunification other",
    Setting.FEES_CASH_STRIPE: "domestic_reunification other",
    Setting.FEES_CASH_CARD: "domestic_reunification other",
}
IN_FORCE_FROM = date(2024, 1, 1)


def settle_in(session: Session, *, now: datetime) -> dict[str, StaffId]:
    """The organisation's dated settings and the demo's people; ids by user name."""
    for key, value in ORGANISATION.items():
        rates.set_organisation(
            session, key=key, value=value, effective_from=IN_FORCE_FROM, by=SANDBOX, now=now
        )
    return {person.username: hire(session, person, now=now) for person in PEOPLE}


def join(session: Session, *, now: datetime, whom: tuple[DemoPerson, ...] = COLLEAGUES) -> None:
    """The colleagues, those who are not there yet."""
    for person in whom:
        try:
            queries.staff_id(session, person.username)
        except NotFound:
            hire(session, person, now=now)


def hire(session: Session, person: DemoPerson, *, now: datetime) -> StaffId:
    """A member of staff with a password and a software passkey."""
    staff_id = identity.add_staff(
        session,
        username=person.username,
        name=person.name,
        password=person.password,
        roles=set(person.roles),
        by=SANDBOX,
        team=person.team,
        phone=person.phone,
        now=now,
    )
    passkey = SoftwarePasskey(person.username)
    passkeys.keep(
        session,
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        sign_count=passkey.count,
        name="The demo's software passkey",
        proved=True,
        staff_id=staff_id,
        by=SANDBOX,
        now=now,
    )
    return staff_id


def known_as(session: Session, username: str) -> Staff:
    """One of the demo's people, as somebody who acts. Raises NotFound."""
    person = PEOPLE_BY_NAME[username]
    leads = frozenset({person.team} if person.team and Role.SUPERVISOR in person.roles else ())
    return Staff(
        queries.staff_id(session, username), person.name, person.roles, person.team, supervises=leads
    )
