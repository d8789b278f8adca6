"""An award is opened, bound and drawn on in the browser, by whoever keeps the funds."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import Page, expect

from reunify.sandbox.families import sample_family
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_rules import look
from tests.browser.test_walk import sign_in, submitted


def test_an_award_is_opened_bound_and_drawn_on(site: Site, open_page: OpenPage) -> None:
    submitted(site, sample_family("b", date.today() + timedelta(days=3)).draft)
    desk = open_page()
    sign_in(desk, "ada")
    desk.get_by_role("link", name="Funds", exact=True).click()
    look(desk, "funds")
    desk.get_by_role("link", name="Open a new fund").click()
    opens(desk)
    expect(desk.get_by_role("status")).to_contain_text("The source is open.")

    changed(desk, "Add a condition", {"Where it is written": "Special condition 7"}, "Add the condition")
    expect(desk.get_by_role("alert")).to_contain_text("Please fill this in.")
    expect(desk.get_by_label("Where it is written")).to_have_value("Special condition 7")
    look(desk, "fund-problem")
    desk.get_by_label("What needs the funder's approval first").fill("Travel abroad")
    desk.get_by_role("button", name="Add the condition").click()
    expect(desk.get_by_text("Approval needed")).to_be_visible()
    changed(
        desk,
        "The funder approved: lift a condition",
        {"The funder's approval": "Letter 14", "Why": "asked and granted"},
        "Lift it",
    )
    expect(desk.get_by_text("Letter 14")).to_be_visible()
    changed(
        desk,
        "Write a drawdown down",
        {"Amount (dollars)": "1,500.00", "The funder's reference": "P-1", "Why": "needed this week"},
        "Write the drawdown down",
    )
    expect(desk.get_by_text("more is on hand than is needed at once")).to_be_visible()
    changed(
        desk,
        "Amend what is authorized",
        {
            "Authorized in all (dollars)": "9000",
            "Holds from": (date.today() + timedelta(days=9)).isoformat(),
            "Why": "amendment 1",
        },
        "Amend",
    )
    expect(desk.get_by_text("Later", exact=True)).to_be_visible()
    changed(
        desk, "Set a limit", {"At most (dollars, or trips)": "2500", "Why": "award term 4"}, "Set the limit"
    )
    look(desk, "fund-award")
    desk.goto("/funds/domestic_reunification")
    expect(desk.get_by_role("heading", name="Open on it")).to_be_visible()
    look(desk, "fund-domestic")
    desk.goto("/funds/partner_hotel_nights")
    look(desk, "fund-nights")


def opens(desk: Page) -> None:
    desk.get_by_role("button", name="Open it").click()
    expect(desk.get_by_role("alert")).to_be_visible()
    look(desk, "fund-new-problem")
    for label, typed in {
        "Code": "sample_award",
        "Name for staff": "Sample award",
        "Name families read": "Travel help",
        "Last day": (date.today() + timedelta(days=200)).isoformat(),
        "Award number": "15PSAM-00-GG-00001",
        "Assistance listing": "99.999",
        "Transport: authorized": "6,000.00",
        "Meals: authorized": "1500",
        "Why": "awarded",
    }.items():
        desk.get_by_label(label).first.fill(typed)
    desk.get_by_role("button", name="Open it").click()


def changed(desk: Page, part: str, typed: dict[str, str], button: str) -> None:
    """Fill the folded form and send it."""
    fold = desk.locator("details", has=desk.get_by_text(part, exact=True))
    fold.locator("summary").click()
    for label, value in typed.items():
        fold.get_by_label(label).fill(value)
    fold.get_by_role("button", name=button).click()
