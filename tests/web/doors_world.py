"""A lasting house with a clock to move; each test signs in as a person of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.kernel.people import Role
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import DemoPerson, hire
from tests.lasting import lasting_database
from tests.web.pages_world import house_over

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


_CLOCK = Clock()


@pytest.fixture(scope="module")
def staffed(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    data = tmp_path_factory.mktemp("doors")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, _CLOCK) as built,
    ):
        yield built


@pytest.fixture
def clock() -> Iterator[Clock]:
    _CLOCK.at = NOW
    yield _CLOCK
    _CLOCK.at = NOW


def newcomer(house: House, name: str, role: Role) -> DemoPerson:
    """A member of staff nobody else signs in as, with a password and a software passkey."""
    username = f"{name.split()[0].casefold()}{next(_numbers)}"
    person = DemoPerson(username, name, "lantern-orchard-41", frozenset({role}))
    with house.db.work() as session:
        hire(session, person, now=NOW)
    return person


@pytest.fixture
def ana(staffed: House, clock: Clock) -> DemoPerson:
    return newcomer(staffed, "Ana Whitfield", Role.CASE_MANAGER)


def typed(person: DemoPerson) -> dict[str, str]:
    return {"username": person.username, "password": person.password}


def signed(house: House, options: object, who: DemoPerson | str) -> str:
    """What this person's software passkey answers, as the page's field holds it."""
    assert isinstance(options, dict)
    name = who if isinstance(who, str) else who.username
    return json.dumps(SoftwarePasskey(name).sign(options, house.settings.own_url))
