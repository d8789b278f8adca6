"""The pages of what lapses and of what looks paid twice; and the need of a request, which no family reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reunify.bootstrap import House
from reunify.db import Database
from reunify.funds import actions as funds
from reunify.ledger.policy import BudgetCategory, Scope
from reunify.rates.need_factors import need_versions
from tests.integration.closeout_world import KEEPER, OWN, Closing
from tests.integration.duplicates_world import finn_joins
from tests.town import Clock, Town
from tests.web.pages_world import browser, house_over, read_form, signed_in, text

FORECAST, DUPLICATES = "/funds/forecast", "/funds/duplicates"
REASON = "The first seat was never flown; the carrier's letter is in folder 3."


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 25, 14, 0, tzinfo=UTC))


@pytest.fixture
def house(db: Database, tmp_path: Path, clock: Clock) -> Iterator[House]:
    with house_over(db, tmp_path, clock) as built:
        yield built


@pytest.fixture
def closing(house: House, clock: Clock) -> Closing:
    return Closing(Town(house, clock, "", False))


def short_of_money(closing: Closing) -> str:
    """The reference of a request of $400 that gets $100."""
    today = closing.today
    for most in (10_000, 750_000):
        with closing.work() as session:
            funds.limit(
                session,
                code=OWN,
                scope=Scope.TRIP,
                at_most=most,
                effective_from=today,
                by=KEEPER,
                now=closing.town.clock(),
            )
        if most == 10_000:
            request = closing._entered(40_000)
    return str(closing.town.progress(str(request))["reference"])


def test_whoever_keeps_or_spends_or_audits_the_funds_reads_both_pages(closing: Closing) -> None:
    house = closing.town.house
    for username, status in (("ana", 403), ("sam", 403), ("ben", 200), ("dee", 200), ("ada", 200)):
        person = signed_in(house, username)
        assert person.get(FORECAST).status_code == status
        assert person.get(DUPLICATES).status_code == status
        assert ('href="/funds/forecast"' in person.get("/funds").text) == (status == 200)
    assert browser(house).get(FORECAST, follow_redirects=False).status_code == 303


def test_the_forecast_says_what_lapses_what_waits_and_that_lapse_is_no_basis(closing: Closing) -> None:
    closing.open(
        "sample_award",
        {BudgetCategory.TRANSPORT: 500_000},
        ends=closing.today + timedelta(days=30),
        award_number="15PSAM-00-GG-00001",
        assistance_listing="99.999",
    )
    closing.paid(40_000)
    reference = short_of_money(closing)
    ben = signed_in(closing.town.house, "ben")
    page = ben.get(FORECAST)
    said = text(page)
    assert "never a reason to charge a cost to a federal award" in said
    assert "2 CFR 200.405(c)" in said
    assert said.index("Sample Award") < said.index("Domestic reunification fund")
    assert "Estimate: the last 90 days spent $400.00" in said
    assert f"{reference} Awaiting approval 1 $300.00" in said
    assert "Bell" not in said
    (chart,) = re.findall(r'<svg class="month-chart".*?</svg>', page.text, re.S)
    assert "<desc>" in chart
    assert "Nov 2026: $400.00 spent, about" in chart
    assert 'role="img"' in chart
    assert "style=" not in page.text.replace('rel="stylesheet"', "")
    dee = text(signed_in(closing.town.house, "dee").get(FORECAST))
    assert reference in dee


def test_finance_finds_that_a_suspicion_is_none_and_takes_it_back(closing: Closing) -> None:
    closing.paid()
    closing.paid()
    finn_joins(closing)
    finn, ben = (signed_in(closing.town.house, username) for username in ("finn", "ben"))
    page = finn.get(DUPLICATES)
    assert "the same person, the same kind of cost" in text(page)
    assert "$400.00" in text(page)
    assert "Bell" not in page.text
    sent = {c.name: c.value for c in read_form(page).sent if c.name in ("suspicion", "requests")}
    sent |= {"verdict": "no_duplicate"}
    decided = ben.post(DUPLICATES, data=sent | {"reason": REASON})
    assert decided.status_code == 403
    assert "A colleague in finance who did neither" in text(decided)
    short = finn.post(DUPLICATES, data=sent | {"reason": "no"})
    assert short.status_code == 422
    assert 'href="#d-1-reason"' in short.text
    assert ">no</textarea>" in short.text
    done = finn.post(DUPLICATES, data=sent | {"reason": REASON})
    assert "Your finding is kept" in text(done)
    assert "Nothing looks paid twice." in text(done)
    assert "carrier's letter" in text(done)
    carla = signed_in(closing.town.house, "carla")
    again = carla.post(DUPLICATES, data=sent | {"verdict": "look_again", "reason": "The letter is of May."})
    assert "It is looked at again." in text(again)
    assert "Nothing looks paid twice." not in text(again)
    for nothing in ({"suspicion": "0" * 64}, {"requests": "no such"}):
        gone = ben.post(DUPLICATES, data=sent | nothing | {"reason": REASON})
        assert gone.status_code == 404
        assert "not suspected any more" in text(gone)


def test_who_only_reads_finds_no_form_and_may_send_none(closing: Closing) -> None:
    closing.paid()
    closing.paid()
    for username in ("dee", "ada"):
        person = signed_in(closing.town.house, username)
        page = person.get(DUPLICATES)
        assert "$400.00" in text(page)
        assert 'name="reason"' not in page.text
        sent = {"suspicion": "0" * 64, "verdict": "no_duplicate", "reason": REASON}
        assert person.post(DUPLICATES, data=sent).status_code == 403


def test_the_need_stands_on_the_request_for_staff_and_on_no_page_of_the_family(closing: Closing) -> None:
    request = closing._entered(40_000)
    house = closing.town.house
    ana = signed_in(house, "ana")
    said = text(ana.get(f"/requests/{request}"))
    assert "Need 80 of 118 points." in said
    assert "Days until departure 2 30" in said
    labels = [f.label for v in need_versions() for f in v.factors]
    assert all(label in said for label in labels)
    made = ana.post(f"/requests/{request}/family-link")
    address, _, pin = re.findall(r'class="(?:secret|code)[^"]*">([^<]+)<', made.text)
    family = browser(house)
    family.get(address.removeprefix("https://testserver"))
    home = family.post("/family", data={"pin": pin})
    told = text(home)
    assert home.status_code == 200
    assert "Zora" in told
    for word in ("Need", "points", *labels):
        assert word not in told
    money = text(signed_in(house, "ben").get(f"/requests/{request}"))
    assert "of 118 points" not in money
