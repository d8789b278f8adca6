"""After the trip: costs move by two people, and what came back from elsewhere is verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from pytest_bdd import given, parsers, then, when

from reunify.closeout.policy import ExplainLateness, Late
from reunify.funds import actions as funds
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.ledger import periods
from reunify.ledger import queries as books
from tests.integration.closeout_world import KEEPER, LATE, OWN, TRANSPORT, Closing
from tests.town import NOW

FUND = "fares_gift"


@dataclass
class AfterTheTrip:
    """One paid request, what was asked about it last, and the refusal if there was one."""

    closing: Closing
    request: RequestId
    transfer: UUID | None = None
    recovery: UUID | None = None
    event: UUID | None = None
    refused: Refused | None = None

    def tries(self, act: Callable[[], UUID]) -> UUID | None:
        self.refused = None
        try:
            return act()
        except Refused as refused:
            self.refused = refused
            return None


@given(
    parsers.re(r"a fare of (?P<amount>\$[\d.]+) paid (?P<out>out by Stripe )?from our own fund"),
    target_fixture="after",
)
def paid_fare(story: Any, amount: str, out: str | None) -> AfterTheTrip:
    closing = Closing(story.town)
    pay = closing.paid_out if out else closing.paid
    return AfterTheTrip(closing, pay(Money.parse(amount).cents))


@given(parsers.parse("a gift of {amount} for fares, from January 2026"))
def gift_of(after: AfterTheTrip, amount: str) -> None:
    after.closing.open(FUND, {TRANSPORT: Money.parse(amount).cents})


@given(parsers.parse("the gift grows to {amount}"))
def gift_grows(after: AfterTheTrip, amount: str) -> None:
    with after.closing.work() as session:
        funds.amend(
            session,
            code=FUND,
            budget_category=TRANSPORT,
            authorized=Money.parse(amount).cents,
            effective_from=NOW.date(),
            reason="they gave more",
            by=KEEPER,
            now=NOW,
        )


@given(parsers.parse("the gift's period ends on {day}"))
def gift_ends(after: AfterTheTrip, day: str) -> None:
    with after.closing.work() as session:
        funds.extend(
            session,
            code=FUND,
            period_end=date.fromisoformat(day),
            liquidation_date=date(2027, 3, 31),
            document="Their letter of January",
            reason="as given",
            by=KEEPER,
            now=NOW,
        )


@when(parsers.parse("{days:d} days have passed since it was paid"))
def days_pass(after: AfterTheTrip, days: int) -> None:
    after.closing.later(days)


def ask(after: AfterTheTrip, who: str, amount: str, **more: Any) -> Callable[[], UUID]:
    cents = Money.parse(amount).cents
    return lambda: after.closing.ask(after.request, cents, by=who.lower(), to=FUND, **more)


@when(parsers.re(r"(?P<who>\w+) asks to move (?P<amount>\$[\d.]+) of it to the gift(?P<late>, with the .*)?"))
def asks(after: AfterTheTrip, who: str, amount: str, late: str | None) -> None:
    after.transfer = ask(after, who, amount, late=LATE if late else Late())()


@when(parsers.re(r"(?P<who>\w+) tries to move (?P<amount>\$[\d.]+) of it to the gift(?P<lapse> because .*)?"))
def tries_to_ask(after: AfterTheTrip, who: str, amount: str, lapse: str | None) -> None:
    more = {"reason": "about_to_lapse"} if lapse else {}
    after.transfer = after.tries(ask(after, who, amount, **more))


@when(parsers.parse("{who} confirms it"))
def confirms(after: AfterTheTrip, who: str) -> None:
    assert after.transfer is not None
    after.closing.confirm(after.request, after.transfer, by=who.lower())


@when(parsers.re(r"(?P<who>\w+)(, who stands in for (?P<lender>\w+),)? tries to confirm it"))
def tries_to_confirm(after: AfterTheTrip, who: str, lender: str | None) -> None:
    transfer = after.transfer
    assert transfer is not None
    by = after.closing.staff[who.lower()]
    if lender is not None:
        by = changed(by, stands_for=frozenset({after.closing.staff[lender.lower()].id}))
    after.tries(lambda: after.closing.confirm(after.request, transfer, by=by))


@then(parsers.re(r"our own fund bears (?P<own>\$[\d.]+)( and the gift bears (?P<gift>\$[\d.]+))?"))
def bears(after: AfterTheTrip, own: str, gift: str | None) -> None:
    lies = after.closing.lies(after.request)
    assert Money(lies.get(OWN, 0)) == Money.parse(own)
    if gift is not None:
        assert Money(lies.get(FUND, 0)) == Money.parse(gift)


@then(parsers.parse("it is told: {words}"))
def it_is_told(after: AfterTheTrip, words: str) -> None:
    assert words in str(after.refused)


@then(parsers.re(r"the (ask|entry) is (?P<outcome>kept|not taken|not taken without the answers)$"))
def it_stands(after: AfterTheTrip, outcome: str) -> None:
    assert (after.refused is None) == (outcome == "kept"), str(after.refused)
    if outcome.endswith("without the answers"):
        assert isinstance(after.refused, ExplainLateness)


@when("Stripe returns the payment")
def stripe_returns(after: AfterTheTrip, story: Any) -> None:
    payment = after.closing.payment(after.request)
    told = httpx.post(f"{story.town.stripe_url}/_control/payments/{payment}/return", json={})
    told.raise_for_status()
    story.town.clock.at += timedelta(hours=1)
    story.town.work()


@then(parsers.parse("the gift has {amount} again"))
def gift_has(after: AfterTheTrip, amount: str) -> None:
    assert Money(after.closing.available(FUND)) == Money.parse(amount)


@then("the books agree")
def books_agree(after: AfterTheTrip) -> None:
    assert after.closing.sound() == []


def came_back(after: AfterTheTrip, who: str, amount: str, day: str | None) -> Callable[[], UUID]:
    cents = Money.parse(amount).cents
    more = {"happened_on": date.fromisoformat(day)} if day else {}
    return lambda: after.closing.pays_back(after.request, cents, by=who.lower(), **more)


_CAME_BACK = r"that the home state paid back (?P<amount>\$[\d.]+)( on (?P<day>[\d-]+))?"


@when(parsers.re(rf"(?P<who>\w+) writes down {_CAME_BACK}"))
def writes_down(after: AfterTheTrip, who: str, amount: str, day: str | None) -> None:
    after.recovery = came_back(after, who, amount, day)()


@when(parsers.re(rf"(?P<who>\w+) tries to write down {_CAME_BACK}"))
def tries_to_write_down(after: AfterTheTrip, who: str, amount: str, day: str | None) -> None:
    after.recovery = after.tries(came_back(after, who, amount, day))


@when(parsers.parse("{who} verifies what came back"))
def verifies_back(after: AfterTheTrip, who: str) -> None:
    assert after.recovery is not None
    after.event = after.closing.verify(after.request, after.recovery, by=who.lower())


@when(parsers.parse("{who} tries to verify what came back"))
def tries_to_verify_back(after: AfterTheTrip, who: str) -> None:
    recovery = after.recovery
    assert recovery is not None
    after.tries(lambda: after.closing.verify(after.request, recovery, by=who.lower()))


@when(parsers.parse("the books are closed through {day}"))
def books_closed(after: AfterTheTrip, day: str) -> None:
    keeper = Staff(after.closing.staff["ben"].id, "Flor", frozenset({Role.FUND_MANAGER}))
    with after.closing.work() as session:
        periods.close_period(
            session,
            through=date.fromisoformat(day),
            reason="The quarter's report",
            by=keeper,
            now=after.closing.town.clock(),
        )


@then(parsers.parse("it is posted on {day} and happened on {earlier}"))
def posted_and_happened(after: AfterTheTrip, day: str, earlier: str) -> None:
    with after.closing.read() as session:
        told = books.history(session, [after.closing.cost(after.request).hold_id])
    found = {(line.day, line.happened_on) for line in told if line.event_id == after.event}
    assert found == {(date.fromisoformat(day), date.fromisoformat(earlier))}
