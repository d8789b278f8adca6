"""What lapses and what looks paid twice, in the browser; a finding is kept with its reason."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import expect

from reunify.sandbox.families import sample_family
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_rules import look
from tests.browser.test_walk import sign_in, submitted


def test_finance_reads_what_lapses_and_finds_a_duplicate_to_be_none(site: Site, open_page: OpenPage) -> None:
    draft = sample_family("b", date.today() + timedelta(days=3)).draft
    for _ in range(2):
        submitted(site, draft)
    desk = open_page()
    sign_in(desk, "ben")
    desk.get_by_role("link", name="Funds", exact=True).click()
    desk.get_by_role("link", name="What lapses, and when").click()
    expect(desk.get_by_text("2 CFR 200.405(c)")).to_be_visible()
    desk.get_by_text("By category").first.click()
    look(desk, "fund-forecast")
    desk.goto("/funds")
    desk.get_by_role("link", name="Paid twice?").click()
    first = desk.locator("section.card").first
    expect(first).to_contain_text("To be looked at")
    first.get_by_text("Looked at: it is no duplicate").click()
    first.get_by_role("button", name="Keep that it is no duplicate").click()
    expect(desk.get_by_role("alert")).to_contain_text("Say in a sentence why it is none")
    look(desk, "fund-duplicates-problem")
    desk.get_by_label("It is no duplicate, because").first.fill("Two trips: the first plan was given up.")
    desk.get_by_role("button", name="Keep that it is no duplicate").first.click()
    expect(desk.get_by_role("status")).to_contain_text("Your finding is kept")
    look(desk, "fund-duplicates")
