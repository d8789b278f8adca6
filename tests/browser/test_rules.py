"""A program officer changes an income limit in the browser, and a colleague approves it."""

from __future__ import annotations

import copy
import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, expect

from reunify.sandbox.families import sample_family
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_walk import SHOTS, shoot, sign_in, submitted

# What a screen reader and a keyboard need, on every page of the walk.
_WITHOUT_A_NAME = """
() => ["input:not([type=hidden])", "select", "textarea", "button", "a"]
  .flatMap(kind => [...document.querySelectorAll("main " + kind)])
  .filter(e => {
    const label = e.labels && e.labels.length ? e.labels[0].textContent : "";
    const name = e.getAttribute("aria-label") || label || e.textContent || e.title || "";
    return !name.trim();
  })
  .map(e => e.outerHTML.slice(0, 120))
"""
_TWICE = """
() => { const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
        return ids.filter((id, n) => ids.indexOf(id) !== n); }
"""
_POINTS_NOWHERE = """
() => [...document.querySelectorAll("[aria-describedby], [aria-labelledby], label[for]")]
  .map(e => e.getAttribute("aria-describedby") || e.getAttribute("aria-labelledby") || e.htmlFor)
  .flatMap(ids => ids.trim().split(/ +/))
  .filter(id => !document.getElementById(id))
"""


def look(page: Page, name: str) -> None:
    """Wide and on a phone; every control has a name, every id is one thing's, every pointer leads on."""
    shoot(page, name)
    assert page.evaluate(_WITHOUT_A_NAME) == []
    assert page.evaluate(_TWICE) == []
    assert page.evaluate(_POINTS_NOWHERE) == []
    levels = [
        int(tag[1])
        for tag in page.eval_on_selector_all(
            "main h1, main h2, main h3, main h4", "es => es.map(e => e.tagName)"
        )
    ]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


def test_an_income_limit_is_changed_by_one_and_approved_by_another(site: Site, open_page: OpenPage) -> None:
    told = copy.deepcopy(sample_family("e", date.today()).draft)
    told["household"]["yearly_income_cents"] = 6_000_000  # at 110 percent of the limit
    submitted(site, told)
    noor = open_page()
    sign_in(noor, "noor")
    noor.get_by_role("link", name="Rules", exact=True).click()
    look(noor, "rules")
    draft = begun(noor)
    look(noor, "rules-draft")

    noor.get_by_role("link", name=re.compile("^DR-05")).click()
    look(noor, "rules-requirement")
    limit(noor, "lots")
    noor.get_by_role("button", name="Save", exact=True).last.click()
    expect(noor.get_by_role("alert")).to_contain_text("lots")
    look(noor, "rules-requirement-problem")
    limit(noor, "120")
    noor.get_by_role("button", name="Save and go back to the draft").click()
    examples_are_mended(noor)
    noor.goto(f"{draft}/tables/0")
    look(noor, "rules-table")
    noor.goto(f"{draft}/text")
    look(noor, "rules-text")
    noor.goto(draft)
    noor.get_by_role("button", name="Hand in for review").click()
    expect(noor.get_by_role("status")).to_contain_text("It is handed in.")
    look(noor, "rules-version-review")
    version = noor.url.split("?")[0]

    site.work_off()
    ada = open_page()
    sign_in(ada, "ada")
    ada.goto(f"{version}/replay")
    expect(ada.get_by_role("img", name=re.compile("^After: "))).to_be_visible()
    look(ada, "rules-replay")
    ada.goto(version)
    ada.get_by_label("Reason, or what to mend").fill("The board decided it.")
    ada.get_by_role("button", name="Approve: in force from its day on").click()
    expect(ada.get_by_role("status")).to_contain_text("Approved.")
    look(ada, "rules-version-approved")
    ada.emulate_media(media="print")
    expect(ada.get_by_role("heading", name="Requirements")).to_be_visible()
    expect(ada.get_by_role("heading", name="Take it away")).to_be_hidden()
    if SHOTS:
        ada.screenshot(path=Path(SHOTS) / "rules-version-print.png", full_page=True)


def begun(page: Page) -> str:
    card = page.locator(
        "section", has=page.get_by_role("heading", name=re.compile("^Domestic reunification"))
    )
    card.get_by_text("Change these rules").click()
    card.get_by_label("From which day on").fill((date.today() + timedelta(days=1)).isoformat())
    card.get_by_role("button", name="Begin a draft of the change").click()
    return page.url.split("?")[0]


def limit(page: Page, percent: str) -> None:
    page.get_by_role("textbox", name="Value", exact=True).fill(percent)


def examples_are_mended(page: Page) -> None:
    page.get_by_role("link", name="Change and run the examples").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1 fails")
    look(page, "rules-examples")
    page.get_by_role("row", name=re.compile("Fails")).get_by_role("link", name=re.compile("^Change")).click()
    page.get_by_label("What the example shows").fill("Just over the limit")
    page.get_by_label("Income as a percent of the organisation's limit").first.fill("121")
    page.get_by_role("button", name="Save the example").click()
    expect(page.get_by_text("Fails", exact=True)).to_have_count(0)


def test_without_script_on_a_phone_a_case_manager_reads_why(site: Site, open_page: OpenPage) -> None:
    """Signed in with script, as a passkey needs it; read without."""
    phone = open_page(wide=False, dark=True)
    sign_in(phone, "ana")
    cookies = phone.context.cookies()
    bare = open_page(wide=False, script=False, dark=True)
    bare.context.add_cookies(cookies)  # type: ignore[arg-type]  # what one context gives another takes
    bare.goto("/rules")
    bare.get_by_role("link", name=re.compile("Domestic reunification fund")).click()
    expect(bare.get_by_role("heading", level=1)).to_contain_text("Domestic reunification fund")
    expect(bare.get_by_text("is at most 100")).to_be_visible()
    expect(bare.get_by_role("button", name=re.compile("Approve|retire|Replay"))).to_have_count(0)
    shoot(bare, "rules-version-dark")
