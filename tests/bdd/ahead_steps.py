"""What lapses, and what looks paid twice, as finance says it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pytest_bdd import given, parsers, then, when

from reunify.cli import funds_ahead_words
from reunify.funds import actions as funds
from reunify.kernel.money import Money
from reunify.ledger.policy import BudgetCategory, Scope
from reunify.reporting.duplicates import Verdict
from reunify.reporting.duplicates_actions import look
from reunify.reporting.duplicates_queries import Report, report
from reunify.reporting.forecast import FundAhead
from reunify.reporting.forecast_queries import every_fund_ahead
from tests.bdd.closeout_steps import AfterTheTrip
from tests.integration.closeout_world import KEEPER, OWN, Closing
from tests.integration.duplicates_world import finn_joins
from tests.town import NOW

AWARD = "sample_award"


def cents(said: str) -> int:
    return Money.parse(said).cents


def ahead(closing: Closing, days: int = 0) -> list[FundAhead]:
    with closing.read() as session:
        return every_fund_ahead(session, on=NOW.date() + timedelta(days=days))[0]


def own(closing: Closing, days: int = 0) -> FundAhead:
    (found,) = [a for a in ahead(closing, days) if a.fund.code == OWN]
    return found


def printed(closing: Closing) -> str:
    with closing.read() as session:
        return "\n".join(funds_ahead_words.forecast(session, closing.town.clock())[0])


def looked_for(closing: Closing) -> Report:
    with closing.read() as session:
        return report(session, now=closing.town.clock())


@given(parsers.parse("an award of {amount} whose period ends in {days:d} days"), target_fixture="closing")
def award_ends(story: Any, amount: str, days: int) -> Closing:
    closing = Closing(story.town)
    closing.open(
        AWARD,
        {BudgetCategory.TRANSPORT: cents(amount)},
        ends=NOW.date() + timedelta(days=days),
        award_number="15PSAM-00-GG-00001",
        assistance_listing="99.999",
    )
    return closing


@then(
    parsers.parse(
        "the forecast names the award first: {amount} lapse if they are not obligated in {days:d} days"
    )
)
def award_first(closing: Closing, amount: str, days: int) -> None:
    first = ahead(closing)[0]
    assert first.fund.code == AWARD
    (lapse,) = first.lapses
    assert (lapse.on, lapse.amount) == (NOW.date() + timedelta(days=days), cents(amount))
    assert lapse.what == "not obligated"


@then("it says that lapse is no reason to charge a cost (2 CFR 200.405(c))")
def no_reason(closing: Closing) -> None:
    assert "never a reason to charge a cost to a federal award" in printed(closing)
    assert "2 CFR 200.405(c)" in printed(closing)


@then(parsers.parse("the forecast says as an estimate that {amount} were spent in 90 days"))
def pace(after: AfterTheTrip, amount: str) -> None:
    assert own(after.closing).total("spent_lately") == cents(amount)
    assert f"estimate: the last 90 days spent {Money(cents(amount))}" in printed(after.closing)


@then(parsers.parse("{still:d} days later it still does, but not {over:d} days later"))
def pace_ends(after: AfterTheTrip, still: int, over: int) -> None:
    assert own(after.closing, still).total("spent_lately") > 0
    assert own(after.closing, over).total("spent_lately") == 0


@given(parsers.parse("our own fund gives at most {amount} for a trip"), target_fixture="closing")
def at_most(story: Any, amount: str) -> Closing:
    closing = Closing(story.town)
    said: dict[str, Any] = {
        "scope": Scope.TRIP,
        "effective_from": NOW.date(),
        "by": KEEPER,
        "now": NOW,
    }
    with closing.work() as session:
        funds.limit(session, code=OWN, at_most=cents(amount), **said)
    return closing


@given(parsers.parse("a fare of {amount} waits for approval"), target_fixture="after")
def fare_waits(closing: Closing, amount: str) -> AfterTheTrip:
    return AfterTheTrip(closing, closing._entered(cents(amount)))


@then(parsers.parse("the forecast names the request under our own fund with {amount}"))
def names_request(after: AfterTheTrip, amount: str) -> None:
    (found,) = own(after.closing).requests
    assert (found.request_id, found.amount) == (after.request, cents(amount))
    assert found.reference in printed(after.closing)


@then("it names nobody")
def names_nobody(after: AfterTheTrip) -> None:
    said = printed(after.closing)
    assert not [name for name in ("Bell", "Zora", "Tanisha", "SAMPLE-1006") if name in said]


@given(parsers.parse("the same fare of {amount} paid again, in another request"))
def paid_again(after: AfterTheTrip, amount: str) -> None:
    after.closing.paid(cents(amount))


@given(parsers.parse("the same fare of {amount} paid again, for a trip a week later"))
def paid_a_week_later(after: AfterTheTrip, amount: str) -> None:
    after.closing.paid(cents(amount), day=NOW.date() + timedelta(days=7))


@then(parsers.parse("{amount} look paid twice: {words}"))
def look_paid_twice(after: AfterTheTrip, amount: str, words: str) -> None:
    (row,) = looked_for(after.closing).owed
    assert row.suspicion.cents == cents(amount)
    with after.closing.read() as session:
        lines, owed = funds_ahead_words.duplicates(session, after.closing.town.clock(), everything=False)
    assert owed
    assert words in lines[0].lower()


@when(parsers.parse('Finn, who decided neither, looks and finds no duplicate, because "{reason}"'))
def finds_none(after: AfterTheTrip, reason: str) -> None:
    finn_joins(after.closing)
    found(after, "Finn", Verdict.NO_DUPLICATE, reason)


@when(parsers.parse('{who} has it looked at again, because "{reason}"'))
def looks_again(after: AfterTheTrip, who: str, reason: str) -> None:
    found(after, who, Verdict.LOOK_AGAIN, reason)


@then("nothing waits for a look")
def no_look_waits(after: AfterTheTrip) -> None:
    assert looked_for(after.closing).owed == ()


@then("nothing waits for a look, and the reason stays")
def reason_stays(after: AfterTheTrip) -> None:
    assert looked_for(after.closing).owed == ()
    (row,) = looked_for(after.closing).looked_at
    assert row.looks[0].reason == "the first seat was given back"


def found(after: AfterTheTrip, who: str, verdict: Verdict, reason: str) -> None:
    (row,) = looked_for(after.closing).rows
    with after.closing.work() as session:
        look(
            session,
            suspicion=row.suspicion.id,
            requests=[line.request_id for line in row.suspicion.lines],
            verdict=verdict,
            reason=reason,
            by=after.closing.staff[who.lower()],
            now=after.closing.town.clock(),
        )
