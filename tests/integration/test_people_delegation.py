"""A role is lent for a time, to somebody it fits, and only by whom it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.identity import delegation, staffing
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, Refused
from tests.integration.people_world import FINANCE, NOW, hire, standing
from tests.lasting import lasting_database

MONTH = timedelta(days=30)
A_SECOND = timedelta(seconds=1)


@dataclass
class Office:
    session: Session
    olga: Staff
    sam: Staff
    ana: Staff
    abe: Staff
    ben: Staff
    flo: Staff

    def lend(self, lender: Staff, receiver: Staff, role: Role, **said: Any) -> UUID:
        whole: dict[str, Any] = {
            "starts_at": NOW,
            "ends_at": NOW + timedelta(days=1),
            "by": lender,
            "now": NOW,
        }
        return delegation.lend(
            self.session, lender_id=lender.id, receiver_id=receiver.id, role=role, **whole | said
        )

    def roles(self, who: Staff, now: datetime = NOW) -> frozenset[Role]:
        return standing(self.session, who.id, now).roles

    def stands_for(self, who: Staff, now: datetime = NOW) -> frozenset[StaffId]:
        return standing(self.session, who.id, now).stands_for


@pytest.fixture(scope="module")
def lasting(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture
def office(lasting: Database) -> Iterator[Office]:
    with Session(lasting.engine) as session:
        yield Office(
            session,
            hire(session, "olga", Role.ADMINISTRATOR),
            hire(session, "sam", Role.SUPERVISOR, team="north"),
            hire(session, "ana", Role.CASE_MANAGER, team="north"),
            hire(session, "abe", Role.RULES_AUTHOR),
            hire(session, "ben", *FINANCE),
            hire(session, "flo", Role.FUND_MANAGER),
        )
        session.rollback()


def test_a_lent_role_counts_from_its_first_moment_to_its_last(office: Office) -> None:
    starts, ends = NOW + timedelta(hours=1), NOW + timedelta(hours=9)
    office.lend(office.ana, office.abe, Role.CASE_MANAGER, starts_at=starts, ends_at=ends)
    for moment, counts in [
        (starts - A_SECOND, False),
        (starts, True),
        (ends - A_SECOND, True),
        (ends, False),
    ]:
        assert (Role.CASE_MANAGER in office.roles(office.abe, moment)) is counts
        assert office.stands_for(office.abe, moment) == ({office.ana.id} if counts else set())
    assert office.roles(office.ana, starts) == {Role.CASE_MANAGER}


def test_thirty_days_is_the_longest_loan(office: Office) -> None:
    with pytest.raises(delegation.LoanDoesNotFit, match="at most 30 days"):
        office.lend(office.ana, office.abe, Role.CASE_MANAGER, ends_at=NOW + MONTH + A_SECOND)
    office.lend(office.ana, office.abe, Role.CASE_MANAGER, ends_at=NOW + MONTH)


def test_a_loan_never_begins_in_the_past(office: Office) -> None:
    office.lend(office.ana, office.abe, Role.CASE_MANAGER, starts_at=NOW - timedelta(days=5))
    (made,) = delegation.loans(office.session, now=NOW)
    assert made.starts_at == NOW
    with pytest.raises(delegation.LoanDoesNotFit, match="ends before it begins"):
        office.lend(office.ana, office.sam, Role.CASE_MANAGER, ends_at=NOW)


def test_a_lent_role_is_not_lent_on(office: Office) -> None:
    office.lend(office.ana, office.abe, Role.CASE_MANAGER)
    abe = standing(office.session, office.abe.id)
    assert Role.CASE_MANAGER in abe.roles
    with pytest.raises(delegation.NotTheirsToLend, match="never one lent to them"):
        office.lend(abe, office.sam, Role.CASE_MANAGER)


@pytest.mark.parametrize(
    ("lender", "receiver", "role"),
    [
        ("ana", "ben", Role.CASE_MANAGER),
        ("ben", "ana", Role.FINANCE_APPROVER),
        ("ben", "sam", Role.FINANCE_RELEASER),
        ("ben", "flo", Role.FINANCE_RELEASER),
        ("ben", "olga", Role.FINANCE_APPROVER),
        ("ben", "abe", Role.FINANCE_APPROVER),
        ("olga", "ben", Role.ADMINISTRATOR),
    ],
)
def test_nobody_borrows_what_they_could_not_hold(
    office: Office, lender: str, receiver: str, role: Role
) -> None:
    with pytest.raises(delegation.ReceiverCannotHold, match="cannot take the role"):
        office.lend(getattr(office, lender), getattr(office, receiver), role)


def test_two_loans_together_do_not_give_what_one_could_not(office: Office) -> None:
    """Abe, who writes rules, could borrow either; together they would be both sides of the same dollar."""
    dora = hire(office.session, "dora", Role.RULES_AUTHOR)
    office.lend(office.ana, dora, Role.CASE_MANAGER)
    with pytest.raises(delegation.ReceiverCannotHold):
        office.lend(office.flo, dora, Role.FUND_MANAGER, starts_at=NOW + timedelta(hours=23))
    later = {"starts_at": NOW + timedelta(days=1), "ends_at": NOW + timedelta(days=2)}
    office.lend(office.flo, dora, Role.FUND_MANAGER, **later)


def test_a_role_already_held_is_not_borrowed(office: Office) -> None:
    carla = hire(office.session, "carla", *FINANCE)
    with pytest.raises(delegation.ReceiverCannotHold, match="already"):
        office.lend(office.ben, carla, Role.FINANCE_APPROVER)


# For somebody absent -----------------------------------------------------------------------------------
def test_a_supervisor_lends_case_work_and_an_administrator_anything_never_to_themselves(
    office: Office,
) -> None:
    nell = hire(office.session, "nell", Role.FINANCE_RELEASER)
    office.lend(office.ana, office.abe, Role.CASE_MANAGER, by=office.sam)
    with pytest.raises(delegation.NotTheirsToLend, match="administrator"):
        office.lend(office.ben, nell, Role.FINANCE_APPROVER, by=office.sam)
    office.lend(office.ben, nell, Role.FINANCE_APPROVER, by=office.olga)
    with pytest.raises(delegation.NotForThemselves):
        office.lend(office.ana, office.sam, Role.CASE_MANAGER, by=office.sam)
    with pytest.raises(delegation.NotTheirsToLend):
        office.lend(office.ana, office.abe, Role.CASE_MANAGER, by=office.ben)


@pytest.mark.asvs("8.2.2")
def test_a_supervisor_lends_and_ends_nothing_of_another_team(office: Office) -> None:
    wes = hire(office.session, "wes", Role.SUPERVISOR, team="west")
    eve = hire(office.session, "eve", Role.CASE_MANAGER, team="west")
    none = hire(office.session, "nan", Role.SUPERVISOR)
    alone = hire(office.session, "lou", Role.CASE_MANAGER)
    for by in (wes, none):
        with pytest.raises(delegation.NotTheirsToLend, match="supervisor of their team"):
            office.lend(office.ana, office.abe, Role.CASE_MANAGER, by=by)
        with pytest.raises(delegation.NotTheirsToLend):
            office.lend(alone, office.abe, Role.CASE_MANAGER, by=by)
        with pytest.raises(delegation.NotTheirsToLend):
            office.lend(office.sam, eve, Role.SUPERVISOR, by=by)
    loan = office.lend(office.ana, office.abe, Role.CASE_MANAGER, by=office.sam)
    for by in (wes, none):
        with pytest.raises(delegation.NotTheirsToLend):
            delegation.revoke(office.session, delegation_id=loan, by=by, now=NOW)


def test_a_lent_role_works_where_its_lender_works(office: Office) -> None:
    eve = hire(office.session, "eve", Role.CASE_MANAGER, team="west")
    office.lend(office.sam, eve, Role.SUPERVISOR)
    office.lend(office.ana, office.abe, Role.CASE_MANAGER)
    leads, covers = standing(office.session, eve.id), standing(office.session, office.abe.id)
    assert (leads.team, leads.supervises, leads.covers) == ("west", {"north"}, frozenset())
    assert (covers.covers, covers.supervises) == ({office.ana.id}, frozenset())
    assert office.sam.supervises == {"north"}
    assert standing(office.session, eve.id, NOW + timedelta(days=1)).supervises == frozenset()


def test_a_loan_ends_early_by_either_of_the_two_or_who_could_have_lent_it(office: Office) -> None:
    for by in (office.ana, office.abe, office.sam, office.olga):
        loan = office.lend(office.ana, office.abe, Role.CASE_MANAGER)
        with pytest.raises(delegation.NotTheirsToLend):
            delegation.revoke(office.session, delegation_id=loan, by=office.ben, now=NOW)
        delegation.revoke(office.session, delegation_id=loan, by=by, now=NOW)
        assert office.roles(office.abe) == {Role.RULES_AUTHOR}
        with pytest.raises(delegation.LoanEnded):
            delegation.revoke(office.session, delegation_id=loan, by=by, now=NOW)


@pytest.mark.asvs("8.3.2")
def test_a_change_of_roles_ends_what_no_longer_fits(office: Office) -> None:
    bo = hire(office.session, "bo", Role.FINANCE_APPROVER)
    office.lend(office.ben, bo, Role.FINANCE_RELEASER)
    staffing.change_roles(
        office.session, staff_id=office.ben.id, held={Role.FINANCE_APPROVER}, by=office.olga, now=NOW
    )
    assert office.roles(bo) == {Role.FINANCE_APPROVER}
    office.lend(office.ana, office.abe, Role.CASE_MANAGER)
    staffing.change_roles(
        office.session, staff_id=office.abe.id, held={Role.FINANCE_RELEASER}, by=office.olga, now=NOW
    )
    assert office.roles(office.abe) == {Role.FINANCE_RELEASER}


def test_who_left_lends_nothing(office: Office) -> None:
    staffing.disable(office.session, staff_id=office.ana.id, by=office.olga, now=NOW)
    with pytest.raises(NotFound):
        office.lend(office.ana, office.abe, Role.CASE_MANAGER, by=office.olga)


def test_whom_somebody_stood_for_is_remembered_after_the_loan(office: Office) -> None:
    office.lend(office.ana, office.abe, Role.CASE_MANAGER, ends_at=NOW + timedelta(hours=2))
    asked = {"people": [office.abe.id], "until": NOW + timedelta(days=9)}
    assert delegation.stood_for(office.session, since=NOW, **asked) == {office.ana.id}
    assert delegation.stood_for(office.session, since=NOW + timedelta(hours=2), **asked) == set()


# Past all Python, as the application's own role --------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("receiver_id = lender_id", "to_another"),
        ("ends_at = starts_at + interval '30 days 1 second'", "at_most_30_days"),
        ("starts_at = made_at - interval '1 second'", "never_backdated"),
        ("role = 'owner'", "role_known"),
    ],
)
def test_a_loan_cannot_be_written_otherwise(office: Office, change: str, constraint: str) -> None:
    column, value = change.split(" = ", 1)
    columns = {
        "id": "gen_random_uuid()",
        "lender_id": f"'{office.ana.id}'::uuid",
        "receiver_id": f"'{office.abe.id}'::uuid",
        "role": "'case_manager'",
        "starts_at": "made_at",
        "ends_at": "made_at + interval '1 day'",
        "made_by": f"'{office.ana.id}'::uuid",
    }
    columns[column] = value
    values = ", ".join(columns.values())
    inner = "SELECT :now AS made_at, CAST(:now AS timestamptz) AS starts_at, CAST(:ana AS uuid) AS lender_id"
    said = (
        f"INSERT INTO delegations ({', '.join(columns)}, made_at) SELECT {values}, made_at FROM ({inner}) x"
    )
    with pytest.raises(IntegrityError) as refused:
        office.session.execute(sa.text(said), {"now": NOW, "ana": office.ana.id})
    assert refused.value.orig is not None
    assert str(refused.value.orig.diag.constraint_name) == f"ck_delegations_{constraint}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change", ["UPDATE delegations SET lender_id = made_by", "UPDATE delegations SET ends_at = starts_at"]
)
def test_what_was_lent_stays_written(office: Office, change: str) -> None:
    office.lend(office.ana, office.abe, Role.CASE_MANAGER)
    for said in (change, "DELETE FROM delegations"):
        with pytest.raises(ProgrammingError, match="permission denied"), office.session.begin_nested():
            office.session.execute(sa.text(said))


def test_every_refusal_has_a_remedy_in_words(office: Office) -> None:
    with pytest.raises(Refused) as refused:
        office.lend(office.ben, office.ana, Role.FINANCE_APPROVER)
    assert "Take one of the two away" in str(refused.value)
