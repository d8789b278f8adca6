"""Sign-in with the organisation's provider: a real one in its own process, and one that lies on order."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from joserfc.jwk import ECKey

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.oidc import OidcProvider
from reunify.bootstrap import House, utc_now
from reunify.cli.ports import free_port
from reunify.identity import queries, staffing
from reunify.identity.provider import ProofRefused
from reunify.identity.staffing import Details
from reunify.kernel.people import Role
from reunify.sandbox.people import DemoPerson, hire
from reunify.settings import SettingsRefused, load
from reunify.web.app import create
from tests.integration.people_world import agreed, standing
from tests.lasting import lasting_database
from tests.web.pages_world import OWN_PAGES, TestClient, house_over, sign_in, text
from tests.web.provider_world import (
    CLIENT_ID,
    SECRET,
    Lies,
    OwnProvider,
    address_on,
    real_provider,
    sign_in_there,
)

OLGA = DemoPerson("olga", "Olga Brandt", "tundra-lemon-17", frozenset({Role.ADMINISTRATOR}))
BEN, CARLA = "ben@example.org", "carla@example.org"


@dataclass
class Clock:
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Doors:
    """The house with one provider or another; people without an account there at first."""

    house: House
    clock: Clock
    app: FastAPI
    opened: list[OidcProvider] = field(default_factory=list)

    def web(self, house: House) -> TestClient:
        """A browser of its own, in the one application of the module."""
        self.app.state.house = house
        return TestClient(self.app, base_url="https://testserver", headers=OWN_PAGES)

    def with_provider(self, issuer: str, *enough: str) -> House:
        provider = OidcProvider(
            name="Lantern ID", issuer=issuer, client_id=CLIENT_ID, client_secret=SECRET, enough=enough
        )
        self.opened.append(provider)
        return dataclasses.replace(self.house, provider=provider)

    def entered(self, username: str, email: str) -> None:
        """One administrator writes a new address down, another confirms: nobody is bound by it yet."""
        with self.house.db.work() as session:
            olga = standing(session, queries.staff_id(session, "olga"), self.clock())
            who = queries.staff_id(session, username)
            for one in ("", email):
                staffing.change_details(
                    session, staff_id=who, details=Details("Somebody", email=one), by=olga, now=self.clock()
                )
                agreed(session, self.clock())

    def count(self, what: str) -> int:
        with self.house.db.read() as session:
            return int(session.scalar(sa.text(f"SELECT count(*) FROM {what}")) or 0)


@pytest.fixture(scope="module")
def doors(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    clock = Clock()
    data: Path = tmp_path_factory.mktemp("doors")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, clock) as house,
    ):
        with house.db.work() as session:
            hire(session, OLGA, now=clock())
        yield Doors(house, clock, create(house))


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    with real_provider(
        {"sub": "s-ben", "email": BEN, "email_verified": True},
        {"sub": "s-eve", "email": CARLA, "email_verified": False},
        {"sub": "s-odd", "email": "odd@example.org", "email_verified": True},
    ) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def own() -> Iterator[OwnProvider]:
    provider = OwnProvider()
    yield provider
    provider.close()


@pytest.fixture(autouse=True)
def _the_truth(own: OwnProvider, doors: Doors) -> Iterator[None]:
    yield
    own.lies, own.listed, doors.clock.ahead = Lies(), [own.key.as_dict(private=False)], timedelta(0)
    while doors.opened:
        doors.opened.pop().close()


def gone(client: TestClient) -> str:
    """On to the provider; its address with all we ask."""
    page = client.post("/sign-in/provider")
    assert page.status_code == 200, text(page)
    return address_on(page)


def here(address: str) -> str:
    """The path and query of our own address, as the browser follows it."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def came_back(client: TestClient, own: OwnProvider) -> Any:
    return client.get(here(own.back_from(gone(client))))


# A real provider ---------------------------------------------------------------------------------------
@pytest.mark.asvs("6.8.2", "10.1.2", "10.2.1", "10.5.1")
def test_a_known_person_signs_in_there_and_still_proves_our_second_factor(doors: Doors, real: str) -> None:
    doors.entered("ben", BEN)
    with doors.web(doors.with_provider(real)) as client:
        asked = parse_qs(urlsplit(address := gone(client)).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
        answer = client.get(here(sign_in_there(address, "s-ben")))
        assert answer.url.path == "/sign-in"
        assert "__Host-staff" not in client.cookies
        assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"
        sign_in(client, doors.house, "ben")
        assert client.get("/finance").status_code == 200
    with doors.house.db.read() as session:
        row = session.execute(
            sa.text("SELECT oidc_issuer, oidc_subject FROM staff WHERE username = 'ben'")
        ).one()
    assert tuple(row) == (real, "s-ben")


def test_once_bound_the_account_counts_and_the_address_no_longer(doors: Doors, real: str) -> None:
    doors.entered("ben", BEN)
    house = doors.with_provider(real)
    for _ in range(2):
        with doors.web(house) as client:
            assert client.get(here(sign_in_there(gone(client), "s-ben"))).url.path == "/sign-in"
    assert doors.count("audit_entries WHERE verb = 'bind_provider'") >= 1


@pytest.mark.parametrize("subject", ["s-odd", "s-eve", "nobody@example.org"])
def test_an_unknown_account_is_refused_in_words_and_makes_no_account(
    doors: Doors, real: str, subject: str
) -> None:
    """One with an address nobody entered, one whose provider never verified the address, one without any."""
    doors.entered("carla", CARLA)
    before = doors.count("staff")
    with doors.web(doors.with_provider(real)) as client:
        answer = client.get(here(sign_in_there(gone(client), subject)))
        assert answer.status_code == 401
        assert "not known here" in text(answer)
        assert subject not in answer.text
    assert doors.count("staff") == before
    assert doors.count("staff WHERE username = 'carla' AND oidc_subject IS NOT NULL") == 0


@pytest.mark.asvs("7.4.2")
def test_a_disabled_persons_account_there_opens_nothing_here(doors: Doors, own: OwnProvider) -> None:
    """Nor does it become somebody else's by an address that was entered since."""
    doors.entered("dee", "dee@example.org")
    own.lies.claims = {"email": "dee@example.org", "email_verified": True, "sub": "s-dee", "acr": "phr"}
    house = doors.with_provider(own.issuer, "phr")
    assert came_back(doors.web(house), own).url.path == "/"
    with doors.house.db.work() as session:
        olga = standing(session, queries.staff_id(session, "olga"), doors.clock())
        who = queries.staff_id(session, "dee")
        staffing.disable(session, staff_id=who, by=olga, now=doors.clock())
    assert "not known here" in text(came_back(doors.web(house), own))
    doors.entered("carla", "dee2@example.org")
    own.lies.claims["email"] = "dee2@example.org"
    assert "not known here" in text(came_back(doors.web(house), own))


def test_who_says_no_there_is_not_signed_in_here(doors: Doors, real: str) -> None:
    with doors.web(doors.with_provider(real)) as client, httpx.Client(trust_env=False) as there:
        denied = there.post(gone(client), data={"action": "deny"}, follow_redirects=False)
        answer = client.get(here(denied.headers["location"]))
    assert answer.status_code == 401


def test_while_the_provider_is_down_the_page_says_so_and_passkeys_work(doors: Doors) -> None:
    with doors.web(doors.with_provider(f"http://127.0.0.1:{free_port()}")) as client:
        answer = client.post("/sign-in/provider")
        assert answer.status_code == 503
        assert "does not answer just now. Sign in with your passkey" in text(answer)
        sign_in(client, doors.house, "ben")
        assert client.get("/finance").status_code == 200


def test_without_a_provider_there_is_no_button_and_no_door(doors: Doors) -> None:
    with doors.web(doors.house) as client:
        assert "/sign-in/provider" not in client.get("/sign-in").text
        assert client.post("/sign-in/provider").status_code == 404
        assert client.get("/sign-in/provider/back?code=a&state=b").status_code == 404


# State, once and in one browser ------------------------------------------------------------------------
@pytest.mark.asvs("10.1.2")
def test_an_answer_counts_once_in_the_browser_that_asked_and_for_ten_minutes(
    doors: Doors, own: OwnProvider
) -> None:
    doors.entered("ben", BEN)
    own.lies.claims = {"email": BEN, "email_verified": True}
    house = doors.with_provider(own.issuer)
    with doors.web(house) as client, doors.web(house) as other:
        cookies = client.post("/sign-in/provider").headers["set-cookie"]
        assert "__Host-visit=" in cookies
        assert all(flag in cookies for flag in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"))
        back = here(own.back_from(gone(client)))
        assert other.get(back).status_code == 401
        assert client.get(back).url.path == "/sign-in"
        assert "begun elsewhere" in text(client.get(back))
        late = here(own.back_from(gone(client)))
        doors.clock.ahead = timedelta(minutes=10, seconds=1)
        assert client.get(late).status_code == 401


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied&state=%00"]
)
def test_an_answer_nobody_asked_for_opens_nothing(doors: Doors, own: OwnProvider, query: str) -> None:
    with doors.web(doors.with_provider(own.issuer)) as client:
        answer = client.get(f"/sign-in/provider/back{query}")
    assert answer.status_code in (401, 422)
    assert "__Host-halfway" not in client.cookies


def test_another_issuers_answer_mixed_in_is_refused(doors: Doors, own: OwnProvider) -> None:
    doors.entered("ben", BEN)
    own.lies.claims = {"email": BEN, "email_verified": True}
    with doors.web(doors.with_provider(own.issuer)) as client:
        back = here(own.back_from(gone(client))) + "&iss=https%3A%2F%2Felsewhere.example"
        assert client.get(back).status_code == 401


# Tokens that lie ---------------------------------------------------------------------------------------
NOW = int(time.time())


@pytest.mark.asvs("9.1.1", "9.1.2", "9.2.1", "9.2.3", "10.5.1", "10.5.2", "10.5.4")
@pytest.mark.parametrize(
    "lies",
    [
        Lies({"aud": "another-client"}),
        Lies({"aud": [CLIENT_ID, "another-client"]}),
        Lies({"aud": [CLIENT_ID, "another-client"], "azp": "another-client"}),
        Lies({"iss": "https://elsewhere.example"}),
        Lies({"nonce": "of-another-visit"}),
        Lies(without=("nonce",)),
        Lies({"exp": NOW - 3600}),
        Lies(without=("exp",)),
        Lies(without=("iat",)),
        Lies({"iat": NOW + 3600}),
        Lies({"nbf": NOW + 3600}),
        Lies({"auth_time": NOW + 3600}),
        Lies({"sub": ""}),
        Lies({"sub": "s" * 256}),
        Lies({"sub": 7}),
        Lies({"at_hash": "of-another-token"}),
        Lies(algorithm="none"),
        Lies(status=400),
    ],
    # without the moment itself: every worker of a run must call a test by the same name
    ids=lambda lies: re.sub(r"\d{9,}", "a moment", f"{lies.claims or lies.without or lies.algorithm}")[:50],
)
def test_a_token_that_lies_opens_nothing(doors: Doors, own: OwnProvider, lies: Lies) -> None:
    doors.entered("ben", BEN)
    own.lies = dataclasses.replace(lies, claims={"email": BEN, "email_verified": True} | lies.claims)
    with doors.web(doors.with_provider(own.issuer, "phr")) as client:
        answer = came_back(client, own)
        assert answer.status_code == 401
        assert not {"__Host-staff", "__Host-halfway"} & set(client.cookies)


@pytest.mark.asvs("9.1.1", "9.1.2")
@pytest.mark.parametrize("forged", ["another key", "a shared secret", "a listed shared secret"])
def test_a_token_signed_otherwise_opens_nothing(doors: Doors, own: OwnProvider, forged: str) -> None:
    doors.entered("ben", BEN)
    own.lies.claims = {"email": BEN, "email_verified": True, "acr": "phr"}
    if forged == "another key":
        own.lies.key = own.other
    else:
        own.lies.key, own.lies.algorithm = own.shared, "HS256"
        own.listed += [own.shared.as_dict()] if "listed" in forged else []
    with doors.web(doors.with_provider(own.issuer, "phr")) as client:
        assert came_back(client, own).status_code == 401
        assert not {"__Host-staff", "__Host-halfway"} & set(client.cookies)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_the_three_algorithms_are_believed(doors: Doors, own: OwnProvider, algorithm: str) -> None:
    doors.entered("ben", BEN)
    own.lies.claims, own.lies.algorithm = {"email": BEN, "email_verified": True}, algorithm
    if algorithm == "ES256":
        own.lies.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        own.listed = [own.lies.key.as_dict(private=False)]
    else:
        own.listed = [{k: v for k, v in own.key.as_dict(private=False).items() if k != "alg"}]
        own.lies.key = type(own.key).import_key(
            {k: v for k, v in own.key.as_dict(private=True).items() if k != "alg"}
        )
    with doors.web(doors.with_provider(own.issuer)) as client:
        assert came_back(client, own).url.path == "/sign-in"
        assert "__Host-halfway" in client.cookies


def test_roles_a_provider_speaks_of_are_not_heard(doors: Doors, own: OwnProvider) -> None:
    doors.entered("ben", BEN)
    own.lies.claims = {"email": BEN, "email_verified": True, "acr": "phr"}
    own.lies.claims |= {"roles": ["administrator"], "groups": ["administrator"]}
    with doors.web(doors.with_provider(own.issuer, "phr")) as client:
        assert came_back(client, own).url.path == "/"
        assert client.get("/finance").status_code == 200
        assert client.get("/people").status_code == 403


# Second factor and step-up -----------------------------------------------------------------------------
@pytest.mark.asvs("6.8.4")
@pytest.mark.parametrize(("acr", "lands"), [("phr", "/"), ("urn:weak", "/sign-in"), (None, "/sign-in")])
def test_only_a_named_acr_spares_our_second_factor(
    doors: Doors, own: OwnProvider, acr: str | None, lands: str
) -> None:
    doors.entered("ben", BEN)
    own.lies.claims = {"email": BEN, "email_verified": True} | ({"acr": acr} if acr else {})
    with doors.web(doors.with_provider(own.issuer, "phr", "urn:strong")) as client:
        assert came_back(client, own).url.path == lands
        assert own.asked[-1]["acr_values"] == "phr urn:strong"


def stepped_up(client: TestClient, own: OwnProvider, **claims: Any) -> Any:
    """Six minutes later somebody confirms at the provider."""
    own.lies.claims = {"email": BEN, "email_verified": True, "auth_time": int(time.time()) + 360} | claims
    page = client.post("/step-up/provider", data={"next": "/finance"})
    return client.get(here(own.back_from(address_on(page))))


def proved(doors: Doors, own: OwnProvider, **claims: Any) -> tuple[bool, Any]:
    """Whether a bound person's session counts as proved after confirming at the provider, and the page."""
    doors.entered("ben", BEN)
    own.lies.claims = {"email": BEN, "email_verified": True, "acr": "phr"}
    with doors.web(doors.with_provider(own.issuer, "phr", "urn:mfa")) as client:
        assert came_back(client, own).url.path == "/"
        before = client.cookies["__Host-staff"]
        doors.clock.ahead = timedelta(minutes=6)
        answer = stepped_up(client, own, **claims)
        with doors.house.db.read() as session:
            said = "SELECT count(*) FROM staff_sessions WHERE proved_at > now() + interval '5 minutes'"
            fresh = bool(session.scalar(sa.text(said)))
        assert fresh == (client.cookies.get("__Host-staff") != before)
    return fresh, answer


@pytest.mark.asvs("6.8.4", "7.2.4", "7.5.3")
def test_confirming_there_with_something_like_a_passkey_counts_and_turns_the_session(
    doors: Doors, own: OwnProvider
) -> None:
    fresh, answer = proved(doors, own, acr="phr")
    assert fresh
    assert answer.url.path == "/finance"
    assert (own.asked[-1]["prompt"], own.asked[-1]["max_age"]) == ("login", "300")
    with doors.house.db.work() as session:
        session.execute(sa.text("DELETE FROM staff_sessions"))


@pytest.mark.asvs("6.8.4", "7.5.3")
@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"acr": "urn:mfa"}, "not with a passkey or key"),
        ({"acr": None}, "not with a passkey or key"),
        ({"acr": "phr", "auth_time": int(time.time()) - 400}, "use your passkey"),
        ({"acr": "phr", "auth_time": None}, "does not prove who you are"),
        ({"acr": "phr", "sub": "s-2", "email": CARLA}, "signed in there as somebody else"),
    ],
)
def test_confirming_there_otherwise_does_not_count(
    doors: Doors, own: OwnProvider, claims: dict[str, Any], words: str
) -> None:
    fresh, answer = proved(doors, own, **claims)
    assert not fresh
    assert words in text(answer)


def test_a_key_the_provider_begins_to_use_is_fetched_once_and_not_at_every_forgery(own: OwnProvider) -> None:
    provider = OidcProvider(name="P", issuer=own.issuer, client_id=CLIENT_ID, client_secret=SECRET)
    visit = provider.begin(back="http://127.0.0.1/back", step_up=False)
    newer = type(own.key).generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
    own.listed = [newer.as_dict(private=False)]
    own.lies.key = newer
    said = {"back": "b", "nonce": visit.nonce, "verifier": visit.verifier, "step_up": False, "now": utc_now()}
    code = parse_qs(urlsplit(own.back_from(visit.address)).query)["code"][0]
    with pytest.raises(ProofRefused):
        provider.finish(code=code, **said)  # type: ignore[arg-type]
    provider.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"REUNIFY_OIDC_ISSUER": "https://id.example"},
        {
            "REUNIFY_OIDC_ISSUER": "http://id.example",
            "REUNIFY_OIDC_CLIENT_ID": "a",
            "REUNIFY_OIDC_CLIENT_SECRET": "b",
        },
    ],
)
def test_half_a_provider_or_one_in_plain_text_is_not_started_with(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsRefused, match="OIDC"):
        load(wrong)
