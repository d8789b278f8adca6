"""Why a split is not better, in words and as a picture, at a desk and on a phone; a long case too."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

from playwright.sync_api import expect

from reunify.funds import actions as funds
from reunify.kernel.people import System
from reunify.ledger.policy import Scope
from reunify.rates.queries import organisation
from reunify.sandbox.families import sample_family
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_walk import shoot, sign_in, submitted

LIMIT = 100_000


def long_case() -> dict[str, Any]:
    """Every line of the boy's trip, and thirty taxis with long names."""
    draft = copy.deepcopy(sample_family("b", date.today() + timedelta(days=3)).draft)
    ride = {
        "category": "local_transport",
        "settled": "advance",
        "payee": draft["payees"][0]["key"],
        "quote_cents": 3_125,
        "ceiling_cents": 3_125,
    }
    draft["cost_lines"] += [
        ride | {"key": f"ride-{n}", "what": f"To the bus stop near the lake & back, ride {n}"}
        for n in range(1, 31)
    ]
    return draft


def test_the_split_is_told_and_drawn_for_whoever_has_the_case_and_for_finance(
    site: Site, open_page: OpenPage
) -> None:
    now = site.house.now()
    with site.house.db.work() as session:
        funds.limit(
            session,
            code="domestic_reunification",
            scope=Scope.TRIP,
            at_most=LIMIT,
            effective_from=now.astimezone(organisation(session, on=now.date()).zone).date(),
            by=System("tests"),
            now=now,
        )
    request = submitted(site, long_case())
    desk = open_page()
    sign_in(desk, "ana")
    desk.goto(request)
    split = desk.locator("section", has=desk.get_by_role("heading", name="The split by fund"))
    expect(split).to_contain_text("short: Family Travel Fund's trip limit is used up.")
    expect(split.get_by_role("img", name="Which source pays how much of each line")).to_be_visible()
    split.get_by_text("The picture in words").click()
    expect(split.locator("figcaption li").first).to_contain_text("from")
    shoot(desk, "split-request")
    desk.get_by_role("link", name="A-").first.click()
    expect(desk.get_by_role("img", name="Which source pays how much of each line")).to_be_visible()
    shoot(desk, "split-award")
    money = open_page()
    sign_in(money, "ben")
    money.goto(request)
    expect(money.get_by_role("img", name="Which source pays how much of each line")).to_be_visible()
    assert "lake" not in money.content()
