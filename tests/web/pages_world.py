"""A house over the test's database, its people, and browsers without a screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr

from flows.registry import works
from reunify.bootstrap import House, build
from reunify.db import Database
from reunify.files import objects
from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.seed import fill
from reunify.settings import Settings
from reunify.vault import keyring
from tests import town
from tests.apps import app_of, closed
from tests.statements import shared

__all__ = [
    "PasskeysHere",
    "TestClient",
    "as_sent",
    "browser",
    "house_over",
    "read_form",
    "sign_in",
    "signed_in",
    "step_up",
    "text",
    "work_off",
]

OWN_PAGES = {"sec-fetch-site": "same-origin"}


class PasskeysHere:
    """What the simulator answers for the demo's people, without the simulator."""

    def sign(self, *, username: str, options: str, origin: str) -> dict[str, Any]:
        return SoftwarePasskey(username).sign(json.loads(options), origin)


@contextmanager
def house_over(
    db: Database, data: Path, now: Callable[[], datetime], public_url: str = "https://testserver"
) -> Iterator[House]:
    """The real house over the test's database, filled like the demo; no Stripe, no Prefect."""
    before, store = keyring.current(), objects.current()
    settings = Settings(data=data, database_url=SecretStr(db.url), sandbox=True, public_url=public_url)
    house = replace(build(settings, now=now), demo_authenticator=PasskeysHere())
    shared(house.db)
    keyring.use(before)  # whatever the database was filled with before was sealed under this ring
    objects.use(store)
    try:
        with house.db.work() as session:
            fill(session, now=now())
        yield house
    finally:
        closed(house)
        house.db.dispose()
        keyring.use(before)


AGAIN = town.AGAIN


def work_off(house: House) -> None:
    """What the worker does: everything that waits, until nothing does."""
    for _ in range(10):
        moved = sum(w.run(waiting, None) for w in works(house) if (waiting := w.find(house.db, 50)))
        if not moved:
            return


def browser(house: House) -> TestClient:
    """Follows redirects, keeps cookies, says where its posts come from, as browsers do."""
    name = urlsplit(house.settings.own_url).hostname  # over https, so that Secure cookies come back
    return TestClient(app_of(house), base_url=f"https://{name}", headers=OWN_PAGES)


def signed_in(house: House, username: str) -> TestClient:
    client = browser(house)
    sign_in(client, house, username)
    return client


def sign_in(client: TestClient, house: House, username: str) -> None:
    """With the person's software passkey, which also counts as proved for the next five minutes."""
    options = client.post("/sign-in/passkey/options")
    assert options.status_code == 200, options.text
    signed = SoftwarePasskey(username).sign(options.json(), house.settings.own_url)
    answer = client.post("/sign-in/passkey", data={"credential": json.dumps(signed)})
    assert answer.status_code == 200, answer.text


def step_up(client: TestClient, house: House, username: str) -> None:
    """Prove the passkey once more, in the session the client has."""
    options = client.post("/step-up/options").json()
    signed = SoftwarePasskey(username).sign(options, house.settings.own_url)
    answer = client.post("/step-up", data={"credential": json.dumps(signed), "next": "/"})
    assert answer.status_code == 200, answer.text


def text(answer: Response) -> str:
    """The page as read aloud: no markup, single spaces."""
    reader = _Reader()
    reader.feed(answer.text)
    return re.sub(r"\s+", " ", " ".join(reader.said)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@dataclass
class Control:
    name: str
    value: str


class FormReader(HTMLParser):
    """What a browser would send for the form on the page if nobody typed anything."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Control] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.labelled: set[str] = set()
        self.controls: set[str] = set()
        self._select: str | None = None
        self._chosen: str | None = None
        self._area: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if at.get("id"):
            self.ids.add(str(at["id"]))
        if tag == "a" and at.get("href"):
            self.links.append(str(at["href"]))
        if tag == "label" and at.get("for"):
            self.labelled.add(str(at["for"]))
        if tag in ("input", "select", "textarea") and at.get("type") not in ("hidden", "checkbox"):
            self.controls.add(str(at.get("id")))
        name = at.get("name")
        if tag == "input" and name and (at.get("type") not in ("checkbox", "radio") or "checked" in at):
            self.sent.append(Control(name, at.get("value") or ""))
        elif tag == "select" and name:
            self._select, self._chosen = name, None
        elif tag == "option" and self._select and ("selected" in at or self._chosen is None):
            self._chosen = at.get("value") or ""
        elif tag == "textarea" and name:
            self._area = Control(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self.sent.append(Control(self._select, self._chosen or ""))
            self._select = None
        elif tag == "textarea" and self._area:
            self.sent.append(self._area)
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area.value += data


def read_form(answer: Response) -> FormReader:
    reader = FormReader()
    reader.feed(answer.text)
    return reader


def as_sent(answer: Response, **changes: str) -> dict[str, Any]:
    """The fields of the page's form, with some typed over (`do` is the button)."""
    sent: dict[str, Any] = {}
    for control in read_form(answer).sent:
        if control.name in sent:
            kept = sent[control.name]
            sent[control.name] = [*(kept if isinstance(kept, list) else [kept]), control.value]
        else:
            sent[control.name] = control.value
    return sent | changes
