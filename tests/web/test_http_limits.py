"""How often one place may knock: counted for all processes together, by addresses nobody can make up."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.db import Database
from reunify.identity import limits
from reunify.identity.limits import ALLOWED, Kind, TooManyCalls
from reunify.settings import Settings, load
from reunify.web.app import create
from reunify.web.limits import nearest_unknown
from tests.lasting import lasting_database
from tests.web.pages_world import TestClient, house_over

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
WITHIN = ALLOWED[Kind.SHORT_CODE].within
MOST = ALLOWED[Kind.SHORT_CODE].calls


def knock(db: Database, times: int, *, place: str = "192.0.2.7", at: datetime = NOW) -> None:
    for _ in range(times):
        limits.check(db, kind=Kind.SHORT_CODE, place=place, now=at)


@pytest.mark.asvs("2.4.1", "6.3.1")
def test_at_the_limit_a_call_is_heard_and_one_over_is_told_how_long_to_wait(db: Database) -> None:
    knock(db, MOST - 1)
    knock(db, 1, at=NOW + timedelta(minutes=9))
    with pytest.raises(TooManyCalls, match=r"Please wait 1 minute and try again") as refused:
        knock(db, 1, at=NOW + timedelta(minutes=9))
    assert refused.value.seconds == 60
    with pytest.raises(TooManyCalls, match="Please wait 1 second and") as refused:
        knock(db, 1, at=NOW + WITHIN - timedelta(milliseconds=1))
    knock(db, MOST, at=NOW + WITHIN)


def test_each_place_and_each_kind_is_counted_by_itself(db: Database) -> None:
    knock(db, MOST)
    knock(db, 1, place="192.0.2.8")
    limits.check(db, kind=Kind.SIGN_IN, place="192.0.2.7", now=NOW)


def test_the_count_holds_over_processes_that_ask_at_once(db: Database) -> None:
    """Each thread has a pool of its own, as a process has."""
    heard = []

    def process() -> None:
        own = Database(db.url)
        for _ in range(MOST):
            try:
                knock(own, 1)
                heard.append(1)
            except TooManyCalls:
                pass
        own.dispose()

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == MOST


def test_an_address_is_kept_only_as_a_keyed_hash_and_only_while_it_counts(db: Database) -> None:
    knock(db, 1)
    with db.read() as session:
        row = session.execute(sa.text("SELECT x::text, length(place) FROM call_counts x")).one()
    assert "192.0.2.7" not in row[0]
    assert b"192.0.2.7".hex() not in row[0]
    assert row[1] >= 8
    knock(db, 1, place="192.0.2.99", at=NOW + WITHIN)
    with db.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM call_counts")) == 1


def test_the_table_is_unlogged_so_that_counting_costs_no_write_to_disk(db: Database) -> None:
    with db.read() as session:
        kind = session.scalar(sa.text("SELECT relpersistence FROM pg_class WHERE relname = 'call_counts'"))
    assert kind in ("u", b"u")


# Over HTTP ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def lasting_house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    data = tmp_path_factory.mktemp("limits")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: NOW) as house,
    ):
        yield house


@pytest.fixture
def real_house(lasting_house: House) -> House:
    """As in production: nobody's allowance is widened, and nobody knocked before."""
    with lasting_house.db.work() as session:
        session.execute(sa.text("DELETE FROM call_counts"))
    settings = Settings(
        data=lasting_house.settings.data,
        database_url=SecretStr(lasting_house.db.url),
        public_url="https://testserver",
        trusted_proxies="10.0.0.0/8",  # type: ignore[arg-type]  # as in the environment
    )
    return dataclasses.replace(lasting_house, settings=settings)


def from_address(house: House, address: str) -> TestClient:
    return TestClient(create(house), base_url="https://testserver", client=(address, 5000))


@pytest.mark.asvs("2.4.1", "6.3.1")
def test_a_guesser_of_many_names_is_slowed_down_and_told_so(real_house: House) -> None:
    allowed = ALLOWED[Kind.SIGN_IN].calls
    with real_house.db.work() as session:  # all but one of the calls, without their cost
        limits.check(real_house.db, kind=Kind.SIGN_IN, place="192.0.2.7", now=NOW)
        session.execute(sa.text("UPDATE call_counts SET calls = :n"), {"n": allowed - 1})
    guesser, other = from_address(real_house, "192.0.2.7"), from_address(real_house, "192.0.2.8")
    said = {"username": "nobody", "password": "a guess of some length"}
    assert guesser.post("/api/v1/sessions", json=said).status_code == 401
    refused = guesser.post("/api/v1/sessions", json=said)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "600"
    assert "Please wait 10 minutes and try again." in refused.json()["detail"]
    page = guesser.post("/sign-in", data=said)
    assert page.status_code == 429
    assert "Please wait 10 minutes" in page.text
    assert page.headers["retry-after"] == "600"
    assert guesser.get("/genuine/0123456789AB").status_code == 404
    with real_house.db.work() as session:
        session.execute(sa.text("UPDATE call_counts SET calls = :n"), {"n": ALLOWED[Kind.GENUINE].calls})
    for refused in (guesser.get("/genuine/0123456789AB"), guesser.post("/genuine", data={"code": "a"})):
        assert refused.status_code == 429
    assert guesser.get("/genuine").status_code == 200
    assert other.post("/api/v1/sessions", json=said).status_code == 401


@pytest.mark.asvs("4.1.3")
def test_a_made_up_header_does_not_make_another_caller(real_house: House) -> None:
    said = {"username": "nobody", "password": "a guess of some length"}
    outside = from_address(real_house, "192.0.2.7")
    for forged in ("203.0.113.1", "203.0.113.2", "garbage, \u00e9".encode("latin-1")):
        outside.post("/api/v1/sessions", json=said, headers={"x-forwarded-for": forged})
    behind = from_address(real_house, "10.1.2.3")
    for forged in ("203.0.113.1, 198.51.100.9", "203.0.113.2, 198.51.100.9, 10.9.9.9"):
        behind.post("/api/v1/sessions", json=said, headers={"x-forwarded-for": forged})
    with real_house.db.read() as session:
        counts = session.scalars(sa.text("SELECT calls FROM call_counts ORDER BY calls"))
        assert counts.all() == [2, 3]


@pytest.mark.asvs("4.1.3")
@pytest.mark.parametrize(
    ("peer", "header", "caller"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "203.0.113.1", "192.0.2.7"),  # not our proxy: nothing is believed
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.1", "203.0.113.1"),  # what the caller wrote stands left
        ("10.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
        ("10.0.0.1", "203.0.113.1, nonsense", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("testclient", "203.0.113.1", "testclient"),
    ],
)
def test_the_nearest_address_that_is_none_of_our_proxies_is_the_caller(
    peer: str, header: str, caller: str
) -> None:
    proxies = load({"REUNIFY_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies
    assert nearest_unknown(peer, header, proxies) == caller


def test_the_proxies_are_read_from_the_environment_and_given_on_to_children() -> None:
    settings = load({"REUNIFY_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1"})
    assert [str(n) for n in settings.trusted_proxies] == ["10.0.0.0/8", "2001:db8::1/128"]
    assert load(settings.as_environment()).trusted_proxies == settings.trusted_proxies
    assert load({}).trusted_proxies == ()


def test_one_household_with_many_addresses_of_the_new_kind_is_one_place(real_house: House) -> None:
    said = {"username": "nobody", "password": "a guess of some length"}
    for last in ("1", "2", "ffff:1"):
        from_address(real_house, f"2001:db8:1:2::{last}").post("/api/v1/sessions", json=said)
    with real_house.db.read() as session:
        assert session.scalars(sa.text("SELECT calls FROM call_counts")).all() == [3]


def test_a_program_is_heard_generously_and_then_told_to_wait(real_house: House) -> None:
    program = from_address(real_house, "192.0.2.7")
    bearer = {"authorization": "Bearer a-token-of-a-program"}
    with pytest.raises(TooManyCalls):
        limits.check(real_house.db, kind=Kind.API, place=_hashed(bearer), now=NOW, calls=3001)
    statuses = [program.get("/api/v1/health", headers=bearer).status_code for _ in range(202)]
    assert statuses == [200] * 199 + [429] * 3
    refused = program.get("/api/v1/health", headers=bearer)
    assert refused.headers["retry-after"] == "60"
    assert program.get("/api/v1/health", headers={"authorization": "Bearer another"}).status_code == 200
    assert program.get("/api/v1/health").status_code == 200


def _hashed(bearer: dict[str, str]) -> str:
    return hashlib.sha256(bearer["authorization"].split()[1].encode()).hexdigest()
