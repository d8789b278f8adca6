"""A real server in a thread and a real Chromium, which fails the test on any complaint of its own."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from reunify.bootstrap import House, utc_now
from reunify.db import Database
from reunify.web.app import create
from tests.web.pages_world import house_over, work_off

ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_LISTEN = """
addEventListener("securitypolicyviolation", e => console.error("CSP: " + e.violatedDirective));
"""


@dataclass(frozen=True)
class Site:
    """The running house."""

    house: House
    address: str

    def work_off(self) -> None:
        """What the worker does: everything that waits, until nothing does."""
        work_off(self.house)


@pytest.fixture
def house_clock() -> Callable[[], datetime]:
    """The wall's; a module that tells of one night has its own."""
    return utc_now


@pytest.fixture
def site(db: Database, tmp_path: Path, house_clock: Callable[[], datetime]) -> Iterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"  # a passkey needs a name
    with house_over(db, tmp_path, house_clock, address) as house:
        server = uvicorn.Server(
            uvicorn.Config(create(house), host="127.0.0.1", port=port, log_level="error", ws="none")
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        ends = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < ends, "the server did not start"
            time.sleep(0.02)
        yield Site(house, address)
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("There is no Chromium here: `make chromium` installs it.")
    with sync_playwright() as playwright:
        environment = {name: value for name, value in os.environ.items() if name != "FONTCONFIG_FILE"}
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS, env=environment)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """A page of a fresh browser: `wide` a desk, else a phone; `script=False` without JavaScript."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def heard(message: ConsoleMessage) -> None:
        # A form shown again with its problems; a page that asks for the passkey first.
        expected = any(f"status of {code}" in message.text for code in (401, 422))
        if message.type in ("error", "warning") and not expected:
            complaints.append(message.text)

    def opened(*, wide: bool = True, script: bool = True, dark: bool = False, locale: str = "en-US") -> Page:
        context = chromium.new_context(
            base_url=site.address,
            viewport={"width": 1280, "height": 900} if wide else {"width": 390, "height": 844},
            java_script_enabled=script,
            locale=locale,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        if script:
            context.add_init_script(_LISTEN)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
