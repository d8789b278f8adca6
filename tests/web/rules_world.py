"""A lasting house whose rules are in force, and the people who read and change them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from httpx2 import Response

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.sandbox.people import PEOPLE_BY_NAME, hire
from tests.apps import app_of
from tests.lasting import lasting_database
from tests.web.pages_world import OWN_PAGES, FormReader, TestClient, house_over, sign_in, text, work_off

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
FUND = "domestic_reunification"
SHA = re.compile(r"/rules/versions/([0-9a-f]{64})")


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Hall:
    """One application for every browser of the module; each person signs in once."""

    house: House
    app: FastAPI
    clock: Clock
    _in: dict[str, TestClient] = field(default_factory=dict)

    def as_(self, username: str) -> TestClient:
        if username not in self._in:
            client = TestClient(self.app, base_url="https://testserver", headers=OWN_PAGES)
            sign_in(client, self.house, username)
            self._in[username] = client
        return self._in[username]

    def newest(self, source: str = FUND) -> str:
        """The fingerprint of the source's newest version in the list."""
        page = self.as_("dee").get("/rules").text
        return str(SHA.findall(page[page.index(f'id="source-{source}"') :])[0])

    def work_off(self) -> None:
        work_off(self.house)

    def begin(self, day: str, source: str = FUND, who: str = "noor") -> str:
        """A draft of a change of the source's newest rules; the path of its page."""
        sent = {"source": source, "based_on": self.newest(source), "effective_from": day}
        answer = self.as_(who).post("/rules/drafts", data=sent)
        assert answer.status_code == 200, text(answer)
        return str(answer.url.path)

    def revision(self, draft: str) -> str:
        found = re.search(r'name="revision" value="(\d+)"', self.as_("noor").get(f"{draft}/text").text)
        assert found
        return found[1]

    def requirement(self, draft: str, name: str) -> str:
        """The path of the requirement's page."""
        page = self.as_("noor").get(draft).text
        found = re.search(rf'href="({draft}/requirements/\d+)"><strong class="mono">{name}<', page)
        assert found, f"{name} is not on the page"
        return found[1]

    def typed(self, path: str, who: str = "noor", **changes: str) -> Response:
        """The form of a page sent again with some fields typed over."""
        client = self.as_(who)
        return client.post(path, data=form_of(client.get(path), path, **changes))

    def keep_text(self, draft: str, old: str, new: str) -> Response:
        """The rule file's text with one thing written otherwise."""
        sent = form_of(self.as_("noor").get(f"{draft}/text"), f"{draft}/text")
        assert old in sent["rules"]
        sent["rules"] = sent["rules"].replace(old, new, 1)
        return self.as_("noor").post(f"{draft}/text", data=sent)


def form_of(page: Response, action: str, **changes: str) -> dict[str, Any]:
    """What a browser would send for the page's form to this address, with some fields typed over."""
    found = re.search(
        rf'<form [^>]*action="{re.escape(action)}(?:#\w+)?"[^>]*>(.*?)</form>', page.text, re.DOTALL
    )
    assert found, f"no form to {action}: {text(page)}"
    reader = FormReader()
    reader.feed(found[1])
    sent: dict[str, Any] = {}
    for control in reader.sent:
        held = sent.setdefault(control.name, [])
        held.append(control.value.removeprefix("\n"))
    return {name: values if len(values) > 1 else values[0] for name, values in sent.items()} | changes


@pytest.fixture(scope="module")
def hall(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    data, clock = tmp_path_factory.mktemp("hall"), Clock()
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, clock) as house,
    ):
        with house.db.work() as session:
            hire(session, PEOPLE_BY_NAME["sam"], now=NOW)
        yield Hall(house, app_of(house), clock)
