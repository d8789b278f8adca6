"""Somebody else pays back what a trip had cost: verified by a second person, to the fund that bears it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.closeout import policy, queries, recovering, recovery_policy
from reunify.kernel.moves import WrongState
from reunify.kernel.refusals import BadInput, NotAllowed
from reunify.ledger.policy import Cash, MoreThanExpended
from tests.integration.closeout_world import GIFT, OWN, Closing
from tests.lasting import lasting_database
from tests.town import NOW, built


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closing]:
    data = tmp_path_factory.mktemp("recoveries")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, settle_after=None) as town,
    ):
        yield Closing(town)


@pytest.fixture
def closing(house: Closing) -> Closing:
    house.begin()
    return house


def test_it_counts_when_a_second_person_has_verified_it(closing: Closing) -> None:
    request = closing.paid()
    before, cash = closing.available(OWN), closing.cash(Cash.BANK)
    recovery = closing.pays_back(request, 15_000)
    assert closing.lies(request) == {OWN: 40_000}
    closing.verify(request, recovery)
    assert closing.lies(request) == {OWN: 25_000}
    assert closing.available(OWN) == before + 15_000
    assert (closing.cash(Cash.BANK) - cash).cents == 15_000
    assert closing.sound() == []


def test_whoever_wrote_it_down_never_verifies_it(closing: Closing) -> None:
    request = closing.paid()
    recovery = closing.pays_back(request, 15_000)
    ben, carla = closing.staff["ben"], closing.staff["carla"]
    closing.staff["cover"] = replace(carla, stands_for=frozenset({ben.id}))
    for by in ("ben", "cover"):
        with pytest.raises(policy.SamePersonTwice):
            closing.verify(request, recovery, by=by)
    with pytest.raises(NotAllowed):
        closing.verify(request, recovery, by="ana")
    closing.verify(request, recovery)
    with pytest.raises(WrongState):
        closing.verify(request, recovery)


@pytest.mark.parametrize(
    "said",
    [
        "verified_by = recorded_by",
        "verified_for = ARRAY[recorded_by]",
        "amount = amount + 1",
        "happened_on = recorded_on + 1",
    ],
)
def test_the_database_says_the_same(closing: Closing, said: str) -> None:
    request = closing.paid()
    recovery = closing.pays_back(request, 15_000)
    closing.verify(request, recovery)
    for statement in (f"UPDATE cost_recoveries SET {said}", "DELETE FROM cost_recoveries"):
        with pytest.raises(sa.exc.IntegrityError), closing.work() as session:
            session.execute(sa.text(f"{statement} WHERE id = :id"), {"id": recovery})


@pytest.mark.parametrize(("cents", "fits"), [(39_999, True), (40_000, True), (40_001, False)])
def test_never_more_comes_back_than_was_spent(closing: Closing, cents: int, fits: bool) -> None:
    request = closing.paid() if fits else closing.untouched()
    if fits:
        closing.verify(request, closing.pays_back(request, cents))
        assert closing.lies(request).get(OWN, 0) == 40_000 - cents
    else:
        with pytest.raises(recovery_policy.MoreThanWasSpent):
            closing.pays_back(request, cents)


def test_what_waits_to_be_verified_counts_too(closing: Closing) -> None:
    request = closing.paid(40_000)
    closing.pays_back(request, 30_000)
    with pytest.raises(recovery_policy.MoreThanWasSpent, match=r"\$300.00 of it waits"):
        closing.pays_back(request, 10_001, bank_reference="WIRE-78")
    closing.pays_back(request, 10_000, bank_reference="WIRE-78")


def test_two_that_wait_together_are_verified_one_by_one(closing: Closing) -> None:
    request = closing.paid(40_000)
    first = closing.pays_back(request, 30_000)
    other = closing.pays_back(request, 10_000, bank_reference="WIRE-79")
    closing.verify(request, first)
    closing.verify(request, other)
    assert closing.lies(request) == {}


def test_it_goes_to_the_fund_that_bears_the_cost_now(closing: Closing) -> None:
    request = closing.paid()
    closing.move(request, 25_000)
    before = closing.available(OWN), closing.available(GIFT)
    closing.verify(request, closing.pays_back(request, 30_000))
    assert closing.lies(request) == {OWN: 10_000}
    assert (closing.available(OWN), closing.available(GIFT)) == (before[0] + 5_000, before[1] + 25_000)
    assert closing.sound() == []


@pytest.mark.parametrize(("days", "kept"), [(-1, False), (0, True)])
def test_nothing_came_back_before_the_line_was_paid(closing: Closing, days: int, kept: bool) -> None:
    request = closing.paid()
    closing.later(5)
    day = NOW.date() + timedelta(days=days)
    if kept:
        closing.verify(request, closing.pays_back(request, 15_000, happened_on=day))
        return
    with pytest.raises(BadInput) as refused:
        closing.pays_back(request, 15_000, happened_on=day)
    remedy = f"The line was first paid on {NOW.date().isoformat()}: name that day or a later one."
    assert [(p.pointer, p.remedy) for p in refused.value.problems] == [("/happened_on", remedy)]


def test_the_recoveries_of_a_line_are_found_by_its_hold(closing: Closing) -> None:
    with closing.read() as session:
        indexes = sa.inspect(session.connection()).get_indexes("cost_recoveries")
    assert ["hold_id"] in [index["column_names"] for index in indexes]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"happened_on": NOW.date() + timedelta(days=1)}, "/happened_on"),
        ({"bank_reference": " "}, "/bank_reference"),
        ({"evidence": "?"}, "/evidence"),
        ({"amount": 0}, "/amount"),
    ],
)
def test_what_is_left_out_is_named(closing: Closing, said: dict[str, Any], pointer: str) -> None:
    request = closing.untouched()
    with pytest.raises(BadInput) as refused:
        closing.pays_back(request, **({"amount": 15_000} | said))
    assert [p.pointer for p in refused.value.problems] == [pointer]


def test_only_a_source_elsewhere_pays_back_and_one_bank_line_once(closing: Closing) -> None:
    request = closing.paid()
    with pytest.raises(recovery_policy.NotElsewhere):
        closing.pays_back(request, 15_000, source=GIFT)
    first = closing.pays_back(request, 15_000)
    with pytest.raises(recovery_policy.RecordedAlready):
        closing.pays_back(request, 15_000)
    with closing.work() as session:
        recovering.strike_recovery(
            session,
            request_id=request,
            recovery_id=first,
            why="It was another family's.",
            by=closing.staff["carla"],
            now=closing.town.clock(),
        )
    with pytest.raises(WrongState):
        closing.verify(request, first)
    closing.verify(request, closing.pays_back(request, 15_000))
    other = closing.paid()
    with pytest.raises(recovery_policy.NoSuchRecovery):
        closing.verify(other, first)


def test_the_books_refuse_what_came_back_another_way_meanwhile(closing: Closing) -> None:
    request = closing.paid()
    recovery = closing.pays_back(request, 40_000)
    hold = closing.cost(request).hold_id
    closing.gives_back(hold, 1)
    with pytest.raises(MoreThanExpended):
        closing.verify(request, recovery)
    assert closing.sound() == []


def test_whoever_may_verify_is_told_and_whoever_may_not_is_not(closing: Closing) -> None:
    request = closing.paid()
    recovery = closing.pays_back(request, 15_000)

    def waits(who: str) -> bool:
        with closing.read() as session:
            found = queries.to_confirm(session, me=closing.staff[who], today=closing.today)
        return any(one.request_id == request for one in found)

    assert [who for who in ("ana", "ben", "carla", "dee") if waits(who)] == ["carla"]
    closing.verify(request, recovery)
    assert not waits("carla")
