"""What no single person, no late letter, no closed source and no forged row does with money that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from flows.asks import Look
from reunify.adapters.embedded_postgres import Urls
from reunify.eligibility.asking_checks import AnotherConfirms, NotWorthAsking, SourceOver, ToldWithoutLeave
from reunify.eligibility.asking_deciding import confirm_decision, record_decision
from reunify.funds.changing import locked
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.refusals import BadInput
from reunify.reporting import asks, invariants
from reunify.reporting.invariants_asked import ASKED
from tests.integration.asked_world import CHILD, MONEY, PROGRAM, TODAY, Office
from tests.integration.payment_world import superuser_of
from tests.integration.test_asked_sources import BOTH, FARES, spend, strike
from tests.lasting import lasting_database
from tests.town import NOW, built

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def house(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    data = tmp_path_factory.mktemp("guarded")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, settle_after=None) as town,
    ):
        yield Office(town)


@pytest.fixture
def office(house: Office) -> Office:
    house.begin()
    return house


@contextmanager
def the_program(office: Office, **changes: Any) -> Iterator[None]:
    """For a while its row says this."""
    named = ", ".join(f"{column} = :{column}" for column in changes)
    change = sa.text(f"UPDATE funding_sources SET {named} WHERE code = '{PROGRAM}'")
    before: dict[str, Any] = {"state": "open", "period_start": date(2026, 1, 1), "period_end": None}
    with office.work() as session:
        session.execute(change, changes)
    try:
        yield
    finally:
        with office.work() as session:
            session.execute(change, {column: before[column] for column in changes})


def declined(office: Office, request_id: RequestId) -> None:
    award = office.town.progress(str(request_id))["award"]["id"]
    office.town.person("ben").act(
        office.town.diary, "decline", f"/awards/{award}/decline", {"reason": "They travel in the spring."}
    )


# Two people ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["recorder stood in", "confirmer stands in", "both for a third"])
def test_people_who_stand_in_for_each_other_are_one_person(office: Office, way: str) -> None:
    ana, sam, carla = office.staff["ana"], office.staff["sam"], office.staff["carla"]
    first, second = {
        "recorder stood in": (replace(ana, stands_for=frozenset({sam.id})), sam),
        "confirmer stands in": (ana, replace(sam, stands_for=frozenset({ana.id}))),
        "both for a third": (
            replace(ana, stands_for=frozenset({carla.id})),
            replace(sam, stands_for=frozenset({carla.id})),
        ),
    }[way]
    request_id = office.submitted()
    decision = office.record(request_id, office.ask(request_id, FARES), "full", by=first)
    office.staff["second"] = second
    with office.read() as session:
        assert request_id not in {one.request_id for one in asks.to_chase(session, me=second, today=TODAY)}
    with pytest.raises(AnotherConfirms, match="count as one person"):
        office.confirm(request_id, decision, by="second")
    assert office.book() == (0, 0, 0, 0, 0)
    change = "state = 'in_force', confirmed_by = :by, confirmed_for = :whose, confirmed_at = now()"
    with pytest.raises(sa.exc.IntegrityError, match="two_people"), office.work() as session:
        session.execute(
            sa.text(f"UPDATE funder_decisions SET {change} WHERE id = :id"),
            {"by": second.id, "whose": list(second.stands_for), "id": decision},
        )


# The source ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "asks_on", "more"),
    [
        ({"state": "closed"}, NotWorthAsking, "is closed"),
        ({"period_end": TODAY - DAY}, SourceOver, "is outside it"),
        ({"period_start": TODAY + DAY}, SourceOver, "is outside it"),
    ],
    ids=["closed", "over", "not begun"],
)
def test_a_source_that_is_closed_or_out_of_its_period_is_not_asked_and_grants_no_more(
    office: Office, changes: dict[str, Any], asks_on: type[Exception], more: str
) -> None:
    request_id, other, third = office.submitted(), office.submitted(), office.submitted()
    ask_id = office.ask(request_id, FARES)
    waits = office.record(other, office.ask(other, FARES), "full")
    granted = office.granted(third, FARES, 50_000, check=False)
    with the_program(office, **changes):
        with pytest.raises(asks_on):
            office.ask(office.submitted(), FARES)
        with pytest.raises(SourceOver, match=more):
            office.record(request_id, ask_id, "full")
        with pytest.raises(SourceOver, match=more):
            office.confirm(other, waits, check=False)
        assert office.book() == (50_000, 50_000, 0, 0, 0)
        office.record(request_id, ask_id, "no")
        office.confirm(third, office.record(third, granted, "withdrawn"), check=False)
        assert office.book() == (0, 0, 0, 0, 0), "what takes authority away is still heard"
    strike(office, other, waits)


def test_the_last_day_of_a_period_and_a_frozen_source_still_grant(office: Office) -> None:
    request_id = office.submitted()
    with the_program(office, period_end=TODAY, period_start=TODAY):
        ask_id = office.ask(request_id, FARES)
    with the_program(office, state="frozen"):
        office.confirm(request_id, office.record(request_id, ask_id, "full"), check=False)
        assert office.book() == (BOTH, BOTH, 0, 0, 0)
        with pytest.raises(NotWorthAsking):
            office.ask(office.submitted(), FARES)


@pytest.mark.parametrize("act", ["record", "confirm"])
def test_closing_waits_for_whoever_is_writing_down_what_the_funder_said(office: Office, act: str) -> None:
    request_id = office.submitted()
    ask_id = office.ask(request_id, FARES)
    decision = office.record(request_id, ask_id, "full") if act == "confirm" else None

    def close_meanwhile() -> None:
        with office.work() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
            locked(session, PROGRAM, closing=True)

    said: dict[str, Any] = {"request_id": request_id, "case_types": office.case_types, "now": NOW}
    with office.work() as session:
        if decision is None:
            record_decision(
                session,
                ask_id=ask_id,
                decided="full",
                decided_on=TODAY,
                amounts={},
                conditions="",
                evidence_id=None,
                reference="Their letter of today",
                by=office.staff["ana"],
                **said,
            )
        else:
            confirm_decision(session, decision_id=decision, by=office.staff["sam"], **said)
        with pytest.raises(sa.exc.OperationalError, match="LockNotAvailable"):
            close_meanwhile()
    close_meanwhile()


# Days ------------------------------------------------------------------------------------------------------
def test_a_letter_is_not_older_than_the_request(office: Office) -> None:
    request_id = office.submitted()
    for day in (TODAY - DAY, date(1, 1, 1)):
        with pytest.raises(BadInput) as refused:
            office.ask(request_id, FARES, asked_on=day)
        assert [p.pointer for p in refused.value.problems] == ["/asked_on"]
        assert "begun on 2026-11-25" in refused.value.problems[0].remedy
    assert office.ask(request_id, FARES, asked_on=TODAY)


def test_a_consent_signed_after_the_letter_went_out_is_no_leave_for_it(office: Office) -> None:
    request_id = office.submitted()
    office.town.clock.at += 2 * DAY
    consent = office.consented(request_id)
    with pytest.raises(ToldWithoutLeave, match=r"On 2026-11-26 .* without leave"):
        office.ask(request_id, FARES, told=(consent,), asked_on=TODAY + DAY)
    assert office.ask(request_id, FARES, told=(consent,), asked_on=TODAY + 2 * DAY)


# The end ---------------------------------------------------------------------------------------------------
def test_an_ended_request_is_found_behind_any_number_that_go_on_or_keep_what_they_have(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        office.ask(office.submitted(), FARES)
    keeps = office.submitted(income=None)
    plan = office.plan(keeps)
    assert plan is not None
    spend(office, {plan.lines[0].hold_id: CHILD})
    office.granted(keeps, {"fare-child": CHILD})
    declined(office, keeps)
    ends = office.submitted()
    office.granted(ends, FARES)
    declined(office, ends)
    monkeypatch.setattr(asks, "MOST", 1)
    assert Look(office.town.house).find(office.town.house.db, 1) == [ends]


def test_giving_up_what_was_not_used_does_not_begin_the_days_of_a_transfer_anew(office: Office) -> None:
    request_id = office.submitted(income=None)
    plan = office.plan(request_id)
    assert plan is not None
    spend(office, {plan.lines[0].hold_id: CHILD})
    office.granted(request_id, FARES)
    said = office.grant(request_id)
    declined(office, request_id)
    office.town.clock.at += 10 * DAY
    office.town.work()
    after = office.grant(request_id)
    assert said is not None
    assert after is not None
    assert (after.by_category, after.decided_on) == ({MONEY: CHILD}, TODAY)
    assert after.decision_id == said.decision_id, "the funder's own word, with its paper"
    office.town.clock.at += 80 * DAY
    office.town.work()
    assert office.grant(request_id) == after, "the ninetieth day"
    office.town.clock.at += DAY
    office.town.work()
    assert office.grant(request_id) is None


# The rows --------------------------------------------------------------------------------------------------
DECISION = (
    "INSERT INTO funder_decisions (id, ask_id, request_id, number, decided, decided_on, state, recorded_by, "
    "recorded_at, reference, confirmed_by, confirmed_at) VALUES (:new, :open, {request}, 9, '{decided}', "
    "current_date, '{state}', {by}, now(), '\\x00', {confirmed})"
)
AMOUNT = "INSERT INTO funder_decision_amounts VALUES ({decision}, '{category}', {cents})"
FORGED = {
    "another family's decision": [
        DECISION.format(request=":other", decided="full", state="waiting", by=":ana", confirmed="NULL, NULL")
    ],
    "a no that grants": [
        DECISION.format(request=":mine", decided="no", state="in_force", by=":ana", confirmed="NULL, NULL"),
        AMOUNT.format(decision=":new", category="transport", cents=1),
    ],
    "an end that grants": [
        DECISION.format(
            request=":mine", decided="closed", state="in_force", by="NULL", confirmed="NULL, NULL"
        ),
        AMOUNT.format(decision=":new", category="transport", cents=1),
    ],
    "a yes nobody recorded first": [
        DECISION.format(request=":mine", decided="full", state="in_force", by=":ana", confirmed=":sam, now()")
    ],
    "a yes confirmed before it waited": [
        DECISION.format(request=":mine", decided="full", state="waiting", by=":ana", confirmed=":sam, now()")
    ],
    "more than was asked": [AMOUNT.format(decision=":waits", category="lodging", cents=1)],
    "more after it was in force": [AMOUNT.format(decision=":yes", category="transport", cents=1)],
    "another category after it was in force": [AMOUNT.format(decision=":yes", category="meals", cents=1)],
    "more in a line after the answer": ["INSERT INTO funder_ask_lines VALUES (:answered, 'x', 'meals', 1)"],
    "another recorder": ["UPDATE funder_decisions SET recorded_by = :eli WHERE id = :waits"],
    "another recorder of a yes": ["UPDATE funder_decisions SET recorded_by = :eli WHERE id = :yes"],
    "another confirmer": ["UPDATE funder_decisions SET confirmed_by = :eli WHERE id = :yes"],
    "another word": ["UPDATE funder_decisions SET decided = 'full' WHERE id = :yes"],
    "another day": ["UPDATE funder_decisions SET decided_on = '2020-01-01' WHERE id = :yes"],
    "other conditions": ["UPDATE funder_decisions SET conditions = '\\x00' WHERE id = :yes"],
    "in force once more": [
        "UPDATE funder_decisions SET state = 'superseded' WHERE id = :yes",
        "UPDATE funder_decisions SET state = 'in_force' WHERE id = :yes",
    ],
    "struck though in force": [
        "UPDATE funder_decisions SET state = 'struck', struck_by = :ana, struck_at = now(), "
        "struck_reason = '\\x00' WHERE id = :yes"
    ],
    "a decision removed": ["DELETE FROM funder_decisions WHERE id = :waits"],
    "an ask removed": ["DELETE FROM funder_asks WHERE id = :open"],
    "an ask of another": [
        "UPDATE funder_asks SET fund_id = (SELECT f.id FROM funding_sources f WHERE f.id <> fund_id LIMIT 1) "
        "WHERE id = :open"
    ],
    "an ask opened again": ["UPDATE funder_asks SET state = 'open' WHERE id = :answered"],
}


@pytest.fixture(scope="module")
def rows(house: Office) -> dict[str, UUID]:
    """An answered ask with a yes in force; an open one; a decision on a third that waits."""
    house.begin()
    mine, other, third = house.submitted(), house.submitted(), house.submitted()
    answered = house.granted(other, FARES, 50_000, check=False)
    with house.read() as session:
        asked = sa.text("SELECT id FROM funder_decisions WHERE ask_id = :ask")
        yes = session.scalars(asked, {"ask": answered}).one()
    return {
        **{name: house.staff[name].id for name in ("ana", "sam", "eli")},
        "mine": mine,
        "other": other,
        "open": house.ask(mine, FARES),
        "answered": answered,
        "yes": yes,
        "waits": house.record(third, house.ask(third, FARES), "full"),
    }


@pytest.mark.parametrize("what", sorted(FORGED))
def test_the_database_refuses_what_no_two_people_decided(
    house: Office, rows: dict[str, UUID], what: str
) -> None:
    *before, last = FORGED[what]
    why = "Privilege" if last.startswith("DELETE") else "Violation"
    with house.work() as session:
        for statement in before:
            session.execute(sa.text(statement), {**rows, "new": NEW})
        with pytest.raises((sa.exc.IntegrityError, sa.exc.ProgrammingError), match=why):
            session.execute(sa.text(last), {**rows, "new": NEW})
        session.rollback()


NEW = new_id()
FAULTS = {
    "granted is not authorized": (
        "UPDATE funder_decision_amounts SET amount = amount + 1",
        "UPDATE funder_decisions SET state = 'superseded' WHERE state = 'in_force'",
        "UPDATE funder_decisions SET state = 'in_force' WHERE state = 'waiting'",
    ),
    "grant is not its counter": (
        "UPDATE ledger_caps SET at_most = at_most + 1 WHERE scope_id LIKE 'asked:%'",
        "UPDATE funder_decision_amounts SET amount = amount - 1",
    ),
    "granted without a second person": (
        "UPDATE funder_decisions SET confirmed_by = recorded_by WHERE decided = 'partial'",
        "UPDATE funder_decisions SET confirmed_for = ARRAY[recorded_by] WHERE decided = 'partial'",
        "UPDATE funder_decisions SET recorded_for = ARRAY[confirmed_by] WHERE decided = 'partial'",
    ),
}


def faults(session: Session) -> set[str]:
    return {finding.rule for finding in invariants.check(session)} & {rule.name for rule in ASKED}


@pytest.mark.usefixtures("rows")
def test_what_funders_granted_is_what_the_books_let_be_spent(house: Office) -> None:
    with house.read() as session:
        assert faults(session) == set()


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("rule", "fault"), [(rule, fault) for rule, said in sorted(FAULTS.items()) for fault in said]
)
def test_a_grant_changed_behind_every_lock_is_named(
    house: Office, server: Urls, rule: str, fault: str
) -> None:
    name = sa.make_url(house.town.house.db.url).database
    assert name is not None
    engine = sa.create_engine(superuser_of(server.superuser, name), poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no trigger looks
        for check in ("two_people", "in_force_is_confirmed"):
            connection.exec_driver_sql(
                f'ALTER TABLE funder_decisions DROP CONSTRAINT "ck_funder_decisions_{check}"'
            )
        connection.exec_driver_sql(fault.replace("%", "%%"))
        with Session(bind=connection) as session:
            assert rule in faults(session)
        connection.rollback()
