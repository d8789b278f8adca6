"""Nobody makes a colleague, a role or a way into an account alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

import reunify
from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.identity import (
    brought_in,
    delegation,
    enrolment,
    provider_visits,
    queries,
    recovery,
    sessions,
    staff_changes,
    staffing,
)
from reunify.identity.policy import AlreadyEnrolled, CannotVouch, StepUpFirst
from reunify.identity.provider import Proof
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import StaffChangeRecord
from reunify.identity.staff_changes import NoLongerWaits, SecondPersonNeeded
from reunify.identity.staffing import Details
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed, NotFound
from tests.integration.people_world import FINANCE, NOW, begun, hire, standing
from tests.lasting import lasting_database

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def lasting(server: Urls, administrator: sa.Engine, template: str) -> Iterator[Database]:
    with lasting_database(server, administrator, template) as db:
        yield db


@pytest.fixture
def session(lasting: Database) -> Iterator[Session]:
    with Session(lasting.engine) as session:
        yield session
        session.rollback()


@pytest.fixture
def ada(session: Session) -> Staff:
    return begun(session, "ada", Role.ADMINISTRATOR)


@pytest.fixture
def sam(session: Session) -> Staff:
    return begun(session, "sam", Role.SUPERVISOR)


def asked_for(session: Session, by: Staff, username: str, *roles: Role) -> UUID:
    outcome = staffing.add(
        session, username=username, details=Details(username.title()), held=roles, by=by, now=NOW
    )
    assert (outcome.waits, outcome.code) == (True, None)
    return newest(session)


def newest(session: Session) -> UUID:
    c = StaffChangeRecord
    found = session.scalar(sa.select(c.id).where(c.confirmed_at.is_(None), c.withdrawn_at.is_(None)))
    assert found is not None
    return found


def confirmed(session: Session, change: UUID, by: Staff, **more: Any) -> staff_changes.Outcome:
    return staff_changes.confirm(session, **{"change_id": change, "by": by, "now": NOW, **more})


# Adding ------------------------------------------------------------------------------------------------
@pytest.mark.asvs("8.2.1")
def test_an_administrator_alone_makes_no_colleague(session: Session, ada: Staff, sam: Staff) -> None:
    change = asked_for(session, ada, "phan", Role.FINANCE_APPROVER)
    with pytest.raises(NotFound):
        queries.staff_id(session, "phan")
    with pytest.raises(SecondPersonNeeded):
        confirmed(session, change, ada)
    done = confirmed(session, change, sam)
    assert done.staff_id == queries.staff_id(session, "phan")
    assert done.code is not None
    token = enrolment.begin_with_code(
        session, username="phan", code=done.code, now=NOW, **_places(enrolment.begin_with_code)
    )
    assert token is not None
    with pytest.raises(NoLongerWaits):
        confirmed(session, change, sam)


def _places(verb: Any) -> dict[str, str]:
    return {"place": "192.0.2.1"} if "place" in verb.__annotations__ else {}


def test_whoever_confirms_has_signed_in_before_holds_the_role_and_proves_a_passkey(
    session: Session, ada: Staff, sam: Staff
) -> None:
    change = asked_for(session, ada, "phan", Role.SUPERVISOR)
    pia = hire(session, "pia", Role.ADMINISTRATOR)  # has never signed in
    ben, rae = begun(session, "ben", *FINANCE), begun(session, "rae", Role.RULES_AUTHOR)
    with pytest.raises(SecondPersonNeeded):
        confirmed(session, change, pia)
    with pytest.raises(NotAllowed, match=r"^Only an? "):
        confirmed(session, change, ben)
    delegation.lend(
        session,
        lender_id=sam.id,
        receiver_id=rae.id,
        role=Role.SUPERVISOR,
        starts_at=NOW,
        ends_at=NOW + timedelta(days=1),
        by=ada,
        now=NOW,
    )
    with pytest.raises(SecondPersonNeeded, match="role of their own"):
        confirmed(session, change, standing(session, rae.id))
    with pytest.raises(StepUpFirst):
        confirmed(session, change, replace(sam, proved_at=None))


def test_whoever_counts_as_one_with_the_asker_confirms_nothing(session: Session, ada: Staff) -> None:
    pia = begun(session, "pia", Role.ADMINISTRATOR)
    change = asked_for(session, ada, "phan", Role.AUDITOR)
    with pytest.raises(SecondPersonNeeded, match="count as one"):
        confirmed(session, change, replace(pia, stands_for=frozenset({ada.id})))
    assert confirmed(session, change, pia).code


@pytest.mark.parametrize(("after", "may"), [(WEEK - timedelta(seconds=1), False), (WEEK, True)])
def test_a_newcomer_confirms_nothing_for_a_week_with_whoever_brought_them_in(
    session: Session, ada: Staff, sam: Staff, after: timedelta, may: bool
) -> None:
    confirmed(session, asked_for(session, ada, "nell", Role.SUPERVISOR), sam)
    nell = queries.staff_id(session, "nell")
    session.get_one(StaffRecord, nell).enrolled_at = NOW
    later = NOW + after
    change = asked_for(session, ada, "phan", Role.FINANCE_APPROVER)
    if may:
        assert confirmed(session, change, standing(session, nell, later), now=later).code
    else:
        with pytest.raises(SecondPersonNeeded, match="last 7 days"):
            confirmed(session, change, standing(session, nell, later), now=later)


def test_what_was_asked_by_somebody_who_left_or_was_withdrawn_never_takes_effect(
    session: Session, ada: Staff, sam: Staff
) -> None:
    pia = begun(session, "pia", Role.ADMINISTRATOR)
    change = asked_for(session, ada, "phan", Role.AUDITOR)
    staffing.disable(session, staff_id=ada.id, by=pia, now=NOW)
    with pytest.raises(NoLongerWaits, match="no longer an administrator"):
        confirmed(session, change, sam)
    staff_changes.withdraw(session, change_id=change, by=sam, now=NOW)
    with pytest.raises(NoLongerWaits, match="already"):
        confirmed(session, change, sam)
    with pytest.raises(NotFound):
        queries.staff_id(session, "phan")


def test_only_two_people_or_the_system_reach_what_makes_an_account() -> None:
    """Where the verbs are called at all: on confirmation, and by the operator's commands and the seed."""
    may_call = {
        "identity/staff_effects.py",
        "identity/actions.py",
        "cli/administrators.py",
        "sandbox/people.py",
    }
    house = Path(reunify.__file__).parent
    calls = re.compile(r"\b(?:add_staff|issue_enrolment)\(")
    found = {str(p.relative_to(house)) for p in house.rglob("*.py") if calls.search(p.read_text())}
    assert found - {"identity/enrolment.py"} == may_call


# Roles, ways in ----------------------------------------------------------------------------------------
def test_a_role_is_given_by_two_and_never_with_the_yes_of_whom_it_is_for(
    session: Session, ada: Staff, sam: Staff
) -> None:
    staffing.change_roles(
        session, staff_id=sam.id, held={Role.SUPERVISOR, Role.RULES_AUTHOR}, by=ada, now=NOW
    )
    assert standing(session, sam.id).roles == {Role.SUPERVISOR}
    with pytest.raises(SecondPersonNeeded, match="about you"):
        confirmed(session, newest(session), sam)
    confirmed(session, newest(session), begun(session, "pia", Role.ADMINISTRATOR))
    assert standing(session, sam.id).roles == {Role.SUPERVISOR, Role.RULES_AUTHOR}


@pytest.mark.asvs("6.8.2")
def test_an_administrator_alone_rebinds_nobodys_account(session: Session, ada: Staff, sam: Staff) -> None:
    ben = begun(session, "ben", *FINANCE)
    token = sessions.begin(
        session, staff_id=ben.id, ways=["passkey"], browser="A program", proved_at=NOW, now=NOW
    )
    mine = Details("Ben", phone="+1 703 555 0199", email="ada.private@example.org")
    assert staffing.change_details(session, staff_id=ben.id, details=mine, by=ada, now=NOW).waits
    proof = Proof("https://idp", "ada-sub", "ada.private@example.org", "phr", NOW)
    with pytest.raises(NotAllowed):
        provider_visits.who_is(session, proof=proof, now=NOW)
    assert staffing.person(session, ben.id).phone is None
    assert sessions.staff_of(session, token=token, now=NOW) is not None
    confirmed(session, newest(session), sam)
    assert staffing.person(session, ben.id).phone == "+1 703 555 0199"
    assert sessions.staff_of(session, token=token, now=NOW) is None
    assert provider_visits.who_is(session, proof=proof, now=NOW) == ben.id


def test_the_same_asked_anew_replaces_what_waits(session: Session, ada: Staff, sam: Staff) -> None:
    ben = begun(session, "ben", *FINANCE)
    for phone in ("+1 703 555 0101", "+1 703 555 0102"):
        staffing.change_details(
            session, staff_id=ben.id, details=Details("Ben", phone=phone), by=ada, now=NOW
        )
    (one,) = staff_changes.waiting(session, by=sam, now=NOW)
    assert one.asked == {"phone": "+1 703 555 0102"}
    staffing.change_details(session, staff_id=ben.id, details=Details("Benjamin"), by=ada, now=NOW)
    assert staffing.person(session, ben.id).name == "Benjamin", "a name waits for nobody"


def test_another_code_is_shown_to_whoever_confirms_and_only_for_who_has_not_begun(
    session: Session, ada: Staff, sam: Staff
) -> None:
    nora = hire(session, "nora", Role.CASE_MANAGER)
    assert staffing.ask_code(session, staff_id=nora.id, by=ada, now=NOW).code is None
    change = newest(session)
    assert confirmed(session, change, sam).code
    with pytest.raises(AlreadyEnrolled):
        staffing.ask_code(session, staff_id=sam.id, by=ada, now=NOW)


# The beginning of a house ------------------------------------------------------------------------------
def test_while_nobody_else_has_ever_signed_in_one_person_makes_the_house_and_it_shows(
    session: Session, ada: Staff
) -> None:
    outcome = staffing.add(
        session, username="sam", details=Details("Sam"), held={Role.SUPERVISOR}, by=ada, now=NOW
    )
    assert not outcome.waits
    assert outcome.code is not None
    assert outcome.staff_id is not None
    assert brought_in.by_one_alone(session) == 1
    said = sa.text("SELECT detail FROM audit_entries WHERE verb = 'ask' AND subject = 'staff_change'")
    assert session.scalars(said).one()["alone"] is True
    session.get_one(StaffRecord, outcome.staff_id).enrolled_at = NOW
    staffing.disable(session, staff_id=outcome.staff_id, by=ada, now=NOW)
    asked_for(session, ada, "phan", Role.FINANCE_APPROVER)  # a disabled colleague has signed in before too
    staffing.enable(session, staff_id=outcome.staff_id, by=ada, now=NOW)
    with pytest.raises(SecondPersonNeeded, match="last 7 days"):
        confirmed(session, newest(session), standing(session, outcome.staff_id))


def test_the_system_waits_for_nobody_and_confirms_nothing(session: Session, ada: Staff, sam: Staff) -> None:
    change = asked_for(session, ada, "phan", Role.AUDITOR)
    assert hire(session, "nora", Role.CASE_MANAGER).roles == {Role.CASE_MANAGER}
    for verb in (staff_changes.confirm, staff_changes.withdraw):
        with pytest.raises(NotAllowed, match="A person decides this"):
            verb(session, change_id=change, by=System("seed"), now=NOW)  # type: ignore[operator]


# Recovery ----------------------------------------------------------------------------------------------
@pytest.mark.asvs("6.4.3")
@pytest.mark.parametrize("adds", ["opener", "confirmer"])
def test_somebody_brought_in_this_week_does_not_vouch_with_whoever_brought_them(
    session: Session, ada: Staff, sam: Staff, adds: str
) -> None:
    ben = begun(session, "ben", *FINANCE)
    confirmed(session, asked_for(session, ada, "phan", Role.SUPERVISOR), sam)
    phan = standing(session, queries.staff_id(session, "phan"))
    for friend in (ada, sam):
        first, second = (friend, phan) if adds == "opener" else (phan, friend)
        row, _ = recovery.open_recovery(session, staff_id=ben.id, called_back=True, by=first, now=NOW)
        with pytest.raises(CannotVouch, match="last 7 days"):
            recovery.confirm_recovery(session, recovery_id=row, by=second, now=NOW)
    carla = begun(session, "carla", *FINANCE)
    assert recovery.confirm_recovery(session, recovery_id=row, by=carla, now=NOW)


# The table ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("confirmed_by = made_by, confirmed_at = made_at", "two_people"),
        ("confirmed_by = staff_id, confirmed_at = made_at", "not_about_themselves"),
        ("confirmed_at = made_at", "confirmed_by_someone"),
    ],
)
def test_the_table_itself_wants_two_people(
    session: Session, ada: Staff, sam: Staff, change: str, rule: str
) -> None:
    ben = begun(session, "ben", Role.FINANCE_APPROVER)
    staffing.change_roles(session, staff_id=ben.id, held=set(FINANCE), by=ada, now=NOW)
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(sa.text(f"UPDATE staff_changes SET {change}"))
    assert refused.value.orig.diag.constraint_name == f"ck_staff_changes_{rule}"  # type: ignore[union-attr]
    for forged in ("UPDATE staff_changes SET made_by = staff_id", "DELETE FROM staff_changes"):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text(forged))
