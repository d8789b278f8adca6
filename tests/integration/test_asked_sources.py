"""A source the funder decides family by family: asked, answered, confirmed by a second person, drawn on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.allocation.bridged import bridged
from reunify.consent import queries as consents
from reunify.consent.policy import NoConsentFor
from reunify.eligibility import asking
from reunify.eligibility.asking_checks import (
    AnotherConfirms,
    AskedAlready,
    DecisionWaits,
    FunderNotNamed,
    GrantInUse,
    NotWorthAsking,
)
from reunify.eligibility.asking_deciding import strike_decision
from reunify.eligibility.policy import NotYoursToWaive, funder_id
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.moves import WrongState
from reunify.kernel.people import System
from reunify.kernel.refusals import BadInput
from reunify.ledger import actions as ledger
from reunify.ledger.actions import HoldLine
from reunify.ledger.policy import BudgetCategory, CapReached, Unit
from reunify.reporting import progress
from tests.integration.asked_world import CHILD, MONEY, OWN, PROGRAM, TODAY, Office
from tests.integration.test_statement_budgets import listening
from tests.lasting import lasting_database
from tests.town import built

FARES = {"fare-mother": 40_000, "fare-child": CHILD}
BOTH = 40_000 + CHILD
BY = System("disburse")


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    data = tmp_path_factory.mktemp("asked")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, settle_after=None) as town,
    ):
        yield Office(town)


@pytest.fixture
def office(house: Office) -> Office:
    house.begin()
    return house


# Asking ----------------------------------------------------------------------------------------------------
def test_nothing_is_set_aside_before_a_yes_and_a_yes_authorises_exactly_its_amount(office: Office) -> None:
    request_id = office.submitted()
    assert office.stage(request_id) == "staff_decision"
    ask_id = office.ask(request_id, FARES)
    with office.read() as session:
        (waits,) = asking.pending(session, request_id)
        assert asking.granted(session, request_id, TODAY) == {}
    assert (waits.id, waits.source, sum(line.amount for line in waits.lines)) == (ask_id, PROGRAM, BOTH)
    assert (waits.asked_on, waits.answer_due) == (TODAY, TODAY + timedelta(days=7)), "five working days"
    assert office.book() == (0, 0, 0, 0, 0)
    decision = office.record(request_id, ask_id, "full")
    assert office.book() == (0, 0, 0, 0, 0), "recorded by one person, nothing may be spent"
    office.confirm(request_id, decision)
    assert office.book() == (BOTH, 0, BOTH, 0, 0)
    assert office.paid_by(request_id) == {PROGRAM: FARES}
    assert office.stage(request_id) == "awaiting_approval"
    with office.read() as session:
        assert asking.pending(session, request_id) == ()


@pytest.mark.parametrize(("cents", "most"), [(40_000, None), (39_999, None), (40_001, "$400.00")])
def test_no_more_is_asked_for_than_the_rules_let_the_source_pay(
    office: Office, cents: int, most: str | None
) -> None:
    request_id = office.submitted()
    if most is None:
        assert office.ask(request_id, {"fare-mother": cents})
        return
    with pytest.raises(BadInput) as refused:
        office.ask(request_id, {"fare-mother": cents})
    (wrong,) = refused.value.problems
    assert wrong.pointer == "/amounts/fare-mother"
    assert most in wrong.remedy


def test_what_cannot_be_asked_is_refused_in_words_and_nothing_is_kept(office: Office) -> None:
    request_id = office.submitted()
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(BadInput) as refused:
        office.ask(request_id, {"meals": 5}, asked_on=tomorrow, how="pigeon", reference="")
    assert {p.pointer for p in refused.value.problems} == {
        "/asked_on",
        "/how",
        "/reference",
        "/amounts/meals",
    }
    with pytest.raises(NotWorthAsking, match="family by family"):
        office.ask(request_id, FARES, source=OWN)
    office.decide(request_id, "VR-06", decision="not_met")
    with pytest.raises(NotWorthAsking, match="cannot pay yet"):
        office.ask(request_id, FARES)
    with office.read() as session:
        assert asking.pending(session, request_id) == ()


def test_a_funder_is_asked_once_until_it_answers_and_then_for_more(office: Office) -> None:
    request_id = office.submitted()
    first = office.granted(request_id, {"fare-mother": 40_000})
    second = office.ask(request_id, {"fare-child": CHILD})
    with pytest.raises(AskedAlready):
        office.ask(request_id, {"fare-child": CHILD})
    office.confirm(request_id, office.record(request_id, second, "full"))
    assert first != second
    grant = office.grant(request_id)
    assert grant is not None
    assert (grant.by_category, grant.lines) == ({MONEY: BOTH}, frozenset(FARES))
    assert office.paid_by(request_id) == {PROGRAM: FARES}


# Consent ---------------------------------------------------------------------------------------------------
def test_nothing_personal_goes_to_a_funder_without_a_consent_that_names_it(office: Office) -> None:
    request_id = office.submitted()
    with pytest.raises(BadInput) as refused:
        office.ask(request_id, FARES, names_nobody=False)
    assert [p.pointer for p in refused.value.problems] == ["/told"]
    with pytest.raises(NoConsentFor):
        office.ask(request_id, FARES, told=(office.consented(request_id, sign=False),))
    with pytest.raises(FunderNotNamed, match="not this funder"):
        office.ask(request_id, FARES, told=(office.consented(request_id, "Another foundation"),))
    with office.read() as session:
        assert consents.releases(session, request_id) == []
    office.ask(request_id, FARES, told=(office.consented(request_id),))
    with office.read() as session:
        (told,) = consents.releases(session, request_id)
    assert (told.recipient.kind, told.what, told.about) == ("funder", "case_summary", "mother")


# Deciding --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("cents", "kept"), [(BOTH - 1, True), (BOTH, True), (BOTH + 1, False)])
def test_a_yes_in_part_grants_at_most_what_was_asked(office: Office, cents: int, kept: bool) -> None:
    request_id = office.submitted()
    ask_id = office.ask(request_id, FARES)
    if not kept:
        with pytest.raises(BadInput) as refused:
            office.record(request_id, ask_id, "partial", {MONEY: cents})
        assert [p.pointer for p in refused.value.problems] == ["/amounts/transport"]
        return
    office.confirm(request_id, office.record(request_id, ask_id, "partial", {MONEY: cents}))
    assert office.book() == (cents, 0, cents, 0, 0)
    assert sum(office.paid_by(request_id)[PROGRAM].values()) == cents


def test_a_decision_says_what_when_and_on_which_paper(office: Office) -> None:
    request_id = office.submitted()
    ask_id = office.ask(request_id, FARES)
    wrong: list[tuple[str, dict[BudgetCategory, int], dict[str, Any], str]] = [
        ("full", {MONEY: 5}, {}, "/decided"),
        ("partial", {}, {}, "/decided"),
        ("partial", {BudgetCategory.MEALS: 5}, {}, "/amounts/meals"),
        ("no", {MONEY: 5}, {}, "/decided"),
        ("withdrawn", {}, {}, "/decided"),
        ("perhaps", {}, {}, "/decided"),
        ("no", {}, {"reference": " "}, "/reference"),
        ("no", {}, {"decided_on": TODAY + timedelta(days=1)}, "/decided_on"),
        ("no", {}, {"decided_on": TODAY - timedelta(days=1)}, "/decided_on"),
        ("no", {}, {"evidence_id": new_id()}, "/evidence"),
    ]
    for decided, amounts, more, pointer in wrong:
        with pytest.raises(BadInput) as refused:
            office.record(request_id, ask_id, decided, amounts, **more)
        assert [p.pointer for p in refused.value.problems] == [pointer], decided


def test_whoever_recorded_a_yes_never_puts_it_in_force(office: Office) -> None:
    request_id = office.submitted()
    decision = office.record(request_id, office.ask(request_id, FARES), "full")
    with pytest.raises(AnotherConfirms):
        office.confirm(request_id, decision, by="ana")
    with pytest.raises(sa.exc.IntegrityError, match="two_people"), office.work() as session:
        session.execute(
            sa.text(
                "UPDATE funder_decisions SET state = 'in_force', confirmed_by = recorded_by, "
                "confirmed_at = recorded_at WHERE id = :id"
            ),
            {"id": decision},
        )
    with pytest.raises(sa.exc.IntegrityError, match="in_force_is_confirmed"), office.work() as session:
        session.execute(
            sa.text("UPDATE funder_decisions SET state = 'in_force' WHERE id = :id"), {"id": decision}
        )
    assert office.book() == (0, 0, 0, 0, 0)
    office.confirm(request_id, decision)
    with pytest.raises(WrongState):
        office.confirm(request_id, decision)
    assert office.book()[0] == BOTH


def test_what_was_written_down_wrongly_is_struck_and_recorded_anew(office: Office) -> None:
    request_id = office.submitted()
    ask_id = office.ask(request_id, FARES)
    wrong = office.record(request_id, ask_id, "partial", {MONEY: 50_00})
    with pytest.raises(DecisionWaits):
        office.record(request_id, ask_id, "full")
    strike(office, request_id, wrong)
    with pytest.raises(WrongState):
        office.confirm(request_id, wrong)
    office.confirm(request_id, office.record(request_id, ask_id, "partial", {MONEY: 500_00}))
    assert office.book()[0] == 500_00


def test_a_no_counts_at_once_and_lets_the_request_be_refused(office: Office) -> None:
    request_id = office.submitted()
    ask_id = office.ask(request_id, FARES)
    office.record(request_id, ask_id, "no")
    office.check()
    assert office.stage(request_id) == "refusal_to_confirm"
    with office.read() as session:
        explained = progress.of(session, request_id=request_id).explanation
    assert explained is not None
    assert [s.source for s in explained.sources if s.said_no] == [PROGRAM]
    office.confirm(request_id, office.record(request_id, ask_id, "full"))
    assert office.stage(request_id) == "awaiting_approval", "the funder thought better of it"


def test_once_a_funder_was_asked_its_answer_is_recorded_there_and_nowhere_else(office: Office) -> None:
    request_id = office.submitted()
    office.decide(request_id, funder_id(PROGRAM), decision="not_met")
    assert office.stage(request_id) == "refusal_to_confirm", "a no on the telephone needs no letter"
    office.granted(request_id, FARES)
    with pytest.raises(NotYoursToWaive, match="with its paper"):
        office.decide(request_id, funder_id(PROGRAM), decision="not_met")
    assert office.book()[0] == BOTH


# Only that request -----------------------------------------------------------------------------------------
def test_another_request_never_draws_on_a_grant(office: Office) -> None:
    first, other = office.submitted(), office.submitted()
    office.granted(first, FARES, check=False)
    assert office.book() == (BOTH, BOTH, 0, 0, 0)
    office.granted(other, FARES, 100, check=False)
    office.check(only=other)
    assert office.book() == (BOTH + 100, BOTH, 100, 0, 0), "there was more, but it was not this family's"
    office.check()
    assert sum(office.paid_by(other)[PROGRAM].values()) == 100
    assert sum(office.paid_by(first)[PROGRAM].values()) == BOTH
    assert office.book() == (BOTH + 100, 0, BOTH + 100, 0, 0)


@pytest.mark.parametrize(("cents", "held"), [(999, True), (1_000, True), (1_001, False)])
def test_the_ledger_itself_stops_at_the_grant(office: Office, cents: int, held: bool) -> None:
    first, other = office.submitted(), office.submitted()
    office.granted(first, FARES, check=False)
    office.granted(other, FARES, 1_000, check=False)
    grant = office.grant(other)
    assert grant is not None
    line = HoldLine(new_id(), grant.fund_id, MONEY, Unit.CENTS, cents, (grant.caps[MONEY],))

    def reserve() -> None:
        with office.work() as session:
            ledger.reserve(session, external_ref=f"t:{new_id()}", plan=[line], by=BY, now=office.town.clock())

    if held:
        reserve()
        after = office.grant(other)
        assert after is not None
        assert (after.used[MONEY], after.left(MONEY)) == (cents, 1_000 - cents)
    else:
        with pytest.raises(CapReached):
            reserve()


# The next decision -----------------------------------------------------------------------------------------
def test_a_grant_goes_up_and_down_but_never_below_what_is_in_use(office: Office) -> None:
    request_id = office.submitted()
    ask_id = office.granted(request_id, FARES, 50_000)
    assert office.book() == (50_000, 0, 50_000, 0, 0)
    less = office.record(request_id, ask_id, "partial", {MONEY: 49_999})
    with pytest.raises(GrantInUse, match=r"\$500\.00 is reserved, .* \$499\.99 would be left"):
        office.confirm(request_id, less)
    assert office.book() == (50_000, 0, 50_000, 0, 0)
    strike(office, request_id, less)
    office.confirm(request_id, office.record(request_id, ask_id, "full"))
    assert office.book() == (BOTH, 0, BOTH, 0, 0)
    assert sum(office.paid_by(request_id)[PROGRAM].values()) == BOTH


def test_what_is_not_in_use_may_be_taken_back_by_the_funder(office: Office) -> None:
    request_id = office.submitted(income=None)
    ask_id = office.granted(request_id, FARES)
    assert office.paid_by(request_id) == {OWN: FARES}, "our own money pays first, by the payer order"
    assert office.book() == (BOTH, BOTH, 0, 0, 0)
    office.confirm(request_id, office.record(request_id, ask_id, "partial", {MONEY: 1}))
    assert office.book() == (1, 1, 0, 0, 0)
    office.confirm(request_id, office.record(request_id, ask_id, "withdrawn"))
    assert office.book() == (0, 0, 0, 0, 0)
    assert office.grant(request_id) is None


# Bridging --------------------------------------------------------------------------------------------------
def test_while_a_funder_decides_the_split_says_what_our_own_money_bridges(office: Office) -> None:
    request_id = office.submitted(income=None)
    plan = office.plan(request_id)
    assert plan is not None
    assert "awaiting_funder" not in plan.certificate
    office.ask(request_id, {"fare-mother": 40_000})
    office.decide(request_id, "VR-06")
    plan = office.plan(request_id)
    assert plan is not None
    (said,) = plan.certificate["awaiting_funder"]
    assert said == {
        "line": "fare-mother",
        "fund": OWN,
        "amount": 40_000,
        "awaits": PROGRAM,
        "asked_on": "2026-11-25",
        "departs_on": "2026-11-26",
    }


@pytest.mark.parametrize(("granted", "movable"), [(29_999, 29_999), (30_000, 30_000), (30_001, 30_000)])
def test_a_yes_covers_what_was_spent_before_it_and_no_more(
    office: Office, granted: int, movable: int
) -> None:
    request_id = office.submitted(income=None)
    plan = office.plan(request_id)
    assert plan is not None
    (mother,) = [line for line in plan.lines if line.line_key == "fare-mother"]
    spend(office, {mother.hold_id: 30_000})
    with office.read() as session:
        assert bridged(session, request_id, TODAY) == ()
    office.granted(request_id, {"fare-mother": 40_000}, granted, check=False)
    with office.read() as session:
        (found,) = bridged(session, request_id, TODAY)
    assert (found.movable, found.obligated) == (movable, 0)
    assert (found.hold_id, found.from_code, found.to_code) == (mother.hold_id, OWN, PROGRAM)
    grant = office.grant(request_id)
    assert grant is not None
    assert found.caps == (grant.caps[MONEY],)


# The end ---------------------------------------------------------------------------------------------------
def test_what_an_ended_request_did_not_use_is_taken_back(office: Office) -> None:
    request_id = office.submitted()
    office.granted(request_id, FARES)
    office.town.work()
    assert office.book() == (BOTH, 0, BOTH, 0, 0), "it goes on: nothing is taken back"
    award = office.town.progress(str(request_id))["award"]["id"]
    office.town.person("ben").act(
        office.town.diary, "decline", f"/awards/{award}/decline", {"reason": "They travel in the spring."}
    )
    office.town.clock.at += timedelta(hours=2)
    office.town.work()
    assert office.stage(request_id) == "declined"
    assert office.book() == (0, 0, 0, 0, 0)
    assert office.grant(request_id) is None


def test_what_was_bridged_stays_granted_while_a_transfer_may_move_it(office: Office) -> None:
    request_id = office.submitted(income=None)
    plan = office.plan(request_id)
    assert plan is not None
    spend(office, {plan.lines[0].hold_id: CHILD})
    office.granted(request_id, FARES)
    award = office.town.progress(str(request_id))["award"]["id"]
    office.town.person("ben").act(
        office.town.diary, "decline", f"/awards/{award}/decline", {"reason": "They travel in the spring."}
    )
    office.town.clock.at += timedelta(hours=4)
    office.town.work()
    assert office.book() == (CHILD, CHILD, 0, 0, 0)
    office.town.clock.at += timedelta(days=91)
    office.town.work()
    assert office.book() == (0, 0, 0, 0, 0)


def test_what_the_split_reads_of_funders_costs_one_statement_or_three(office: Office) -> None:
    request_id = office.submitted()
    office.ask(request_id, FARES)
    ear = listening(office.town.house.db)
    with office.read() as session, ear.at_most(1):
        asking.standing(session, request_id, TODAY)
    with office.read() as session:
        (waits,) = asking.pending(session, request_id)
    office.confirm(request_id, office.record(request_id, waits.id, "full"))
    with office.read() as session, ear.at_most(3):
        asking.standing(session, request_id, TODAY)


def spend(office: Office, amounts: dict[UUID, int]) -> None:
    """Paid out of these holds, as a released award would."""
    with office.work() as session:
        for verb in (ledger.obligate, ledger.expend):
            verb(session, external_ref=f"t:{new_id()}", amounts=amounts, by=BY, now=office.town.clock())


def strike(office: Office, request_id: RequestId, decision_id: UUID) -> None:
    with office.work() as session:
        strike_decision(
            session,
            request_id=request_id,
            decision_id=decision_id,
            reason="It was written down wrongly.",
            by=office.staff["ana"],
            now=office.town.clock(),
        )
