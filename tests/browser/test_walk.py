"""One family's whole way through the pages, from the form to what the mother reads in Spanish."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from reunify.sandbox.families import sample_family
from reunify.sandbox.people import EVERYBODY
from reunify.web.pages.form_fields import GROUPS
from tests.browser.conftest import OpenPage, Site
from tests.web.pages_world import AGAIN, signed_in
from tests.web.test_pages_form_fields import as_posted

SHOTS = os.environ.get("SHOTS_FOLDER")  # a folder: keep pictures of every page there

# Which list a choice of someone or something is made from.
NAMED = {"released_to": "/travelers", "traveler": "/travelers", "payee": "/payees", "leg": "/legs"}


def settled_width(page: Page, most: int) -> int:
    """How wide the page is once the browser, on a busy machine, has laid it out for its new size."""
    until = time.monotonic() + 3
    while True:
        page.wait_for_load_state("domcontentloaded")  # between two pages there is no document to measure
        found = int(page.evaluate("document.documentElement?.scrollWidth ?? 1e6"))
        if found <= most or time.monotonic() > until:
            return found
        page.wait_for_timeout(50)


def shoot(page: Page, name: str) -> None:
    """The same page at a desk and on a phone; nothing may stick out sideways on either."""
    size = page.viewport_size
    for label, width in (("wide", 1280), ("phone", 390)):
        page.set_viewport_size({"width": width, "height": 900})
        if label == "phone":
            assert settled_width(page, width) <= width, f"{name} is too wide"
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{label}.png", full_page=True)
    if size:
        page.set_viewport_size(size)


def sign_in(page: Page, username: str) -> None:
    person = next(p for p in EVERYBODY if p.username == username)
    page.goto("/sign-in")
    page.get_by_label("Name").fill(person.username)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use the demo's software passkey").click()
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()


def type_request(page: Page, draft: dict[str, Any]) -> None:
    """Every field by hand, after asking for as many travelers, legs, payees and lines as it has."""
    page.goto("/requests/new")
    keys: dict[tuple[str, str], str] = {}
    for group in (g for g in GROUPS if g.one):
        wanted = draft[group.pointer[1:]]
        have = page.locator(f'input[name^="{group.pointer}/"][name$="/key"]')
        while have.count() < len(wanted):
            page.get_by_role("button", name=f"Add a {group.one}").click()
            page.wait_for_load_state()
        for number, thing in enumerate(wanted):
            keys[group.pointer, thing["key"]] = have.nth(number).input_value()
    folded = page.locator("details:not([open]) > summary")
    while folded.count():
        folded.first.click()
    for name, value in as_posted(draft):
        if name.endswith("/key"):
            continue
        control = page.locator(f'[name="{name}"]')
        if name.endswith("/travelers"):
            page.locator(f'[name="{name}"][value="{keys["/travelers", value]}"]').check()
        elif control.get_attribute("type") == "checkbox":
            control.check()
        elif control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(keys.get((NAMED.get(name.rpartition("/")[2], ""), value), value))
        else:
            control.fill(value)


def test_a_request_walks_from_the_form_to_the_mothers_page(site: Site, open_page: OpenPage) -> None:
    draft = sample_family("b", date.today() + timedelta(days=3)).draft
    desk = open_page()
    desk.goto("/sign-in")
    shoot(desk, "sign-in")
    sign_in(desk, "ana")

    desk.goto("/requests/new")
    desk.get_by_role("button", name="Submit for checking").click()
    expect(desk.get_by_role("alert")).to_contain_text("Case number: Please fill this in.")
    shoot(desk, "form-problems")

    type_request(desk, draft)
    shoot(desk, "form")
    desk.get_by_role("button", name="Submit for checking").click()
    expect(desk.get_by_role("status")).to_contain_text("The request is submitted.")
    request_page = desk.url.split("?")[0]
    site.work_off()
    desk.goto(request_page)
    expect(desk.get_by_text("Awaiting approval").first).to_be_visible()
    shoot(desk, "request-awaiting")

    ben = open_page()
    sign_in(ben, "ben")
    shoot(ben, "work-list")
    ben.goto("/finance")
    shoot(ben, "finance")
    ben.locator("#approve").locator("..").get_by_role("link").first.click()
    shoot(ben, "award")
    expect(ben.get_by_role("button", name="Approve and release")).to_have_count(0)
    ben.get_by_role("button", name="Approve $").click()
    expect(ben.get_by_text("You approved this award. Above")).to_be_visible()
    award_page = ben.url.split("?")[0]

    desk.goto(award_page)
    expect(desk.get_by_text("Only a finance releaser can do this.")).to_be_visible()
    family_may_not_read_approved_yet(desk, open_page, request_page)

    carla = open_page()
    sign_in(carla, "carla")
    carla.goto(award_page)
    carla.get_by_role("button", name="Release $").click()
    expect(carla.get_by_role("status")).to_contain_text("The award is released.")
    shoot(carla, "award-released")
    site.work_off()

    log_everything(site, ben, carla)
    desk.goto(request_page)
    expect(desk.locator("h1").locator("../..").locator(".tag")).to_have_text("Paid")
    shoot(desk, "request-paid")
    carla.goto("/funds")
    shoot(carla, "funds")
    mother_reads(desk, open_page, request_page)


def family_may_not_read_approved_yet(desk: Page, open_page: OpenPage, request_page: str) -> None:
    desk.goto(request_page)
    phone = open_page(wide=False, locale="es-MX")
    open_door(desk, phone)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Estamos organizando su viaje")
    expect(phone.get_by_text(re.compile("aprobado"))).to_have_count(0)
    shoot(phone, "family-arranging-es")


def first_link(desk: Page) -> tuple[str, str]:
    """From the request's page: the address and the PIN, shown once."""
    desk.get_by_role("button", name="Make the family link").click()
    address, pin = desk.locator(".secret").all_inner_texts()
    return address, pin


def link_anew(desk: Page, reader: str) -> tuple[str, str]:
    """From the request's page, after a call to the number on file; without one, nothing is made."""
    desk.get_by_role("link", name="Each reader's link").click()
    card = desk.locator("section", has=desk.get_by_role("heading", name=reader, exact=True))
    card.get_by_role("button", name="Make a new link").click()
    expect(desk.get_by_role("alert")).to_be_visible()
    expect(desk.locator(".secret")).to_have_count(0)
    shoot(desk, "family-links-problem")
    card.get_by_role("radio").first.check()
    card.get_by_role("button", name="Make a new link").click()
    address, pin = desk.locator(".secret").all_inner_texts()
    return address, pin


def open_door(desk: Page, phone: Page) -> None:
    """Ana makes the link, the mother types the PIN she was told."""
    address, pin = first_link(desk)
    phone.goto(address)
    assert "/f/" not in phone.url
    phone.get_by_label("Los 6 números").fill(pin)
    phone.get_by_role("button", name="Abrir mi plan").click()


def log_everything(site: Site, ben: Page, carla: Page) -> None:
    """Ben writes down what was paid elsewhere, Carla checks it; neither can do both."""
    while True:
        ben.goto("/finance")
        waiting = ben.locator("#log").locator("..").get_by_role("link")
        if not waiting.count():
            return
        waiting.first.click()
        options = ben.get_by_label("How it was paid").locator("option")
        nights = "Hotel night" in options.all_inner_texts()
        shoot(ben, "payment-to-log")
        ben.get_by_label("How it was paid").select_option(label="Hotel night" if nights else "Vendor payment")
        ben.get_by_label("Number on the paper").fill("SAMPLE-4471")
        ben.get_by_label("What you have seen").fill("Bill seen, bank line matched.")
        ben.get_by_role("button", name="Write down").click()
        expect(ben.get_by_text("You wrote this payment down: ask a colleague to check it.")).to_be_visible()
        ben.get_by_text("The partner confirmed it in a message").click()
        ben.get_by_label("Organisation").fill("Prairie Air")
        ben.get_by_label("The message came on").fill(datetime.now(UTC).date().isoformat())
        ben.get_by_label("The message, as it came").fill("We have received your payment.")
        ben.get_by_role("button", name="Attach this message").click()
        expect(ben.get_by_text("Message from Prairie Air")).to_be_visible()
        shoot(ben, "payment-recorded")
        carla.goto(ben.url.split("?")[0])
        carla.get_by_role("button", name="Verify this payment").click()
        expect(carla.get_by_role("status")).to_contain_text("verified")


def mother_reads(desk: Page, open_page: OpenPage, request_page: str) -> None:
    desk.goto(request_page)
    phone = open_page(wide=False, script=False, locale="es-MX")
    address, pin = link_anew(desk, "Marisol Quintero Vega")
    shoot(desk, "family-link")
    phone.goto(address)
    if SHOTS:
        phone.screenshot(path=Path(SHOTS) / "family-door-es.png", full_page=True)
    phone.get_by_label("Los 6 números").fill(pin)
    phone.get_by_role("button", name="Abrir mi plan").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Su viaje está aprobado")
    expect(phone.get_by_text("hora estándar de la Montaña").first).to_be_visible()
    if SHOTS:
        phone.screenshot(path=Path(SHOTS) / "family-approved-es.png", full_page=True)
        phone.goto("/family?lang=en")
        phone.screenshot(path=Path(SHOTS) / "family-approved-en.png", full_page=True)
        phone.goto("/family")
    with phone.expect_download() as fetched:
        phone.get_by_role("link", name=re.compile("^PDF: Carta")).first.click()
    assert fetched.value.suggested_filename.startswith("approval-letter-")
    phone.get_by_role("link", name="Salir de esta página")


def submitted(site: Site, draft: dict[str, Any]) -> str:
    """Entered by Ana over the API and checked; the path of its page."""
    ana = signed_in(site.house, "ana")
    kept = ana.post("/api/v1/requests", json=draft).json()
    assert ana.post(f"/api/v1/requests/{kept['id']}/submission", json=AGAIN).status_code == 202
    site.work_off()
    return f"/requests/{kept['id']}"


def test_a_question_and_a_refusal_are_dealt_with_at_night_in_dark_colours(
    site: Site, open_page: OpenPage
) -> None:
    asked = submitted(site, sample_family("f", date.today()).draft)
    refused = submitted(site, sample_family("e", date.today()).draft)
    desk = open_page(dark=True)
    sign_in(desk, "ana")
    shoot(desk, "work-list-dark")
    desk.goto(asked)
    shoot(desk, "question-dark")
    desk.get_by_role("button", name="Keep the answers").click()
    expect(desk.get_by_role("alert")).to_contain_text("Answer at least one question.")
    desk.get_by_label("Report number").fill("SG-26-30981")
    desk.get_by_role("button", name="Keep the answers").click()
    expect(desk.get_by_role("status")).to_contain_text("The answers are kept.")

    desk.goto(refused)
    phone = open_page(wide=False, dark=True)
    address, pin = first_link(desk)
    shoot(desk, "family-link-dark")
    desk.get_by_role("link", name="Back to the request").click()
    desk.get_by_role("link", name="Look at the refusal").click()
    shoot(desk, "refusal-dark")
    desk.get_by_role("button", name="Confirm, and let the letter go").click()
    site.work_off()
    phone.goto(address)
    phone.get_by_label("The 6 numbers").fill(pin)
    phone.get_by_role("button", name="Open my plan").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("We wrote you a letter")
    shoot(phone, "family-letter-dark")
    phone.goto("/family")
    phone.context.clear_cookies()
    assert phone.request.get("/family").status == 401


def test_the_keyboard_alone_reaches_the_form_and_the_problem_summary(site: Site, open_page: OpenPage) -> None:
    desk = open_page()
    sign_in(desk, "ana")
    desk.goto("/requests/new")
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Skip to the content")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Submit for checking").press("Enter")
    expect(desk.get_by_role("alert")).to_be_focused()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.locator("#f-asked_by-kind")).to_be_focused()
