"""The booking desk: at or under the ceiling nobody is asked; a ticket binds us to exactly its price, and only
then is it paid."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.bookings import queries
from reunify.bookings.policy import Step, ToBook
from reunify.identity.queries import staff_id
from reunify.kernel.ids import AwardId
from reunify.kernel.moves import WrongState
from reunify.kernel.people import Role, Staff
from reunify.web import booking_acts
from tests.integration.desk_world import (
    MORE,
    award_of,
    books,
    books_agree,
    boy,
    held,
    logged,
    paid,
    refused,
    released,
    to_book,
    told,
)
from tests.lasting import lasting_database
from tests.town import Town, built, proved


@pytest.fixture(scope="module")
def town(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """One town for all: each test has a trip of its own."""
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("desk")) as town,
    ):
        yield town


def test_what_the_organisation_books_is_paid_with_the_booked_price_once_it_is_ticketed(town: Town) -> None:
    request = released(town)
    before = paid(town, request)
    seats = to_book(town, request)
    assert {b["state"] for b in seats} == {"wanted"}
    assert town.progress(request)["stage"] == "booking"
    first, *others = seats
    quote = first["ceiling_cents"] - MORE
    assert held(town, first) == (quote + MORE, 0, 0)

    (made,) = books(town, request, told(first, quote - 500))

    assert (made["state"], made["price_cents"]) == ("ticketed", quote - 500)
    assert held(town, first) == (0, quote - 500, 0)
    assert paid(town, request) == before  # nobody is told yet: that is the flow's
    town.work()
    assert paid(town, request).get("to_log", 0) == before.get("to_log", 0) + quote - 500
    books_agree(town)

    books(town, request, *(told(b, b["ceiling_cents"]) for b in others))  # several in one act
    town.work()
    logged(town, request)
    town.work()
    assert town.progress(request)["stage"] == "paid"
    assert held(town, first) == (0, 0, quote - 500)
    assert held(town, others[-1]) == (0, 0, others[-1]["ceiling_cents"])
    books_agree(town)


def test_one_cent_over_the_ceiling_is_refused_and_nothing_of_the_act_is_kept(town: Town) -> None:
    request = released(town)
    first, second = to_book(town, request)[:2]
    over = told(second, second["ceiling_cents"] + 1)
    status, problem = refused(town, request, told(first, first["ceiling_cents"]), over)
    assert status == 422
    assert "$0.01 more" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "/lines/1/price_cents"
    status, problem = refused(
        town, request, told(first, 1, locator=""), told(first, 1), {**over, "line": "x"}
    )
    assert status == 422
    assert [e["pointer"] for e in problem["errors"]] == ["/lines/0/locator", "/lines/1/line", "/lines/2/line"]
    assert {b["state"] for b in to_book(town, request)} == {"wanted"}
    assert held(town, first) == (first["ceiling_cents"], 0, 0)


def test_only_who_has_the_case_books_and_only_after_the_release(town: Town) -> None:
    request = town.submitted(boy())
    award = award_of(town, request)
    line = told({"line": "fare-child"}, 1)
    path, body = f"/awards/{award}/bookings", {"lines": [line]}
    assert town.person("ana").tries(path, body).status_code == 409
    for stranger in ("ben", "dee"):
        assert town.person(stranger).tries(path, body).status_code == 403


def test_the_tax_is_part_of_the_price_and_counts_against_the_ceiling(town: Town) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    most = first["ceiling_cents"]
    status, problem = refused(town, request, told(first, most + 1, tax_cents=500))
    assert (status, "$0.01 more" in problem["detail"]) == (422, True)
    status, problem = refused(town, request, told(first, most, tax_cents=most + 1))
    assert (status, problem["errors"][0]["pointer"]) == (422, "/lines/0/tax_cents")
    books(town, request, told(first, most, tax_cents=500))
    assert held(town, first) == (0, most, 0)


def test_a_changed_ticket_is_reserved_again_and_a_cancelled_one_is_free(town: Town) -> None:
    request = released(town)
    first, second = to_book(town, request)[:2]
    price = first["ceiling_cents"] - 700
    books(town, request, told(first, price), told(second, second["ceiling_cents"]))
    town.work()
    ana = town.person("ana")
    ana.act(town.diary, "change", f"/bookings/{first['id']}/change", {"reason": "The flight was cancelled."})
    ana.act(town.diary, "cancel", f"/bookings/{second['id']}/cancellation", {"reason": "She stays with us."})
    assert held(town, first) == (price, 0, 0)
    assert held(town, second) == (0, 0, 0)
    states = {i["amount"]: i["state"] for i in town.progress(request)["instructions"]}
    assert states[price] == states[second["ceiling_cents"]] == "withdrawn"
    town.work()
    books_agree(town)

    status, problem = refused(town, request, told(first, price + 1))  # the rest was given back
    assert (status, problem["errors"][0]["pointer"]) == (422, "/lines/0/price_cents")
    books(town, request, told(first, price - 100, locator="ZZ9"))
    town.work()
    assert held(town, first) == (0, price - 100, 0)
    assert refused(town, request, told(second, 1))[0] == 409  # cancelled is final
    logged(town, request)
    town.work()
    assert {b["state"] for b in to_book(town, request)} <= {"ticketed", "cancelled", "wanted"}
    books_agree(town)


def test_what_was_paid_stays_a_cost_when_its_booking_is_cancelled(town: Town) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    price = first["ceiling_cents"]
    books(town, request, told(first, price))
    town.work()
    path = f"/bookings/{first['id']}/cancellation"
    (payment,) = [i for i in town.progress(request)["instructions"] if i["amount"] == price]
    body = {
        "instrument": "card",
        "external_reference": "C-1",
        "paid_on": town.clock().date().isoformat(),
        "evidence": "Receipt seen",
    }
    town.person("ben").act(town.diary, "log", f"/payments/{payment['id']}/record", body)
    proved(town, payment)
    written = town.person("ana").tries(path, {"reason": "She stays with us."})
    assert written.status_code == 409
    assert "checked by a colleague" in written.json()["detail"]
    town.person("carla").act(town.diary, "verify", f"/payments/{payment['id']}/verification")
    town.person("ana").act(town.diary, "cancel", path, {"reason": "She stays with us."})
    assert held(town, first) == (0, 0, price)
    town.work()
    books_agree(town)


def test_a_payment_that_settles_first_leaves_the_seats_their_reservation(town: Town) -> None:
    """The nights a partner gives are paid before anybody has booked a seat."""
    request = released(town)
    seats = to_book(town, request)
    logged(town, request)
    town.work()
    assert [held(town, b) for b in seats] == [(b["ceiling_cents"], 0, 0) for b in seats]
    books_agree(town)


def test_two_people_who_ticket_the_same_seat_at_once_make_one_ticket(town: Town) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    award = AwardId(UUID(award_of(town, request)))
    with town.house.db.read() as session:
        by = Staff(staff_id(session, "ana"), "Ana", frozenset({Role.CASE_MANAGER}), team="East")
    line = ToBook(first["line"], Step.TICKETED, "Prairie Air", "Q", 1_000, 0, "invoice")
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(booking_acts.book, town.house, award, [line], by) for _ in range(4)]
    wrong = [t.exception() for t in tries if t.exception() is not None]
    assert [type(w) for w in wrong] == [WrongState] * 3
    assert held(town, first) == (0, 1_000, 0)
    town.work()
    assert [i["amount"] for i in town.progress(request)["instructions"]].count(1_000) == 1
    books_agree(town)


def test_the_last_moment_to_cancel_is_told_a_day_ahead_until_somebody_keeps_it(town: Town) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    by = town.clock() + timedelta(hours=30)
    books(town, request, told(first, first["ceiling_cents"], cancel_by=by.isoformat()))

    def alarms(*, ahead: int = 0) -> list[str]:
        now = town.clock() + timedelta(hours=ahead)
        with town.house.db.read() as session:
            return [str(a.booking_id) for a in queries.alarms(session, now=now)]

    assert alarms() == []
    assert alarms(ahead=6) == [first["id"]]
    town.person("ana").act(town.diary, "keep", f"/bookings/{first['id']}/keep")
    assert alarms(ahead=6) == []


def test_every_award_gets_its_list_whatever_lines_of_other_awards_are_called(town: Town) -> None:
    first, second = released(town, boy("One")), released(town, boy("Two"))
    lines = [[b["line"] for b in town.progress(request)["bookings"]] for request in (first, second)]
    assert lines[0] == lines[1] != []
    seat = to_book(town, second)[0]
    books(town, second, told(seat, seat["ceiling_cents"]))
    town.person("ana").act(town.diary, "use", f"/bookings/{seat['id']}/use")  # before anybody was told to pay
    town.work()
    assert seat["ceiling_cents"] in [i["amount"] for i in town.progress(second)["instructions"]]
