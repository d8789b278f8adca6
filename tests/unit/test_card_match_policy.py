"""Which bookings a card's charges pay: exactly their price, beyond doubt, and never more than was charged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import combinations
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from reunify.disbursement.cards_match_policy import MOST_TICKETS, Taken, match, pay
from reunify.disbursement.cards_policy import Owed
from reunify.kernel.money import Money


def owed(cents: int) -> Owed:
    return Owed(uuid4(), uuid4(), Money(cents))


def taken(charge: str, cents: int, authorisation: str | None = None) -> Taken:
    return Taken(charge, Money(cents), authorisation)


def shown(
    charges: list[Taken],
    due: list[Owed],
    promised: dict[str, UUID] | None = None,
    closed: Collection[str] = (),
) -> dict[UUID, object]:
    return {paid.owed.booking: paid.parts for paid in match(charges, due, promised or {}, closed)}


def test_a_charge_pays_the_one_booking_of_its_price_and_none_of_two() -> None:
    one, dearer = owed(31_200), owed(31_201)
    assert shown([taken("a", 31_200)], [one, dearer]) == {one.booking: (("a", 31_200),)}
    assert shown([taken("a", 31_199)], [one, dearer]) == {}
    assert shown([taken("a", 31_200)], [one, owed(31_200)]) == {}


def test_charges_of_one_price_are_paired_when_each_booking_has_one_and_never_with_another_price() -> None:
    one, two, dearer = owed(31_200), owed(31_200), owed(40_000)
    both = [taken("a", 31_200), taken("b", 31_200), taken("c", 40_001)]
    assert shown(both, [one, two, dearer]) == {one.booking: (("a", 31_200),), two.booking: (("b", 31_200),)}
    assert shown(both[:2], [one]) == {}  # charged twice for one seat: a person looks


def test_one_charge_pays_several_tickets_when_only_one_set_of_them_sums_to_it() -> None:
    one, two, three = owed(31_200), owed(17_900), owed(5_000)
    assert shown([taken("a", 49_100)], [one, two, three]) == {
        one.booking: (("a", 31_200),),
        two.booking: (("a", 17_900),),
    }
    assert shown([taken("a", 49_100)], [one, two, owed(17_900)]) == {}  # which of the two: a person says
    assert shown([taken("a", 49_100), taken("b", 49_100)], [one, two, three]) == {}
    many = [owed(100 * 2**n) for n in range(MOST_TICKETS + 1)]
    assert shown([taken("a", 300)], many) == {}


def test_several_captures_of_one_promise_pay_once_they_reach_the_price() -> None:
    one, cheap = owed(30_000), owed(10_000)
    first, second = taken("a", 10_000, "auth"), taken("b", 20_000, "auth")
    promised = {"auth": one.booking}
    assert shown([first], [one, cheap], promised) == {}  # never the other ticket, whose price it has
    whole = {one.booking: (("a", 10_000), ("b", 20_000))}
    assert shown([first, second], [one, cheap], promised) == whole
    assert shown([first, second], [one]) == whole  # nobody had seen for what it was promised


def test_of_more_than_was_promised_the_price_is_paid_and_the_rest_stays_over() -> None:
    one, beside = owed(30_000), owed(500)
    promised = {"auth": one.booking}
    paid = {one.booking: (("a", 30_000),)}
    assert shown([taken("a", 30_500, "auth")], [one, beside], promised) == paid
    assert shown([taken("a", 30_500)], [one]) == {}  # nobody asked first: a person says


def test_less_than_the_price_pays_nothing() -> None:
    assert pay(owed(300), [taken("a", 100), taken("b", 199)]) is None


def test_a_promise_closed_below_its_price_pays_with_what_was_taken_and_with_nothing_taken_nothing() -> None:
    one = owed(30_000)
    promised, closed = {"auth": one.booking}, {"auth"}
    assert shown([taken("a", 100, "auth"), taken("b", 50, "auth")], [one], promised, closed) == {
        one.booking: (("a", 100), ("b", 50))
    }
    assert shown([taken("a", 100, "auth")], [one], promised) == {}
    assert shown([taken("a", 100, "auth")], [one], {}, closed) == {}  # for which ticket, nobody knows
    assert shown([], [one], promised, closed) == {}


CENTS = st.integers(1, 6)
AUTHORISATIONS = st.sampled_from([None, "x", "y", "z"])


@given(
    st.lists(st.tuples(CENTS, AUTHORISATIONS), max_size=5),
    st.lists(CENTS, max_size=5),
    st.dictionaries(st.sampled_from(["x", "y", "z"]), st.integers(0, 5), max_size=3),
    st.sets(st.sampled_from(["x", "y", "z"])),
)
def test_whatever_is_charged_every_payment_is_exact_and_of_this_trip(
    charges: list[tuple[int, str | None]], prices: list[int], bound: dict[str, int], closed: set[str]
) -> None:
    due = [owed(cents) for cents in prices]
    elsewhere = uuid4()
    promised = {a: due[n].booking if n < len(due) else elsewhere for a, n in bound.items()}
    came = [taken(str(n), cents, a) for n, (cents, a) in enumerate(charges)]
    found = match(came, due, promised, closed)
    assert max(Counter(paid.owed for paid in found).values(), default=1) == 1
    assert {paid.owed for paid in found} <= set(due)
    used: Counter[str] = Counter()
    for paid in found:
        if paid.cents != paid.owed.price.cents:
            (of,) = {one.authorisation for one in came if one.charge in dict(paid.parts)}
            assert of in closed
            assert paid.cents == sum(one.left.cents for one in came if one.authorisation == of)
            assert paid.cents < paid.owed.price.cents
        used.update(dict(paid.parts))
    by_id = {one.charge: one for one in came}
    for charge, cents in used.items():
        left = by_id[charge].left.cents - cents
        assert left == 0 or (left > 0 and by_id[charge].authorisation in promised)
    for paid in found:
        for charge, _ in paid.parts:
            asked = by_id[charge].authorisation
            assert asked not in promised or promised[asked] == paid.owed.booking


@given(st.lists(st.integers(1, 40), min_size=2, max_size=6), st.integers(1, 240))
def test_one_charge_pays_a_set_only_where_no_other_set_has_its_sum(prices: list[int], cents: int) -> None:
    due = [owed(price) for price in prices]
    sets = [
        {one.booking for one in chosen}
        for size in range(1, len(due) + 1)
        for chosen in combinations(due, size)
        if sum(one.price.cents for one in chosen) == cents
    ]
    alone = [one for one in sets if len(one) == 1]
    paid = set(shown([taken("a", cents)], due))
    if len(alone) == 1:
        assert paid == alone[0]  # a ticket of just this price is what it paid
    else:
        assert paid == (sets[0] if len(sets) == 1 else set())
