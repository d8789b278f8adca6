"""Chromium's own passkeys: one is added, signs in by itself, and confirms a release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from reunify.sandbox.families import sample_family
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_walk import shoot, sign_in, submitted
from tests.web.pages_world import signed_in

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@contextmanager
def passkey_in(page: Page) -> Iterator[None]:
    """This browser now has a passkey of its own, which says yes at once."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})


def six_minutes_pass(site: Site) -> None:
    """Every proof is old now."""
    old = datetime.now(UTC) - timedelta(minutes=6)
    with site.house.db.work() as session:
        session.execute(sa.text("UPDATE staff_sessions SET proved_at = :old"), {"old": old})


def approved_award(site: Site) -> str:
    """A family above the small-amount limit, approved by Ben; the page of its award."""
    request = submitted(site, sample_family("b", date.today() + timedelta(days=3)).draft)
    ben = signed_in(site.house, "ben")
    award = ben.get(f"/api/v1{request}/progress").json()["award"]["id"]
    assert ben.post(f"/api/v1/awards/{award}/approval").status_code == 200
    return f"/awards/{award}"


@pytest.mark.asvs("6.3.3", "7.5.3")
def test_a_passkey_is_added_signs_in_and_confirms_a_release(site: Site, open_page: OpenPage) -> None:
    award = approved_award(site)
    desk = open_page()
    sign_in(desk, "carla")
    with passkey_in(desk):
        desk.get_by_role("link", name="Carla Nguyen").click()
        shoot(desk, "security")
        desk.get_by_label("What to call it").fill("Office key")
        desk.get_by_role("button", name="Add a passkey").click()
        expect(desk.get_by_role("status").first).to_have_text("The passkey is added.")

        desk.get_by_role("button", name="Sign out").click()
        desk.get_by_role("button", name="Sign in with a passkey").click()
        expect(desk.get_by_role("heading", name="Work list")).to_be_visible()

        six_minutes_pass(site)
        desk.goto(award)
        desk.get_by_role("button", name="Release $").click()
        expect(desk.get_by_role("heading", name="Confirm it is you")).to_be_visible()
        shoot(desk, "step-up")
        desk.get_by_role("button", name="Use your passkey").click()
        expect(desk.get_by_role("status").first).to_have_text(
            "The award is released. Payments and letters follow by themselves."
        )


def test_without_script_the_demos_passkey_signs_in_and_confirms_too(site: Site, open_page: OpenPage) -> None:
    award = approved_award(site)
    desk = open_page(script=False)
    sign_in(desk, "carla")
    six_minutes_pass(site)
    desk.goto(award)
    desk.get_by_role("button", name="Release $").click()
    desk.get_by_role("button", name="Use the demo's software passkey").click()
    expect(desk.get_by_role("heading", name="Confirmed")).to_be_visible()
    desk.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("status").first).to_contain_text("The award is released.")


def test_a_person_who_turns_the_passkey_away_is_told_and_may_try_again(
    site: Site, open_page: OpenPage
) -> None:
    desk = open_page()
    desk.goto("/sign-in")
    with passkey_in(desk):  # it holds no passkey for this house
        desk.get_by_role("button", name="Sign in with a passkey").click()
        expect(desk.get_by_text("Nothing was confirmed. Please try again.")).to_be_visible(timeout=70_000)
