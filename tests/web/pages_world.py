"""A house over the test's database, its people, and browsers without a screen."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from httpx import Response

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.bootstrap import ROOT, House
from reunify.db import Database
from reunify.rates.fields import dictionary
from reunify.sandbox.people import PEOPLE
from reunify.sandbox.seed import fill
from reunify.settings import Settings
from reunify.web.app import create

with warnings.catch_warnings():  # Starlette now prefers another HTTP client than the one we have
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["TestClient", "as_sent", "browser", "build_house", "read_form", "signed_in", "text"]

OWN_PAGES = {"sec-fetch-site": "same-origin"}


def build_house(db: Database, data: Path, now: Callable[[], datetime]) -> House:
    """The real parts over the test's database; no Stripe, no Prefect."""
    with db.work() as session:
        fill(session, now=now())
    return House(
        settings=Settings(data=data, sandbox=True, public_url="https://testserver"),
        db=db,
        renderer=DocxRenderer(ROOT / "document_templates"),
        converter=DxpdfConverter(),
        gateway=None,
        case_types=dictionary().case_types,
        webhook_secrets=(),
        now=now,
    )


def browser(house: House) -> TestClient:
    """Follows redirects, keeps cookies, says where its posts come from, as browsers do."""
    return TestClient(create(house), base_url="https://testserver", headers=OWN_PAGES)


def signed_in(house: House, username: str) -> TestClient:
    client = browser(house)
    password = next(p.password for p in PEOPLE if p.username == username)
    answer = client.post("/sign-in", data={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return client


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
        if tag == "input" and name and (at.get("type") != "checkbox" or "checked" in at):
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
