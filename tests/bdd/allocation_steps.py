"""Scarce money, reservations that run out, and what a certificate says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_bdd import given, parsers, then, when

from reunify.allocation import actions as allocation
from reunify.allocation import queries as plans
from reunify.allocation.policy import LineNeed
from reunify.allocation.queries import AwardPlan
from reunify.allocation.told import sentences
from reunify.funds import actions as funds
from reunify.funds.policy import FundKind
from reunify.funds.terms import Terms
from reunify.intake.form import Category
from reunify.kernel.ids import RequestId, VersionId
from reunify.kernel.money import Money
from reunify.ledger.policy import BudgetCategory, Scope, Unit
from reunify.web.pages.view import day as written_day
from tests.integration.scarce_world import BY, PART, Scarce
from tests.town import NOW
from tests.web.pages_world import signed_in

ZONE = ZoneInfo("America/New_York")
SPOKEN = "%B %d, %Y"


def _cents(written: str) -> int:
    return Money.parse(written).cents


def _day(written: str) -> datetime:
    """Its midnight in the organisation's zone."""
    return datetime.strptime(written, SPOKEN).replace(tzinfo=ZONE)


@dataclass
class Families:
    """One family, and another where there is one."""

    scarce: Scarce
    asked: list[RequestId] = field(default_factory=list)

    def warned(self) -> bool:
        return self.scarce.look_at_reservations() > 0

    def page(self) -> str:
        return signed_in(self.scarce.town.house, "ana").get(f"/requests/{self.asked[0]}").text


@given(
    parsers.parse("the fund is released in 24 parts, and the next one begins on {day}"),
    target_fixture="families",
)
def allocation_paced(story: Any, day: str) -> Families:
    families = Families(Scarce(story.town))
    families.scarce.paced()
    assert _day(day).date() == PART
    return families


@given(parsers.parse("{cents} of what is released is left"))
def allocation_left(families: Families, cents: str) -> None:
    families.scarce.leave(_cents(cents))


@when(parsers.re(r"(a|another) family that leaves on (?P<day>.+) asks for (?P<cents>\S+)"))
def allocation_asks(families: Families, day: str, cents: str) -> None:
    families.asked.append(families.scarce.checked(_cents(cents), _day(day).date()))


@when(parsers.re(r"it is (?P<before>one second before )?(?P<day>\w+ \d+, \d{4}) in the organisation's zone"))
def allocation_part_begins(families: Families, day: str, before: str | None) -> None:
    families.scarce.at(_day(day) - timedelta(seconds=1 if before else 0))
    families.scarce.try_again()


@then(parsers.re(r"(?P<cents>\$\S+) is set aside for (?P<who>it|the other family)"))
def allocation_set_aside(families: Families, cents: str, who: str) -> None:
    assert families.scarce.set_aside(families.asked[0 if who == "it" else 1]) == _cents(cents)


@then("it waits for nothing")
def allocation_waits_not(families: Families) -> None:
    assert "waits" not in families.scarce.why(families.asked[0])


@then(parsers.parse("it waits for {cents} more until {day}"))
def allocation_waits(families: Families, cents: str, day: str) -> None:
    said = families.scarce.why(families.asked[0])["waits"]
    assert (sum(said["lines"].values()), said["on"]) == (_cents(cents), _day(day).date().isoformat())


# Reservations ----------------------------------------------------------------------------------------------
@given(parsers.parse("{cents} is set aside for a family that leaves on {day}"), target_fixture="families")
def allocation_reserved(story: Any, cents: str, day: str) -> Families:
    families = Families(Scarce(story.town))
    allocation_asks(families, day, cents)
    allocation_set_aside(families, cents, "it")
    return families


@given("the case manager is warned")
def allocation_warned(families: Families) -> None:
    families.scarce.at(_day("December 22, 2026"))
    assert families.warned()


@when(parsers.re(r"it is (?P<day>\w+ \d+, \d{4})"))
def allocation_day_comes(families: Families, day: str) -> None:
    families.scarce.at(_day(day))
    families.scarce.look_at_reservations()


@when("Ben approves what is set aside")
def allocation_approved(families: Families) -> None:
    families.scarce.approve(families.asked[0])


@when("Ana has it checked again")
def allocation_checked_again(families: Families) -> None:
    families.scarce.check_again(families.asked[0])


@then("the case manager is told nothing")
def allocation_told_nothing(families: Families) -> None:
    assert "runs out" not in families.page()


@then(parsers.parse("the case manager is told that it runs out on {day}"))
def allocation_told(families: Families, day: str) -> None:
    assert f"This reservation runs out {written_day(_day(day).date())}." in families.page()


@then("the request says that its reservation ran out")
def allocation_ran_out(families: Families) -> None:
    assert "Its reservation ran out." in families.page()


# Certificates ----------------------------------------------------------------------------------------------
RULE = "rule 3"
NEED = LineNeed("meals", Category.MEALS, "advance", "mother", "", "cents", 0, 0, RULE)
CODES = {"VRT": "vrt", "the airline pool": "airline_pool", "the general fund": "general_fund"}


@dataclass
class Sources:
    scarce: Scarce
    codes: list[str] = field(default_factory=list)
    plan: AwardPlan | None = None
    certificate: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def sources(story: Any) -> Sources:
    return Sources(Scarce(story.town))


@given(
    parsers.re(
        r"(?P<name>VRT|the airline pool|the general fund) has (?P<cents>\S+) for meals"
        r"( and (?P<what>pays|gives at least) (?P<amount>\S+) for one trip)?"
    )
)
def allocation_source(sources: Sources, name: str, cents: str, what: str | None, amount: str | None) -> None:
    code = CODES[name]
    sources.codes.append(code)
    with sources.scarce.town.house.db.work() as session:
        funds.open_fund(
            session,
            code=code,
            name=name,
            public_name=name.removeprefix("the "),
            kind=FundKind.HELD,
            unit=Unit.CENTS,
            amounts={BudgetCategory.MEALS: _cents(cents)},
            period_start=NOW.date(),
            period_end=None,
            organisation_set=True,
            by=BY,
            now=NOW,
        )
        if what == "pays" and amount:
            funds.limit(
                session,
                code=code,
                scope=Scope.TRIP,
                at_most=_cents(amount),
                effective_from=NOW.date(),
                by=BY,
                now=NOW,
            )
        elif amount:
            funds.set_terms(
                session,
                code=code,
                terms=Terms(minimum_grant=_cents(amount)),
                effective_from=NOW.date(),
                reason="smaller grants cost more than they give",
                by=BY,
                now=NOW,
            )


@when(parsers.parse("{cents} of meals are split over them"))
def allocation_split(sources: Sources, cents: str) -> None:
    scarce, amount = sources.scarce, _cents(cents)
    request = scarce.asks(1_000, PART)
    needs = [
        replace(NEED, fund_code=code, payable=amount, ceiling=amount, basis=f"{code}: {RULE}", tier=tier)
        for tier, code in enumerate(sources.codes)
    ]
    with scarce.town.house.db.work() as session:
        version = session.connection().exec_driver_sql(
            "SELECT id FROM request_versions WHERE request_id = %s", (request,)
        )
        made = allocation.allocate(
            session,
            version_id=VersionId(version.scalar_one()),
            scopes=allocation.Scopes(request, None),
            needs=needs,
            by=BY,
            now=NOW,
        )
        sources.plan = plans.award_plan(session, made) if made else None
        empty = plans.empty_split(session, request)
    kept = sources.plan.certificate if sources.plan else (empty.certificate if empty else None)
    assert kept is not None
    sources.certificate = kept


@then(parsers.re(r"(?P<cents>\$\S+) is paid$"))
def allocation_paid(sources: Sources, cents: str) -> None:
    assert (sources.plan.ceiling_cents if sources.plan else 0) == _cents(cents)


@then(parsers.re(r'the certificate says "(?P<said>.*)"'))
def allocation_says(sources: Sources, said: str) -> None:
    found = sentences(sources.certificate, lines={"meals": "Meals"})
    assert found == ([said] if said else []), found


@then("every cent that is paid has the rule by which it may be charged")
def allocation_basis(sources: Sources) -> None:
    assert sources.plan is not None
    pieces = sources.certificate["pieces"]
    assert sum(p["amount"] for p in pieces) == sources.plan.ceiling_cents
    assert all(p["basis"].endswith(RULE) for p in pieces)
    assert all(line.basis.endswith(RULE) for line in sources.plan.lines)
