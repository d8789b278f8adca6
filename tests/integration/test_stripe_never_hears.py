"""Whatever a family is called and whatever is written of it: Stripe hears name, e-mail and country alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reunify.adapters.stripe_outgoing import check_request
from reunify.adapters.stripe_rules import NotForStripe
from tests.integration.stripe_exchanges import (
    HOLDER,
    Adapters,
    Exchange,
    a_payee,
    adapters,
    buys,
    pays,
    recorded,
)
from tests.permits import for_stripe

_LATIN, _CYRILLIC, _GREEK = "abcdefghijklmnopqrstuvwxyzáñüöçğşłøæðþ", "абвгдежзийклмнопрст", "αβγδεζηικλασφ"
_OTHERS = "גדהוזחטيكلمنهوअआइईकखগঘঙ中文字姓名김이박ไทยអខ"
_SCRIPTS = _LATIN + _CYRILLIC + _GREEK + _OTHERS
words = st.text(_SCRIPTS + _SCRIPTS.upper(), min_size=6, max_size=20)
texts = st.lists(words, min_size=1, max_size=3).map(" ".join)
names = st.builds(
    lambda a, b, mark: f"{a}{mark}{b}", words, words, st.sampled_from([" ", "-", "'", "\u00a0"])
)
emails = st.from_regex(r"[a-z][a-z.+-]{5,20}@[a-z]{4,12}\.(org|example)", fullmatch=True)
families = st.fixed_dictionaries({
    "name": names,
    "email": emails,
    "key": texts,  # how the form calls this payee: the child's name as like as not
    "kind": st.sampled_from(["partner", "person", "vendor"]),
    "country": st.sampled_from(["CA", "MX", "US"]),
})  # fmt: skip


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapters]:
    with adapters(tmp_path_factory.mktemp("stripe")) as all_three:
        yield all_three


@pytest.fixture(scope="module")
def spoken(at: Adapters) -> list[Exchange]:
    """One of everything that our adapters say."""
    with recorded() as kept:
        pays(at, a_payee())
        buys(at)
    return kept


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(family=families)
def test_of_a_family_stripe_hears_name_email_and_country_once_and_nothing_else(
    at: Adapters, family: dict[str, str]
) -> None:
    httpx.post(f"{at.side.url}/_control/requests/clear", json={}).raise_for_status()
    payee = a_payee(**family)
    pays(at, payee)
    buys(at)
    record = httpx.get(f"{at.side.url}/_control/requests").json()["requests"]
    told = [one for one in record if (one["method"], one["path"]) == ("POST", "/v2/core/accounts")]
    assert len(told) == 1
    said = json.loads(told[0]["body"])
    assert (said.pop("display_name"), said.pop("contact_email")) == (family["name"], family["email"])
    assert said.pop("identity")["country"] == family["country"]
    told[0]["body"] = json.dumps(said)
    heard = "\n".join(everything(record)).casefold()
    secrets = [
        family["name"],
        family["email"],
        str(payee.request_id),
        *family["key"].split(),
        *family["name"].split(),
    ]
    assert [one for one in secrets if one.casefold() in heard] == []


def everything(record: list[dict[str, Any]]) -> Iterator[str]:
    """Each request as one text, in every way it could be written: escaped, decoded, as bytes."""
    for one in record:
        kept = (one["path"], one["query"], one["body"], *one["headers"].values())
        for text in kept:
            yield text
            yield unquote_plus(text)
            yield text.encode().decode("unicode_escape", "ignore")


# Where words of somebody may stand: the payee's own name and e-mail, and the organisation's own address.
OPEN = {"display_name", "contact_email", "name", "line1", "city", "state", "postal_code"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=texts)
def test_a_word_of_a_family_leaves_in_no_other_place(spoken: list[Exchange], word: str) -> None:
    for one in spoken:
        url = f"http://127.0.0.1:1{one.path}?{one.query}"
        check_request(one.method, url, one.headers, one.body)
        for spoiled in with_the_word(one, url, word):
            with pytest.raises(NotForStripe) as refused:
                check_request(one.method, *spoiled)
            assert word not in str(refused.value)


def with_the_word(one: Exchange, url: str, word: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """The call with the word in address, parameters, headers, key and everywhere in the body."""
    yield f"{url}&{urlencode({'note': word})}", one.headers, one.body
    yield url.replace("?", f"/{word}?"), one.headers, one.body
    yield url, {**one.headers, "X-Note": word}, one.body
    yield url, {**one.headers, "Idempotency-Key": f"reunify:disb:{word}:1"}, one.body
    for body in of_form(one.body, word) if one.path.startswith("/v1/") else of_json(one.body, word):
        yield url, one.headers, body


def of_form(body: str, word: str) -> Iterator[str]:
    pairs = parse_qsl(body)
    yield urlencode([*pairs, (word, "1")])
    yield urlencode([*pairs, ("metadata[trip]", word)])
    for place, (name, _) in enumerate(pairs):
        if name.split("[")[-1].strip("]") not in OPEN:
            yield urlencode([*pairs[:place], (name, word), *pairs[place + 1 :]])


def of_json(body: str, word: str) -> Iterator[str]:
    said = json.loads(body or "{}")
    yield json.dumps({**said, "description": word})
    yield json.dumps({**said, word: 1})
    yield json.dumps([word])
    for inner, key in leaves_of(said):
        if key not in OPEN:
            before, inner[key] = inner[key], word
            yield json.dumps(said)
            inner[key] = before


def leaves_of(said: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in list(said.items() if isinstance(said, dict) else enumerate(said)):
        if isinstance(inner, dict | list):
            yield from leaves_of(inner)
        else:
            yield said, key


def test_the_refusal_comes_before_the_network_and_no_adapter_can_go_round_it(at: Adapters) -> None:
    before = at.side.log.requests()
    accounts = at.gateway._client.v2.core.accounts
    with pytest.raises(NotForStripe):
        accounts.update("acct_1", {"metadata": {"note": "Omaha"}})
    with pytest.raises(NotForStripe):
        accounts.close("acct_1", {"applied_configurations": ["recipient"]})
    with pytest.raises(NotForStripe):
        at.cards._client.v1.issuing.cards.update("ic_1", {"metadata": {"trip": "Omaha"}})
    with pytest.raises(NotForStripe):
        at.gateway.log_reference(**note_for("acct_1 Omaha"))
    with pytest.raises(NotForStripe):
        at.balance._client.v1.files.list()
    assert at.side.log.requests() == before


def note_for(recipient: str) -> dict[str, Any]:
    payee = uuid4()
    permit = for_stripe(uuid4(), payee=payee)
    return {"recipient": recipient, "reference": uuid4(), "permit": permit, "payee": payee}


def test_the_cardholder_is_the_organisation_as_its_settings_name_it(spoken: list[Exchange]) -> None:
    (made,) = [one for one in spoken if one.path == "/v1/issuing/cardholders"]
    said = [value for _, value in (pair.split("=", 1) for pair in made.body.split("&"))]
    assert {unquote_plus(value) for value in said} == {"company", "US", *HOLDER.split("; ")}


def test_stripe_hears_nothing_of_the_machine_we_run_on(spoken: list[Exchange]) -> None:
    for one in spoken:
        assert not [name for name in one.headers if name.lower().startswith("x-stripe-client")]
        agent = one.headers["User-Agent"].split(" ")
        assert [word.split("/")[0] for word in agent] == ["Stripe", "PythonBindings"]
