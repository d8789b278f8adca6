"""A vendor's bill: what matches is written down in one act and verified by another, the rest are cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.disbursement import statements, statements_cases, statements_queries, troubles
from reunify.disbursement.policy import NoWhy
from reunify.disbursement.statements_policy import NotACase, NotThatBooking, OwnerNotFinance
from reunify.identity.queries import staff_id
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from tests.integration import desk_world as desk
from tests.integration.desk_world import books_agree, held, paid
from tests.integration.statement_world import (
    bill,
    lines,
    record,
    sends,
    taken_in,
    ticketed,
    told,
    travels,
    verify,
)
from tests.lasting import lasting_database
from tests.town import Town, built


@pytest.fixture(scope="module")
def town(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """One town for all: each test has a trip and a bill of its own."""
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("bills")) as town,
    ):
        yield town


def person(town: Town, name: str) -> Staff:
    with town.house.db.read() as session:
        return Staff(StaffId(staff_id(session, name)), name, frozenset({Role.FINANCE_APPROVER}))


def resolved(town: Town, *line_ids: UUID) -> None:
    ben, now = person(town, "ben"), town.clock()
    with town.house.db.work() as session:
        for line in line_ids:
            statements_cases.resolve(session, line_id=line, why="The vendor bills anew.", by=ben, now=now)


def test_matched_lines_are_paid_by_two_acts_of_two_people_with_the_bill_as_proof(town: Town) -> None:
    request, made = ticketed(town, "AA1111", "AA2222")
    prices = [booking["price_cents"] for booking in made]
    statement = taken_in(town, ("aa-1111", prices[0]), ("AA2222", prices[1]), ("NOBODY", 500))
    assert told(town, statement) == [("matched", "to_record"), ("matched", "to_record"), ("unknown", "case")]
    waiting = paid(town, request)["to_log"]

    assert record(town, statement).json() == {"lines": 2}
    assert paid(town, request).get("to_log", 0) == waiting - sum(prices)
    assert held(town, made[0]) == (0, prices[0], 0)  # nothing is spent on one person's word
    own = verify(town, statement, by="ben")
    assert (own.status_code, "ask a colleague" in own.json()["detail"]) == (403, True)
    assert verify(town, statement).json() == {"payments": 2}

    assert [stage for _, stage in told(town, statement)] == ["paid", "paid", "case"]
    assert [held(town, booking) for booking in made] == [(0, 0, price) for price in prices]
    assert record(town, statement).status_code == 409
    assert verify(town, statement).status_code == 409
    payment = lines(town, statement)[0]["payment"]
    page = town.person("carla").reads(f"/payments/{payment}")
    assert "AA1111" in page or "aa-1111" in page
    assert "SHA-256" in page
    books_agree(town)


def test_one_cent_over_the_price_or_what_was_set_aside_is_never_paid(town: Town) -> None:
    request, (over, aside) = ticketed(town, "BB1111", "BB2222")
    before = paid(town, request)
    statement = taken_in(town, ("BB1111", over["price_cents"] + 1), ("BB2222", aside["price_cents"]))
    assert told(town, statement) == [("other_amount", "case"), ("matched", "to_record")]
    line = lines(town, statement)[1]["id"]
    town.person("ben").fills_in(
        town.diary, "set aside", f"/statements/{statement}/lines/{line}/set-aside", {}
    )
    assert told(town, statement) == [("other_amount", "case"), ("matched", "case")]
    assert record(town, statement).status_code == 409
    assert paid(town, request) == before
    assert "set aside by a person" in town.person("ben").reads("/statements")


def test_the_same_file_is_taken_in_once_and_a_broken_one_leaves_nothing(town: Town) -> None:
    body = bill(("CC1111", 100), day=travels(town))
    assert sends(town, body).status_code == 201
    again = sends(town, body)
    assert (again.status_code, "taken in before" in again.json()["detail"]) == (409, True)
    counted = "SELECT count(*) FROM vendor_statements"
    with town.house.db.read() as session:
        before = session.scalar(sa.text(counted))
    broken = sends(town, body + "CC1112,=1+1,2026-10-01,\n")
    assert broken.status_code == 422
    assert "line 3, `amount`" in broken.json()["detail"]
    assert broken.json()["errors"][0]["pointer"] == "/file"
    assert sends(town, body + "\n", by="ana").status_code == 403
    with town.house.db.read() as session:
        assert session.scalar(sa.text(counted)) == before


def test_what_a_second_bill_bills_again_is_a_case_until_it_is_resolved(town: Town) -> None:
    _, (booking, seat) = ticketed(town, "DD1111", "DD2222")
    price = booking["price_cents"]
    first = taken_in(town, ("DD1111", price + 100))
    assert told(town, taken_in(town, ("DD1111", price), ("DD9999", 1))) == [
        ("billed_twice", "case"),
        ("unknown", "case"),
    ]
    with town.house.db.read() as session:
        cases = statements_queries.open_cases(session, now=town.clock())
    resolved(town, *(case.id for case in cases))
    assert told(town, first) == [("other_amount", "resolved")]
    assert told(town, taken_in(town, ("DD1111", price))) == [("matched", "to_record")]

    # Another vendor, another day: a case, and a person may say that it is this booking's bill.
    theirs = taken_in(town, ("DD2222", seat["price_cents"]), vendor="Harbor Coaches")
    assert told(town, theirs) == [("other_vendor", "case")]
    assert "Booked with another vendor" in town.person("ben").reads(f"/statements/{theirs}")
    resolved(town, UUID(lines(town, theirs)[0]["id"]))
    late = taken_in(town, ("DD2222", seat["price_cents"]), days_later=40)
    assert told(town, late) == [("other_days", "case")]
    again = taken_in(town, ("DD2222", seat["price_cents"]), days_later=-1)
    assert told(town, again) == [("billed_twice", "case")]
    case, ben = UUID(lines(town, late)[0]["id"]), town.person("ben")
    with pytest.raises(NotThatBooking, match="another line bills it"), town.house.db.work() as session:
        statements_cases.accept(
            session, line_id=case, why="So be it.", by=person(town, "ben"), now=town.clock()
        )
    resolved(town, UUID(lines(town, again)[0]["id"]))
    at = f"/statements/{late}/lines/{case}/acceptance"
    said = {"reason": "They moved it for the storm, at the same price."}
    ben.fills_in(town.diary, "accept", at, said)
    assert told(town, late) == [("matched", "to_record")]
    assert "moved it for the storm" in ben.reads(f"/statements/{late}")
    assert record(town, late).json() == {"lines": 1}
    assert verify(town, late).json() == {"payments": 1}
    books_agree(town)


def test_one_payment_of_several_tickets_is_paid_by_all_of_their_lines_or_not_at_all(town: Town) -> None:
    draft = desk.boy()
    for line in draft["cost_lines"]:
        if line["category"] == "air_fare":
            line |= {"settled": "vendor_billed", "ceiling_cents": line["quote_cents"]}
    request = desk.released(town, draft)
    fares = [b for b in town.progress(request)["bookings"] if b["settlement"] == "vendor_billed"]
    locators = ("KK1111", "KK2222")
    told_of = [
        desk.told(fare, fare["ceiling_cents"], locator=locator)
        for fare, locator in zip(fares, locators, strict=True)
    ]
    desk.books(town, request, *told_of)
    town.work()
    prices = [fare["ceiling_cents"] for fare in fares]
    half = taken_in(town, (locators[0], prices[0]))
    cannot = record(town, half)
    assert "wait until all of it is billed" in cannot.json()["detail"]
    before = paid(town, request)
    town.person("ben").fills_in(
        town.diary, "set aside", f"/statements/{half}/lines/{lines(town, half)[0]['id']}/set-aside", {}
    )
    resolved(town, UUID(lines(town, half)[0]["id"]))
    whole = taken_in(town, *zip(locators, prices, strict=True))
    assert record(town, whole).json() == {"lines": 2}
    assert verify(town, whole).json() == {"payments": 1}
    assert paid(town, request).get("to_log", 0) == before["to_log"] - sum(prices)
    books_agree(town)


def test_a_booking_cancelled_after_the_upload_becomes_a_case_and_is_not_paid(town: Town) -> None:
    _, (gone, kept) = ticketed(town, "EE1111", "EE2222")
    statement = taken_in(town, ("EE1111", gone["price_cents"]), ("EE2222", kept["price_cents"]))
    town.person("ana").act(
        town.diary, "cancel", f"/bookings/{gone['id']}/cancellation", {"reason": "Nobody flies."}
    )
    assert record(town, statement).json() == {"lines": 1}
    assert told(town, statement) == [("cancelled_booking", "case"), ("matched", "to_verify")]
    assert told(town, taken_in(town, ("EE1111", gone["price_cents"] - 1))) == [("cancelled_booking", "case")]
    assert verify(town, statement).json() == {"payments": 1}
    books_agree(town)

    town.person("ana").act(
        town.diary, "cancel", f"/bookings/{kept['id']}/cancellation", {"reason": "Nobody flies."}
    )
    with town.house.db.read() as session:
        words = {made.award: word for made, word in troubles.need_person(session, now=town.clock())}
    assert troubles.BOOKING_CANCELLED in words.values()
    assert "ask the vendor for the money" in town.person("ben").reads("/finance")


def test_a_case_has_an_owner_of_finance_an_age_and_words(town: Town) -> None:
    statement = taken_in(town, ("FF1111", 100))
    ben = person(town, "ben")
    (line,) = lines(town, statement)
    later = town.clock() + timedelta(days=3)
    with town.house.db.work() as session:
        case_id = UUID(line["id"])
        ana = StaffId(staff_id(session, "ana"))
        with pytest.raises(OwnerNotFinance):
            statements_cases.assign(session, line_id=case_id, to=ana, by=ben, now=later)
        statements_cases.assign(session, line_id=case_id, to=ben.id, by=ben, now=later)
        (case,) = [c for c in statements_queries.open_cases(session, now=later) if c.id == case_id]
        assert (case.owner, case.days) == (ben.id, 3)
        with pytest.raises(NoWhy):
            statements_cases.resolve(session, line_id=case_id, why=" ", by=ben, now=later)
        statements_cases.resolve(session, line_id=case_id, why="Another agency's guest.", by=ben, now=later)
        with pytest.raises(NotACase):
            statements_cases.set_aside(session, line_id=case_id, by=ben, now=later)
    page = town.person("ben").reads(f"/statements/{statement}")
    assert "Another agency&#39;s guest." in page


def test_a_bill_asks_as_much_of_the_database_for_many_bookings_as_for_one(town: Town) -> None:
    ben, now = person(town, "ben"), town.clock()
    heard: list[str] = []

    def hear(*args: object) -> None:
        heard.append(str(args[2]))

    def asked(*said: tuple[str, int]) -> int:
        body = bill(*said, day=travels(town)).encode()
        sa.event.listen(town.house.db.engine, "before_cursor_execute", hear)
        try:
            heard.clear()
            with town.house.db.work() as session:
                statements.take_in(
                    session, vendor="Prairie Air", billed_on=now.date(), body=body, by=ben, now=now
                )
        finally:
            sa.event.remove(town.house.db.engine, "before_cursor_execute", hear)
        return len(heard)

    ticketed(town, "HH1111")
    few = asked(("HH0001", 100), ("HH1111", 2))
    ticketed(town, "HH2222", "HH3333")
    many = asked(*((f"HH{n:04}", 100) for n in range(2, 60)), ("HH2222", 1), ("HH3333", 1))
    assert many <= few
