"""A funder is asked, answers, and a second person puts its yes in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from pytest_bdd import given, parsers, then, when

from reunify.eligibility.asking_checks import AnotherConfirms, GrantInUse
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.kernel.refusals import BadInput
from tests.integration.asked_world import MONEY, OWN, PROGRAM, Office

FARE = "fare-mother"


@dataclass
class Asking:
    """One mother, one program, and what it said last."""

    office: Office
    request_id: RequestId
    ask_id: UUID | None = None
    said: UUID | None = None

    def says(self, cents: int) -> UUID:
        assert self.ask_id is not None
        return self.office.record(self.request_id, self.ask_id, "partial", {MONEY: cents})

    def set_aside(self) -> int:
        return sum(self.office.paid_by(self.request_id).get(PROGRAM, {}).values())


def _cents(written: str) -> int:
    return Money.parse(written).cents


@given(
    parsers.re(
        r"a mother flies to a hearing abroad for (?P<fare>\S+), and "
        r"(?P<who>only the program|our own fund) may pay( too)?"
    ),
    target_fixture="asking",
)
def funder_may_pay(story: Any, fare: str, who: str) -> Asking:
    office = Office(story.town)
    office.begin()
    more = {} if who == "only the program" else {"income": None}
    return Asking(office, office.submitted(fare=_cents(fare), child=False, **more))


@given(parsers.parse("the program granted {granted} and the fare came down to {now}"))
def funder_granted_and_fell(asking: Asking, granted: str, now: str) -> None:
    asking.ask_id = asking.office.granted(asking.request_id, {FARE: _cents(granted)})
    office = asking.office
    with office.work() as session:
        intake.answer(
            session,
            request_id=asking.request_id,
            answers={"/cost_lines/0/quote_cents": _cents(now), "/cost_lines/0/ceiling_cents": _cents(now)},
            award_stands=True,
            case_types=office.case_types,
            by=office.staff["ana"],
            now=office.town.clock(),
        )
    office.check()
    assert asking.set_aside() == _cents(now)


@given(parsers.parse("the program granted {granted} to another family that has not used it"))
def funder_granted_to_another(asking: Asking, granted: str) -> None:
    other = asking.office.submitted(fare=_cents(granted), child=False)
    asking.office.granted(other, {FARE: _cents(granted)}, check=False)


@when(parsers.parse("Ana asks the program for {cents}"))
def funder_asks(asking: Asking, cents: str) -> None:
    asking.ask_id = asking.office.ask(asking.request_id, {FARE: _cents(cents)})


@when(parsers.re(r"Ana records that it grants (?P<cents>\S+)( after all)?"))
def funder_records(asking: Asking, cents: str) -> None:
    asking.said = asking.says(_cents(cents))


@when("Ana records that it says no")
def funder_records_no(asking: Asking) -> None:
    assert asking.ask_id is not None
    asking.office.record(asking.request_id, asking.ask_id, "no")
    asking.office.check()


@when("Sam puts the yes in force")
def funder_confirms(asking: Asking) -> None:
    assert asking.said is not None
    asking.office.confirm(asking.request_id, asking.said, check=False)
    asking.office.check(only=asking.request_id)


@when("the request is checked again")
def funder_checked_again(asking: Asking) -> None:
    asking.office.decide(asking.request_id, "VR-06")


@then("nothing of the program is set aside")
def funder_nothing_set_aside(asking: Asking) -> None:
    assert asking.office.book() == (0, 0, 0, 0, 0)
    assert asking.set_aside() == 0


@then(parsers.parse("{cents} of the program is set aside for her"))
def funder_set_aside(asking: Asking, cents: str) -> None:
    assert asking.set_aside() == _cents(cents)
    assert asking.office.book()[2] == _cents(cents)


@then("Ana cannot confirm it herself")
def funder_not_herself(asking: Asking) -> None:
    assert asking.said is not None
    with pytest.raises(AnotherConfirms):
        asking.office.confirm(asking.request_id, asking.said, by="ana")


@then(parsers.parse("Ana cannot record that it grants {cents}"))
def funder_cannot_record(asking: Asking, cents: str) -> None:
    with pytest.raises(BadInput):
        asking.says(_cents(cents))


@then(parsers.parse("Ana cannot ask the program for {cents}"))
def funder_cannot_ask(asking: Asking, cents: str) -> None:
    with pytest.raises(BadInput):
        asking.office.ask(asking.request_id, {FARE: _cents(cents)})


@then(parsers.parse("{cents} of the program may be spent"))
def funder_may_be_spent(asking: Asking, cents: str) -> None:
    funder_confirms(asking)
    assert asking.office.book()[0] == _cents(cents)


@then(parsers.parse("Sam cannot confirm it, for {used} is in use"))
def funder_cannot_confirm(asking: Asking, used: str) -> None:
    assert asking.said is not None
    with pytest.raises(GrantInUse) as refused:
        asking.office.confirm(asking.request_id, asking.said)
    assert f"{used} is reserved, obligated or spent" in str(refused.value)


@then("a person confirms that no source can pay")
def funder_no_source(asking: Asking) -> None:
    assert asking.office.stage(asking.request_id) == "refusal_to_confirm"


@then(parsers.parse("our own fund pays {cents} of it, until the program decides"))
def funder_bridged(asking: Asking, cents: str) -> None:
    plan = asking.office.plan(asking.request_id)
    assert plan is not None
    (said,) = plan.certificate["awaiting_funder"]
    assert (said["fund"], said["amount"], said["awaits"]) == (OWN, _cents(cents), PROGRAM)
