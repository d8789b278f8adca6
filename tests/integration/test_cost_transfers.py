"""A cost is moved to another source by two people, in time, for a reason, and never beyond what was spent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.closeout import actions as closeout
from reunify.closeout import dollar, policy, spent, target_policy
from reunify.closeout.policy import Late
from reunify.funds import actions as funds
from reunify.funds import queries as sources
from reunify.funds import setting
from reunify.funds.policy import FundKind
from reunify.kernel.ids import RequestId
from reunify.kernel.moves import WrongState
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotAllowed
from reunify.ledger.policy import BudgetCategory, InsufficientFunds, Scope
from tests.integration.closeout_world import FINDING, GIFT, KEEPER, LATE, OWN, STATE, TRANSPORT, Closing
from tests.lasting import lasting_database
from tests.town import NOW, built


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closing]:
    data = tmp_path_factory.mktemp("closeout")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data) as town,
    ):
        yield Closing(town)


@pytest.fixture
def closing(house: Closing) -> Closing:
    house.begin()
    return house


# Two people ------------------------------------------------------------------------------------------------
def test_nothing_moves_until_a_second_person_agrees(closing: Closing) -> None:
    request = closing.paid()
    cash = closing.cash()
    before = closing.available(OWN), closing.available(GIFT)
    transfer = closing.ask(request, 25_000)
    assert closing.lies(request) == {OWN: 40_000}
    closing.confirm(request, transfer)
    assert closing.lies(request) == {OWN: 15_000, GIFT: 25_000}
    assert (closing.available(OWN), closing.available(GIFT)) == (before[0] + 25_000, before[1] - 25_000)
    assert closing.cash() == cash
    done = closing.transfer(request, transfer)
    assert (done.state, done.asked_by, done.ended_by) == (
        "confirmed",
        closing.staff["ben"].id,
        closing.staff["carla"].id,
    )
    assert closing.sound() == []


def test_whoever_asked_never_confirms_nor_whoever_counts_as_the_same(closing: Closing) -> None:
    request = closing.paid()
    transfer = closing.ask(request)
    ben, carla = closing.staff["ben"], closing.staff["carla"]
    for by in (ben, replace(carla, stands_for=frozenset({ben.id}))):
        with pytest.raises(policy.SamePersonTwice):
            closing.confirm(request, transfer, by=by)
    lender = replace(ben, stands_for=frozenset({carla.id}))
    closing.staff["cover"] = lender
    other = closing.paid()
    covered = closing.ask(other, by="cover")
    with pytest.raises(policy.SamePersonTwice):
        closing.confirm(other, covered, by="carla")
    author = replace(carla, stands_for=frozenset({closing.staff["ana"].id}))
    with pytest.raises(policy.AuthorMayNotConfirm):
        closing.confirm(request, transfer, by=author)
    with pytest.raises(NotAllowed):
        closing.confirm(request, transfer, by="ana")
    closing.confirm(request, transfer)
    with pytest.raises(WrongState):
        closing.confirm(request, transfer)
    assert closing.lies(request) == {GIFT: 40_000}


@pytest.mark.parametrize(
    "said",
    [
        "confirmed_by = asked_by",
        "asked_for = ARRAY[:carla]::uuid[]",
        "confirmed_for = ARRAY[asked_by]",
        "amount = amount + 1",
        "basis = NULL, finding = NULL",
        "state = 'asked', confirmed_by = NULL, confirmed_for = '{}', confirmed_at = NULL, "
        "confirmed_on = NULL, event_id = NULL, to_hold = NULL",
    ],
)
def test_the_database_says_the_same_to_whoever_writes_past_the_room(closing: Closing, said: str) -> None:
    request = closing.paid()
    transfer = closing.move(request)
    for statement in (f"UPDATE cost_transfers SET {said} WHERE id = :id", "DELETE FROM cost_transfers"):
        known = {"id": transfer, "carla": closing.staff["carla"].id}
        named = {k: v for k, v in known.items() if f":{k}" in statement}
        with pytest.raises(sa.exc.IntegrityError), closing.work() as session:
            session.execute(sa.text(statement), named)


@pytest.mark.parametrize("by", ["ben", "cover"])
def test_the_database_refuses_a_confirmation_by_one_person(closing: Closing, by: str) -> None:
    """A row that never went through the room: asked and confirmed by the same, or by their stand-in."""
    request = closing.paid()
    transfer, other = closing.ask(request, 10_000), closing.ask(request, 20_000)
    closing.confirm(request, other)
    confirmed_for = "ARRAY[asked_by]" if by == "cover" else "'{}'"
    confirmed_by = "'" + str(closing.staff["carla"].id) + "'" if by == "cover" else "asked_by"
    moved = sa.text(
        f"UPDATE cost_transfers SET state = 'confirmed', confirmed_by = {confirmed_by}, "
        f"confirmed_for = {confirmed_for}, confirmed_at = asked_at, confirmed_on = asked_on, "
        "finding = justification, to_hold = from_hold, event_id = (SELECT id FROM ledger_events LIMIT 1) "
        "WHERE id = :id"
    )
    with pytest.raises(sa.exc.IntegrityError, match="another_confirms"), closing.work() as session:
        session.execute(moved, {"id": transfer})


def test_confirmed_twice_at_once_it_moves_once(closing: Closing) -> None:
    request = closing.paid()
    transfer = closing.ask(request, 25_000)
    outcomes: list[str] = []

    def confirm() -> None:
        try:
            closing.confirm(request, transfer)
            outcomes.append("moved")
        except WrongState:
            outcomes.append("too late")

    threads = [threading.Thread(target=confirm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["moved", "too late", "too late", "too late"]
    assert closing.lies(request) == {OWN: 15_000, GIFT: 25_000}


def test_it_is_turned_down_by_another_and_withdrawn_by_whoever_asked(closing: Closing) -> None:
    request = closing.paid()
    first, second = closing.ask(request, 10_000), closing.ask(request, 10_000)

    def end(verb: str, transfer: Any, by: str, why: str = "Not this source.") -> None:
        with closing.work() as session:
            getattr(closeout, verb)(
                session,
                request_id=request,
                transfer_id=transfer,
                why=why,
                by=closing.staff[by],
                now=closing.town.clock(),
            )

    with pytest.raises(policy.SamePersonTwice):
        end("turn_down_transfer", first, "ben")
    with pytest.raises(BadInput):
        end("turn_down_transfer", first, "carla", why=" ")
    end("turn_down_transfer", first, "carla")
    with pytest.raises(policy.OnlyWhoAsked):
        end("withdraw_transfer", second, "carla")
    end("withdraw_transfer", second, "ben")
    assert [closing.transfer(request, t).state for t in (first, second)] == ["turned_down", "withdrawn"]
    for verb, by in (("turn_down_transfer", "carla"), ("withdraw_transfer", "ben")):
        with pytest.raises(WrongState):
            end(verb, first, by)
    assert closing.lies(request) == {OWN: 40_000}
    closing.ask(request, 40_000)


def test_a_transfer_of_another_request_is_not_there(closing: Closing) -> None:
    mine, other = closing.paid(), closing.paid()
    transfer = closing.ask(mine)
    with pytest.raises(policy.NoSuchTransfer):
        closing.confirm(other, transfer)
    with pytest.raises(policy.NoSuchCost):
        closing.ask(mine, from_hold=closing.cost(other).hold_id)


# The amount ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("cents", "moved"), [(39_999, True), (40_000, True), (40_001, False)])
def test_never_more_than_was_spent(closing: Closing, cents: int, moved: bool) -> None:
    request = closing.paid() if moved else closing.untouched()
    if not moved:
        with pytest.raises(policy.MoreThanSpent):
            closing.ask(request, cents)
        return
    closing.move(request, cents)
    assert closing.lies(request).get(GIFT) == cents


def test_what_waits_to_be_moved_is_not_asked_for_twice(closing: Closing) -> None:
    request = closing.paid(40_000)
    closing.ask(request, 30_000)
    with pytest.raises(policy.MoreThanSpent):
        closing.ask(request, 10_001)
    closing.ask(request, 10_000)


@pytest.mark.parametrize("cents", [0, -1])
def test_an_amount_is_cents_above_zero(closing: Closing, cents: int) -> None:
    request = closing.untouched()
    with pytest.raises(BadInput):
        closing.ask(request, cents)


@pytest.mark.parametrize(("cents", "fits"), [(9_999, True), (10_000, True), (10_001, False)])
def test_the_other_source_never_bears_more_than_it_has(closing: Closing, cents: int, fits: bool) -> None:
    code = f"small-{cents}"
    closing.open(code, {TRANSPORT: 10_000})
    request = closing.paid() if fits else closing.untouched()
    if fits:
        closing.move(request, cents, to=code)
        assert closing.available(code) == 10_000 - cents
        return
    with pytest.raises(target_policy.OverALimit, match=r"\$100.00 is left"):
        closing.ask(request, cents, to=code)


@pytest.mark.parametrize(("cents", "fits"), [(14_999, True), (15_000, True), (15_001, False)])
def test_the_limit_of_the_other_source_for_one_trip_counts(closing: Closing, cents: int, fits: bool) -> None:
    code = f"limited-{cents}"
    closing.open(code, {TRANSPORT: 90_000})
    limited(closing, code, Scope.TRIP, 15_000)
    request = closing.paid() if fits else closing.untouched()
    if fits:
        closing.move(request, cents, to=code)
        with pytest.raises(target_policy.OverALimit):
            closing.ask(request, 15_001 - cents, to=code, from_hold=closing.cost(request).hold_id)
        return
    with pytest.raises(target_policy.OverALimit, match="trip limit"):
        closing.ask(request, cents, to=code)


def test_a_source_that_pays_for_one_trip_of_a_child_takes_over_no_cost_of_another(closing: Closing) -> None:
    closing.open("once", {TRANSPORT: 90_000})
    limited(closing, "once", Scope.LIFETIME, 1)
    first, second = closing.paid(), closing.paid()  # the same child
    closing.move(first, 10_000, to="once")
    closing.move(first, 10_000, to="once", from_hold=closing.cost(first).hold_id)
    with pytest.raises(target_policy.OverALimit, match="1 trip of one child: nothing is left"):
        closing.ask(second, 10_000, to="once")


@pytest.mark.parametrize(("category", "fits"), [(TRANSPORT, False), (BudgetCategory.LODGING, True)])
def test_a_limit_of_one_budget_category_counts_for_that_one(
    closing: Closing, category: BudgetCategory, fits: bool
) -> None:
    code = f"limited-{category}"
    closing.open(code, {TRANSPORT: 90_000})
    limited(closing, code, Scope.TRIP, 15_000, category)
    if fits:
        closing.ask(closing.paid(), 15_001, to=code)
    else:
        with pytest.raises(target_policy.OverALimit, match="trip limit of transport"):
            closing.ask(closing.untouched(), 15_001, to=code)


def test_within_one_source_a_limit_that_was_lowered_counts_the_cost_on(closing: Closing) -> None:
    code = "lowered"
    closing.open(code, {TRANSPORT: 90_000, BudgetCategory.OTHER: 90_000})
    limited(closing, code, Scope.FAMILY, 60_000)
    limited(closing, code, Scope.LIFETIME, 1)
    request, other = closing.paid(), closing.paid()  # the same child
    closing.move(request, to=code)
    closing.later(1)
    limited(closing, code, Scope.FAMILY, 30_000, on=closing.today)
    corrects_category(closing, request, code)
    assert closing.used(code) == {("family", ""): 40_000, ("lifetime", ""): 1}
    with pytest.raises(target_policy.OverALimit, match="nothing is left"):
        closing.ask(other, 1, to=code)
    assert closing.sound() == []


def test_within_one_source_only_the_limits_of_the_budget_category_change(closing: Closing) -> None:
    code = "by-category"
    closing.open(code, {TRANSPORT: 90_000, BudgetCategory.OTHER: 90_000})
    limited(closing, code, Scope.TRIP, 50_000)
    limited(closing, code, Scope.TRIP, 40_000, TRANSPORT)
    limited(closing, code, Scope.TRIP, 25_000, BudgetCategory.OTHER)
    request = closing.paid()
    closing.move(request, to=code)
    with pytest.raises(target_policy.OverALimit, match="trip limit of other"):
        corrects_category(closing, request, code, 25_001)
    corrects_category(closing, request, code, 25_000)
    assert closing.used(code) == {
        ("trip", ""): 40_000,
        ("trip", "budget:transport"): 15_000,
        ("trip", "budget:other"): 25_000,
    }


def test_within_one_source_the_other_category_never_bears_more_than_it_has(closing: Closing) -> None:
    code = "thin"
    closing.open(code, {TRANSPORT: 90_000, BudgetCategory.OTHER: 25_000})
    request = closing.paid()
    closing.move(request, to=code)
    with pytest.raises(target_policy.OverALimit, match=r"\$250.00 is left"):
        corrects_category(closing, request, code, 25_001)
    corrects_category(closing, request, code, 25_000)


def corrects_category(closing: Closing, request: RequestId, code: str, cents: int = 40_000) -> None:
    """So much of what lies in this source for transport belongs to its other costs."""
    closing.move(
        request,
        cents,
        to=code,
        category=BudgetCategory.OTHER,
        reason="correct_budget_category",
        from_hold=closing.cost(request, code).hold_id,
    )


def test_what_the_other_source_had_is_counted_anew_when_it_is_confirmed(closing: Closing) -> None:
    closing.open("scarce", {TRANSPORT: 10_000})
    first, second = closing.paid(), closing.paid()
    waiting = [(r, closing.ask(r, 6_000, to="scarce")) for r in (first, second)]
    closing.confirm(*waiting[0])
    with pytest.raises((target_policy.OverALimit, InsufficientFunds)):
        closing.confirm(*waiting[1])
    assert closing.lies(second) == {OWN: 40_000}


def limited(
    closing: Closing,
    code: str,
    scope: Scope,
    at_most: int,
    category: BudgetCategory | None = None,
    *,
    on: date = NOW.date(),  # noqa: B008 - a constant
) -> None:
    with closing.work() as session:
        setting.limit(
            session,
            code=code,
            scope=scope,
            at_most=at_most,
            budget_category=category,
            effective_from=on,
            by=KEEPER,
            now=closing.town.clock(),
        )


# The reason ------------------------------------------------------------------------------------------------
def test_that_money_is_about_to_lapse_is_never_a_reason(closing: Closing) -> None:
    request = closing.untouched()
    with pytest.raises(policy.NotAReason, match="about to lapse"):
        closing.ask(request, reason="about_to_lapse")


def test_a_reason_fits_what_is_moved(closing: Closing) -> None:
    request = closing.paid()
    with pytest.raises(policy.NotAReason):
        closing.ask(request, reason="correct_budget_category")
    with pytest.raises(policy.NotAReason):
        closing.ask(request, to=OWN, category=BudgetCategory.OTHER)
    with pytest.raises(target_policy.NotGranted):
        closing.ask(request, reason="funder_decided_after_bridging")
    with pytest.raises(policy.ThereAlready):
        closing.ask(request, to=OWN, reason="correct_budget_category")
    closing.move(request, to=OWN, category=BudgetCategory.OTHER, reason="correct_budget_category")
    assert [c.budget_category for c in closing.costs(request)] == [BudgetCategory.OTHER]


@pytest.mark.parametrize("why", ["", "too short", "x" * 2_001, "hidden \u202e words of enough length"])
def test_a_justification_is_a_sentence(closing: Closing, why: str) -> None:
    request = closing.untouched()
    with pytest.raises(BadInput):
        closing.ask(request, justification=why)


def test_without_a_rule_the_second_person_finds_why_it_may_be_charged_there(closing: Closing) -> None:
    request = closing.paid()
    transfer = closing.ask(request)
    assert closing.transfer(request, transfer).basis is None
    with pytest.raises(policy.FindingNeeded):
        closing.confirm(request, transfer, finding="")
    with pytest.raises(BadInput):
        closing.confirm(request, transfer, finding="because")
    closing.confirm(request, transfer, finding=FINDING)


def test_a_rule_that_found_the_line_eligible_is_the_basis(closing: Closing) -> None:
    request = closing.paid()
    closing.move(request)
    back = closing.ask(request, 40_000, to=OWN, from_hold=closing.cost(request, GIFT).hold_id)
    basis = closing.transfer(request, back).basis
    assert basis is not None
    assert basis.startswith(f"{OWN} ")
    closing.confirm(request, back, finding="")
    assert closing.lies(request) == {OWN: 40_000}
    assert closing.sound() == []


# The clock -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("day", "late"), [(89, False), (90, False), (91, True)])
def test_after_ninety_days_three_questions_are_answered(closing: Closing, day: int, late: bool) -> None:
    request = closing.paid()
    closing.later(day)
    if late:
        with pytest.raises(policy.ExplainLateness, match="91 days ago"):
            closing.ask(request)
        with pytest.raises(BadInput) as short:
            closing.ask(request, late=Late(LATE.why_charged, "", "late"))
        assert [p.pointer for p in short.value.problems] == ["/why_belongs", "/why_late"]
    transfer = closing.ask(request, late=LATE if late else Late())
    closing.confirm(request, transfer)
    found = closing.transfer(request, transfer)
    assert (found.days_left, found.late) == (90 - day, late)


def test_an_ask_that_became_late_while_it_waited_is_asked_anew(closing: Closing) -> None:
    request = closing.paid()
    closing.later(90)
    transfer = closing.ask(request)
    closing.later(91)
    with pytest.raises(policy.ExplainLateness):
        closing.confirm(request, transfer)


def test_the_clock_runs_on_when_a_cost_is_moved_again(closing: Closing) -> None:
    request = closing.paid()
    closing.move(request)
    closing.later(91)
    closing.open("third", {TRANSPORT: 90_000})
    hold = closing.cost(request, GIFT).hold_id
    with pytest.raises(policy.ExplainLateness):
        closing.ask(request, to="third", from_hold=hold)
    closing.move(request, to="third", from_hold=hold, late=LATE)
    assert closing.lies(request) == {"third": 40_000}


# The period of the other source ----------------------------------------------------------------------------
@pytest.mark.parametrize(("ends", "fits"), [(date(2026, 11, 24), False), (NOW.date(), True)])
def test_the_cost_is_of_a_day_in_the_other_sources_period(closing: Closing, ends: date, fits: bool) -> None:
    code = f"to-{ends.isoformat()}"
    closing.open(code, {TRANSPORT: 90_000}, ends=ends)
    request = closing.paid() if fits else closing.untouched()
    if fits:
        closing.move(request, to=code)
    else:
        with pytest.raises(target_policy.OutsidePeriod, match="ended on 2026-11-24"):
            closing.ask(request, to=code)


@pytest.mark.parametrize(("starts", "fits"), [(NOW.date(), True), (date(2026, 11, 26), False)])
def test_nor_is_it_of_a_day_before_the_period(closing: Closing, starts: date, fits: bool) -> None:
    code = f"from-{starts.isoformat()}"
    closing.open(code, {}, starts=starts)
    with closing.work() as session:
        funds.amend(
            session,
            code=code,
            budget_category=TRANSPORT,
            authorized=90_000,
            effective_from=starts,
            reason="opened",
            by=KEEPER,
            now=NOW,
        )
    request = closing.paid() if fits else closing.untouched()
    if fits:
        closing.ask(request, to=code)
    else:
        with pytest.raises(target_policy.OutsidePeriod, match="began on 2026-11-26"):
            closing.ask(request, to=code)


@pytest.mark.parametrize(
    ("code", "pays_until", "days", "fits"),
    [("none", None, 5, True), ("none", None, 6, False), ("some", 30, 30, True), ("some", 30, 31, False)],
)
def test_nothing_is_moved_after_the_last_day_to_pay(
    closing: Closing, code: str, pays_until: int | None, days: int, fits: bool
) -> None:
    code = f"pays-{code}-{days}"
    last = NOW.date() + timedelta(days=pays_until) if pays_until else None
    ends = NOW.date() + timedelta(days=5)
    closing.open(code, {TRANSPORT: 90_000}, ends=ends, liquidation_date=last)
    request = closing.paid() if fits else closing.untouched()
    closing.later(days)
    if fits:
        closing.move(request, to=code)
    else:
        with pytest.raises(target_policy.TooLateToMove):
            closing.ask(request, to=code)


# The kind of the other source ------------------------------------------------------------------------------
def test_a_source_that_gives_in_kind_or_pays_by_itself_takes_over_no_cost(closing: Closing) -> None:
    request = closing.untouched()
    for code in ("partner_airline_miles", STATE):
        with pytest.raises(target_policy.TargetUnfit):
            closing.ask(request, to=code)


@pytest.mark.parametrize("verb", ["freeze", "close"])
def test_nor_one_that_is_frozen_or_closed_even_while_the_ask_waits(closing: Closing, verb: str) -> None:
    code = f"to-{verb}"
    closing.open(code, {TRANSPORT: 90_000})
    request = closing.paid()
    transfer = closing.ask(request, 10_000, to=code)
    keeper = Staff(closing.staff["ben"].id, "Flor", frozenset({Role.FUND_MANAGER}))
    with closing.work() as session:
        if verb == "close":
            funds.amend(
                session,
                code=code,
                budget_category=TRANSPORT,
                authorized=0,
                effective_from=NOW.date(),
                reason="ends",
                by=keeper,
                now=NOW,
            )
        funds.move(session, code=code, verb=verb, reason="the year is over", by=keeper, now=NOW)
    with pytest.raises(target_policy.TargetNotOpen):
        closing.confirm(request, transfer)
    with pytest.raises(target_policy.TargetNotOpen):
        closing.ask(request, 10_000, to=code)


def test_a_source_that_is_asked_bears_nothing_its_funder_has_not_granted(closing: Closing) -> None:
    closing.open("asked-fund", {}, kind=FundKind.ASKED)
    request = closing.untouched()
    with pytest.raises(target_policy.NotGranted):
        closing.ask(request, to="asked-fund")


def test_a_condition_of_the_award_stands_in_the_way_until_it_is_lifted(closing: Closing) -> None:
    closing.open(
        "award",
        {TRANSPORT: 90_000},
        ends=date(2027, 9, 30),
        award_number="15POVC-26-GG-00001",
        assistance_listing="16.582",
    )
    with closing.work() as session:
        number = setting.condition(
            session,
            code="award",
            budget_category=TRANSPORT,
            text="Travel is approved before it is charged",
            cite="Special condition 12",
            effective_from=NOW.date(),
            by=KEEPER,
            now=NOW,
        )
    request = closing.paid()
    with pytest.raises(target_policy.NeedsPriorApproval, match="Special condition 12"):
        closing.ask(request, to="award")
    with closing.work() as session:
        setting.lift(
            session,
            code="award",
            number=number,
            document="Their letter 9",
            approved_on=NOW.date(),
            reason="approved",
            by=KEEPER,
            now=NOW,
        )
    closing.move(request, to="award")


# The history ------------------------------------------------------------------------------------------------
def test_a_dollars_history_says_which_fund_bore_it_when(closing: Closing) -> None:
    request = closing.paid()
    closing.later(3)
    closing.move(request, 25_000)
    closing.later(10)
    closing.verify(request, closing.pays_back(request, 5_000))
    with closing.read() as session:
        ((_, told),) = dollar.steps(session, spent.spent(session, request))
        codes = {f.id: f.code for f in sources.all_funds(session)}
    bore = [{codes[b.fund_id]: b.cents for b in step.bears} for step in told]
    assert [step.kind for step in told] == ["expend", "cost_transfer", "recover"]
    assert bore == [{OWN: 40_000}, {OWN: 15_000, GIFT: 25_000}, {OWN: 15_000, GIFT: 20_000}]
    assert [(step.day - NOW.date()).days for step in told] == [0, 3, 10]
