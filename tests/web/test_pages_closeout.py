"""In the browser: a cost is moved by two people, and what came back from elsewhere is verified."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reunify.approval.queries import newest_award
from reunify.bootstrap import House
from reunify.db import Database
from reunify.kernel.ids import RequestId
from tests.integration.asked_world import CHILD, PROGRAM, Office
from tests.integration.closeout_world import FINDING, GIFT, OWN, STATE, WHY, Closing
from tests.integration.test_statement_budgets import listening
from tests.town import Clock, Town
from tests.web.pages_world import TestClient, house_over, read_form, signed_in, text

REASON = {"reason": "It belongs to the fund that paid."}


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


@pytest.fixture
def ben(closing: Closing) -> TestClient:
    return signed_in(closing.town.house, "ben")


@pytest.fixture
def carla(closing: Closing) -> TestClient:
    return signed_in(closing.town.house, "carla")


def at(request: RequestId) -> str:
    return f"/requests/{request}/costs"


def move(closing: Closing, request: RequestId, **changes: str) -> dict[str, str]:
    said = {
        "cost": str(closing.cost(request).hold_id),
        "amount": "250.00",
        "to": GIFT,
        "category": "transport",
        "reason": "charged_to_the_wrong_source",
        "justification": WHY,
    }
    return {f"/move/{name}": value for name, value in (said | changes).items()}


def back(closing: Closing, request: RequestId, **changes: str) -> dict[str, str]:
    said = {
        "line": str(closing.costs(request)[0].of.line.id),
        "source": STATE,
        "amount": "150.00",
        "cash": "cash_bank",
        "happened_on": "2026-11-25",
        "bank_reference": "WIRE-77",
        "evidence": "Their letter, folder 3",
    }
    return {f"/back/{name}": value for name, value in (said | changes).items()}


def address(page: Any, verb: str) -> str:
    found = re.search(
        rf'action="(/requests/[0-9a-f-]+/(?:transfers|recoveries)/[0-9a-f-]+/{verb})"', page.text
    )
    assert found is not None, verb
    return found[1]


def test_a_cost_is_moved_by_two_people_from_the_page_of_its_request(
    closing: Closing, ben: TestClient, carla: TestClient
) -> None:
    request = closing.paid()
    assert f'href="{at(request)}"' in ben.get(f"/requests/{request}").text
    with closing.read() as session:
        award = newest_award(session, request)
    assert award is not None
    for who, offered in ((ben, True), (signed_in(closing.town.house, "ana"), False)):
        assert (f'href="{at(request)}"' in who.get(f"/awards/{award.id}").text) == offered
    asked = ben.post(f"/requests/{request}/transfers", data=move(closing, request))
    assert "The cost moves when a colleague in finance has confirmed it." in text(asked)
    assert "a colleague in finance must confirm it" in text(ben.get(at(request))), (
        "ben is not offered the button"
    )
    assert "Costs that wait for a second person" not in text(ben.get("/"))
    assert "$250.00 to be moved to another source, 90 days left" in text(carla.get("/"))
    listed = text(carla.get("/transfers"))
    assert "To be confirmed (1)" in listed
    assert "90 days left" in listed
    page = carla.get(at(request))
    short = carla.post(address(page, "confirm"), data={"finding": "because"})
    assert (short.status_code, "Your finding: Write 20 to 2,000 plain characters." in text(short)) == (
        422,
        True,
    )
    assert re.search(r'href="#finding-[0-9a-f-]+"', short.text), "the summary leads to the answer to mend"
    done = text(carla.post(address(page, "confirm"), data={"finding": FINDING}))
    assert "Confirmed. The cost is moved" in done
    assert FINDING in done
    assert closing.lies(request) == {OWN: 15_000, GIFT: 25_000}
    assert "which source bore it, and when" in done
    assert "To be confirmed (0)" in text(carla.get("/transfers"))


def test_what_is_refused_comes_again_as_typed_with_its_remedy(closing: Closing, ben: TestClient) -> None:
    request = closing.paid()
    for changes, status, said in (
        ({"amount": "400.01"}, 409, "$400.00 can be moved from there"),
        ({"amount": "much"}, 422, "Write dollars and cents"),
        ({"to": ""}, 422, "To which source: Choose from the list."),
        ({"to": "gold"}, 404, "To which source: There is no funding source with this code."),
        ({"to": OWN}, 422, "Budget category there: The cost is there already"),
        ({"cost": "nowhere"}, 422, "Choose from the list."),
        ({"category": "gold"}, 422, "Choose from the list."),
        ({"reason": "about_to_lapse"}, 422, "about to lapse"),
        ({"justification": "Short."}, 422, "Write 20 to 2,000 plain characters."),
    ):
        page = ben.post(f"/requests/{request}/transfers", data=move(closing, request, **changes))
        assert page.status_code == status, changes
        assert said in text(page), changes
        kept = {c.name: c.value for c in read_form(page).sent}
        assert kept["/move/justification"] == changes.get("justification", WHY)
    assert closing.lies(request) == {OWN: 40_000}


def test_a_late_one_is_marked_and_owes_three_answers(closing: Closing, clock: Clock, ben: TestClient) -> None:
    request = closing.paid()
    assert "Why is it moved only now?" not in text(ben.get(at(request)))
    clock.at += timedelta(days=91)
    ben = signed_in(closing.town.house, "ben")
    page = text(ben.get(at(request)))
    assert "Late by 1 day" in page
    assert "Why is it moved only now?" in page
    refused = ben.post(f"/requests/{request}/transfers", data=move(closing, request))
    assert (refused.status_code, "answers three questions" in text(refused)) == (422, True)
    late = {name: f"{WHY} ({name})" for name in ("why_charged", "why_belongs", "why_late")}
    ben.post(f"/requests/{request}/transfers", data=move(closing, request, **late))
    assert "Late by 1 day" in text(ben.get("/transfers"))


def test_one_that_became_late_while_it_waited_is_not_offered_to_be_confirmed(
    closing: Closing, clock: Clock, ben: TestClient
) -> None:
    request = closing.paid()
    ben.post(f"/requests/{request}/transfers", data=move(closing, request))
    clock.at += timedelta(days=91)
    page = text(signed_in(closing.town.house, "carla").get(at(request)))
    assert "It became late while it waited." in page
    assert "Confirm: move" not in page


def test_it_is_turned_down_or_taken_back_with_a_reason(
    closing: Closing, ben: TestClient, carla: TestClient
) -> None:
    request = closing.paid()
    for by, verb in ((carla, "turn-down"), (ben, "withdraw")):
        page = ben.post(f"/requests/{request}/transfers", data=move(closing, request))
        page = by.get(at(request))
        empty = by.post(address(page, verb), data={"reason": " "})
        assert (empty.status_code, "Reason: Write 3 to 2,000 plain characters." in text(empty)) == (422, True)
        ended = text(by.post(address(page, verb), data=REASON))
        assert "Your reason is kept. The cost stays where it is." in ended
        assert REASON["reason"] in ended
    decided = text(carla.get("/transfers"))
    assert "Turned down" in decided
    assert "Withdrawn" in decided


def test_what_a_funder_decided_after_we_paid_is_offered(
    closing: Closing, ben: TestClient, carla: TestClient
) -> None:
    office = Office(closing.town)
    request = office.submitted(income=None)
    closing.released(request)
    closing.spends(request)
    office.granted(request, {"fare-mother": 40_000, "fare-child": CHILD}, 30_000, check=False)
    page = ben.get(at(request))
    assert "$300.00 of Domestic reunification fund (organisation-set) is covered by" in re.sub(
        r"\s+", " ", text(page)
    )
    found = re.search(
        rf'href="(/requests/[0-9a-f-]+/costs\?hold=[0-9a-f-]+&amp;to={PROGRAM}#ask)"', page.text
    )
    assert found is not None
    form = ben.get(found[1].replace("&amp;", "&").partition("#")[0])
    sent = {c.name: c.value for c in read_form(form).sent if c.name.startswith("/move/")}
    assert (sent["/move/amount"], sent["/move/to"], sent["/move/reason"]) == (
        "300.00",
        PROGRAM,
        "funder_decided_after_bridging",
    )
    ben.post(f"/requests/{request}/transfers", data=sent | {"/move/justification": WHY})
    page = carla.get(at(request))
    assert f"{PROGRAM} " in text(page), "the rule by which it may bear it"
    carla.post(address(page, "confirm"), data={"finding": ""})
    assert closing.lies(RequestId(request))[PROGRAM] == 30_000
    assert "Decided after our own money had paid" not in text(ben.get(at(request)))
    assert closing.sound() == []


def test_what_came_back_is_written_down_and_verified(
    closing: Closing, ben: TestClient, carla: TestClient
) -> None:
    request = closing.paid()
    wrong = ben.post(f"/requests/{request}/recoveries", data=back(closing, request, bank_reference=""))
    assert (wrong.status_code, "Write the number on the bank's line" in text(wrong)) == (422, True)
    for field, value in (
        ("source", ""),
        ("amount", "x"),
        ("happened_on", "soon"),
        ("happened_on", "2026-11-24"),
        ("cash", "gold"),
        ("line", "none"),
    ):
        again = ben.post(f"/requests/{request}/recoveries", data=back(closing, request, **{field: value}))
        assert again.status_code == 422, field
    kept = ben.post(f"/requests/{request}/recoveries", data=back(closing, request))
    assert "It counts when a colleague in finance has verified it." in text(kept)
    assert "$150.00 paid back from elsewhere, to be verified" in text(carla.get("/"))
    assert "To be verified (1)" in text(carla.get("/recoveries"))
    page = carla.get(at(request))
    assert "WIRE-77" in text(page)
    done = text(carla.post(address(page, "verify")))
    assert "Verified. The money is available again" in done
    assert closing.lies(request) == {OWN: 25_000}
    assert "Recovered from elsewhere" in done
    ben.post(f"/requests/{request}/recoveries", data=back(closing, request, bank_reference="WIRE-78"))
    struck = carla.post(address(carla.get(at(request)), "strike"), data=REASON)
    assert "Struck. Nothing of it counts." in text(struck)


def test_what_the_books_reversed_is_shown_as_that(
    closing: Closing, ben: TestClient, carla: TestClient
) -> None:
    request = closing.paid()
    closing.reverses(closing.confirm(request, closing.ask(request, 25_000)))
    closing.reverses(closing.verify(request, closing.pays_back(request, 5_000)))
    for path in ("/transfers", "/recoveries", at(request)):
        assert "Reversed in the books" in text(ben.get(path)), path
    assert closing.lies(request) == {OWN: 40_000}


def test_the_lists_and_the_page_ask_nothing_for_each_row(closing: Closing, carla: TestClient) -> None:
    """Three questions who is calling, two for the case; then the award, the books, the rows, their words."""
    ear = listening(closing.town.house.db)
    request = closing.paid()
    for many in (1, 5):
        for number in range(many):
            closing.ask(request, 1_000)
            closing.pays_back(request, 1_000, bank_reference=f"WIRE-{many}-{number}")
        for path, limit in ((at(request), 29), ("/transfers", 10), ("/recoveries", 10)):
            carla.get(path)
            with ear.at_most(limit):
                assert carla.get(path).status_code == 200


def test_an_auditor_reads_it_masked_and_changes_nothing(closing: Closing, ben: TestClient) -> None:
    request = closing.paid()
    ben.post(f"/requests/{request}/transfers", data=move(closing, request))
    ben.post(f"/requests/{request}/recoveries", data=back(closing, request))
    dee = signed_in(closing.town.house, "dee")
    page = dee.get(at(request))
    assert "It was charged to the wrong source" in text(page)
    for hidden in (WHY, "WIRE-77", "folder 3", "Tanisha", '<form method="post" action="/requests'):
        assert hidden not in page.text
    for path in ("/transfers", "/recoveries"):
        listed = dee.get(path)
        assert listed.status_code == 200
        assert "Tanisha" not in listed.text
    assert dee.post(f"/requests/{request}/transfers", data=move(closing, request)).status_code == 403
    ana = signed_in(closing.town.house, "ana")
    for path in ("/transfers", "/recoveries", at(request)):
        assert ana.get(path).status_code == 403
