"""The two pages of the night, on the smallest phone anybody still has, and without a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from reunify.db import Database
from reunify.identity import roster
from reunify.identity.duties import Duty, Span
from reunify.sandbox.money import sign_envelope
from reunify.sandbox.people import known_as
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_walk import settled_width, sign_in
from tests.emergencies import night_answers, typed
from tests.town import NOW

AT_NIGHT = NOW + timedelta(hours=17, minutes=7)  # 02:07 where the organisation is
SMALL = 360
FINGER = 44  # pixels each way of what a thumb must hit


@pytest.fixture
def db(settled_db: Database) -> Database:
    return settled_db


@pytest.fixture
def house_clock() -> Callable[[], datetime]:
    return lambda: AT_NIGHT


def phone(open_page: OpenPage, who: str) -> Page:
    page = open_page(wide=False, script=False)
    page.set_viewport_size({"width": SMALL, "height": 640})
    sign_in(page, who)
    return page


def fits(page: Page) -> None:
    """Nothing sticks out sideways, and the one act is as large as a thumb."""
    assert settled_width(page, SMALL) <= SMALL
    act = page.locator("main .acts button").first.bounding_box()
    assert act is not None
    assert act["height"] >= FINGER
    assert act["x"] + act["width"] <= SMALL


def test_twelve_answers_and_one_act_on_a_small_phone(site: Site, open_page: OpenPage) -> None:
    with site.house.db.work() as session:
        sign_envelope(session, now=NOW)
        roster.add_shift(
            session,
            duty=Duty.NIGHT_FINANCE,
            person_id=known_as(session, "ben").id,
            backup_id=known_as(session, "carla").id,
            span=Span(NOW, NOW + timedelta(days=1)),
            by=known_as(session, "ada"),
            now=NOW,
        )
    ana = phone(open_page, "ana")
    ana.goto("/requests/tonight")
    fits(ana)
    for name, value in typed(night_answers(child_place="Atlanta")).items():
        control = ana.locator(f'[name="{name}"]')
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    ana.get_by_role("button", name="Submit for tonight").click()
    expect(ana.get_by_role("alert")).to_contain_text("Where the child is")
    fits(ana)
    ana.get_by_label("Where the child is").fill("Atlanta, GA 30303")
    ana.get_by_role("button", name="Submit for tonight").click()
    expect(ana.get_by_role("status")).to_be_visible()
    site.work_off()

    ben = phone(open_page, "ben")
    ben.locator('main a[href^="/requests/"]').first.click()
    ben.locator('main a[href^="/awards/"]').first.click(timeout=5_000)
    fits(ben)
    ben.get_by_role("button", name="Approve and release").click()
    expect(ben.get_by_role("status")).to_contain_text("released")
