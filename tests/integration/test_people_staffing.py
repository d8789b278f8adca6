"""People come, change and go: what they hold counts from the very next request, and the database agrees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.audit.records import AuditEntry
from reunify.db import Database
from reunify.identity import delegation, on_call, queries, roles, roster, sessions, staffing, tokens
from reunify.identity.actions import NameTaken
from reunify.identity.duties import Duty, Span
from reunify.identity.records import StaffRecord
from reunify.identity.staffing import Details
from reunify.identity.tokens import Scope
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from tests.integration.people_world import FINANCE, NOW, agreed, begun, hire, standing
from tests.lasting import lasting_database

CASES = (Role.CASE_MANAGER,)


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
def admin(session: Session) -> Staff:
    return hire(session, "olga", Role.ADMINISTRATOR)


def signed_in(session: Session, who: Staff) -> str:
    return sessions.begin(
        session, staff_id=who.id, ways=["passkey"], browser="A program", proved_at=NOW, now=NOW
    )


# Every pair, in the table ------------------------------------------------------------------------------
@pytest.mark.asvs("8.2.1")
def test_the_table_refuses_exactly_the_pairs_the_rule_refuses(session: Session) -> None:
    """Past all Python, as the application's own role."""
    who = hire(session, "ada", Role.CASE_MANAGER)
    said = sa.text("UPDATE staff SET roles = :held WHERE id = :who").bindparams(
        sa.bindparam("held", type_=JSONB)
    )
    for count in (1, 2, 3):
        for held in combinations(sorted(Role), count):
            point = session.begin_nested()
            try:
                session.execute(said, {"held": list(held), "who": who.id})
            except IntegrityError as refused:
                point.rollback()
                assert not roles.mix(held), held
                name = str(refused.orig.diag.constraint_name)  # type: ignore[union-attr]
                assert name.removeprefix("ck_staff_") in {apart.name for apart in roles.APART}
            else:
                point.rollback()
                assert roles.mix(held), held


def test_the_table_knows_no_invented_role(session: Session) -> None:
    who = hire(session, "ada", Role.CASE_MANAGER)
    for wrong in ('["owner"]', '"auditor"', "{}"):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(
                sa.text("UPDATE staff SET roles = CAST(:held AS jsonb) WHERE id = :who"),
                {"held": wrong, "who": who.id},
            )


# Coming ------------------------------------------------------------------------------------------------
def test_a_new_person_gets_a_code_and_is_kept_as_written(session: Session, admin: Staff) -> None:
    details = Details(" Nora  Vance ", team="North", phone="+1 703 555 0111", email="Nora@Example.org")
    begun(session, "sam", Role.SUPERVISOR)
    asked = staffing.add(
        session, username="Nora", details=details, held={Role.CASE_MANAGER}, by=admin, now=NOW
    )
    assert (asked.waits, asked.staff_id, asked.code) == (True, None, None)
    (code,) = agreed(session)
    staff_id = queries.staff_id(session, "nora")
    kept = staffing.person(session, staff_id)
    assert (kept.username, kept.name, kept.team, kept.phone) == (
        "nora",
        "Nora Vance",
        "North",
        "+1 703 555 0111",
    )
    assert code is not None
    assert len(code) >= 12
    assert not kept.enrolled
    assert standing(session, staff_id).team == "North"


def test_phone_and_address_are_sealed_and_never_audited(session: Session, admin: Staff) -> None:
    details = Details("Nora Vance", phone="+1 703 555 0111", email="nora@example.org")
    begun(session, "sam", Role.SUPERVISOR)
    staffing.add(session, username="nora", details=details, held=CASES, by=admin, now=NOW)
    agreed(session)
    staff_id = queries.staff_id(session, "nora")
    staffing.change_details(
        session,
        staff_id=staff_id,
        details=Details("Nora Vance", phone="+1 703 555 0222", email="nora@example.org"),
        by=admin,
        now=NOW,
    )
    agreed(session)
    rows = session.execute(
        sa.text(
            "SELECT s::text FROM staff s UNION ALL SELECT c::text FROM staff_changes c "
            "UNION ALL SELECT a::text FROM audit_entries a"
        )
    )
    everything = " ".join(rows.scalars())
    assert "703 555" not in everything
    assert "example.org" not in everything
    assert '{""fields"": [""phone""]}' in everything


@pytest.mark.parametrize(
    ("username", "details", "field"),
    [
        ("", Details("Nora"), "/username"),
        ("no ra", Details("Nora"), "/username"),
        ("nora", Details("  "), "/name"),
        ("nora", Details("Nora\u202e"), "/name"),
        ("nora", Details("Nora", phone="1" * 41), "/phone"),
        ("nora", Details("Nora", email="no address"), "/email"),
    ],
)
def test_what_cannot_be_kept_is_named(
    session: Session, admin: Staff, username: str, details: Details, field: str
) -> None:
    with pytest.raises(staffing.DetailDoesNotFit) as refused:
        staffing.add(session, username=username, details=details, held=CASES, by=admin, now=NOW)
    assert refused.value.field == field


def test_two_people_share_neither_a_name_nor_an_address(session: Session, admin: Staff) -> None:
    nora = Details("Nora", email="nora@example.org")
    staffing.add(session, username="nora", details=nora, held=CASES, by=admin, now=NOW)
    agreed(session)
    with pytest.raises(NameTaken, match="taken"):
        staffing.add(session, username="NORA", details=Details("N"), held=CASES, by=admin, now=NOW)
    with pytest.raises(NameTaken, match="somebody else"):
        staffing.add(
            session,
            username="n2",
            details=Details("N", email="NORA@example.org"),
            held=CASES,
            by=admin,
            now=NOW,
        )


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_an_administrator_changes_people(session: Session, role: Role) -> None:
    by, other = hire(session, "pat", role), hire(session, "ada", Role.CASE_MANAGER)
    acts = [
        lambda: staffing.add(session, username="x", details=Details("X"), held=CASES, by=by, now=NOW),
        lambda: staffing.change_roles(session, staff_id=other.id, held=CASES, by=by, now=NOW),
        lambda: staffing.change_details(session, staff_id=other.id, details=Details("X"), by=by, now=NOW),
        lambda: staffing.ask_code(session, staff_id=other.id, by=by, now=NOW),
        lambda: staffing.disable(session, staff_id=other.id, by=by, now=NOW),
        lambda: staffing.enable(session, staff_id=other.id, by=by, now=NOW),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match=r"^Only an? administrator"):
            act()


# Changing ----------------------------------------------------------------------------------------------
@pytest.mark.asvs("8.3.2")
def test_a_demoted_approvers_open_session_loses_the_role_on_its_next_request(
    session: Session, admin: Staff
) -> None:
    ben = hire(session, "ben", *FINANCE)
    token = signed_in(session, ben)
    before = sessions.staff_of(session, token=token, now=NOW)
    assert before is not None
    assert Role.FINANCE_APPROVER in before.roles
    staffing.change_roles(session, staff_id=ben.id, held={Role.RULES_AUTHOR}, by=admin, now=NOW)
    after = sessions.staff_of(session, token=token, now=NOW)
    assert after is not None
    assert after.roles == set(), "what is taken is gone at once, what is given waits"
    agreed(session)
    later = sessions.staff_of(session, token=token, now=NOW)
    assert later is not None
    assert later.roles == {Role.RULES_AUTHOR}


def test_nobody_changes_their_own_roles_nor_those_of_whom_they_stand_for(
    session: Session, admin: Staff
) -> None:
    pia = hire(session, "pia", Role.ADMINISTRATOR)
    for target in (admin, pia):
        by = Staff(admin.id, admin.name, admin.roles, stands_for=frozenset({pia.id}))
        with pytest.raises(staffing.OwnRoles):
            staffing.change_roles(session, staff_id=target.id, held={Role.AUDITOR}, by=by, now=NOW)
        with pytest.raises(staffing.OwnRoles):
            staffing.disable(session, staff_id=target.id, by=by, now=NOW)


def test_roles_that_do_not_mix_are_refused_in_words(session: Session, admin: Staff) -> None:
    ben = hire(session, "ben", *FINANCE)
    with pytest.raises(roles.RolesDoNotMix, match="cannot be a case manager and a finance"):
        staffing.change_roles(session, staff_id=ben.id, held={*FINANCE, Role.CASE_MANAGER}, by=admin, now=NOW)
    assert standing(session, ben.id).roles == set(FINANCE)


def test_the_last_administrator_is_neither_demoted_nor_disabled(session: Session, admin: Staff) -> None:
    """Whoever asks: here a colleague whose own account was disabled a moment ago, in an open transaction."""
    pia = hire(session, "pia", Role.ADMINISTRATOR)
    staffing.disable(session, staff_id=pia.id, by=admin, now=NOW)
    for refuse in (
        lambda: staffing.change_roles(session, staff_id=admin.id, held={Role.AUDITOR}, by=pia, now=NOW),
        lambda: staffing.disable(session, staff_id=admin.id, by=pia, now=NOW),
    ):
        with pytest.raises(staffing.LastAdministrator, match="last active administrator"):
            refuse()
    staffing.enable(session, staff_id=pia.id, by=admin, now=NOW)
    staffing.disable(session, staff_id=admin.id, by=pia, now=NOW)


# Going -------------------------------------------------------------------------------------------------
@pytest.mark.asvs("7.4.2")
def test_a_disabled_person_loses_sessions_loans_tokens_and_nights_at_once(
    session: Session, admin: Staff
) -> None:
    ana, bea = hire(session, "ana", Role.CASE_MANAGER), hire(session, "bea", Role.RULES_AUTHOR)
    sam = hire(session, "sam", Role.SUPERVISOR)
    token = signed_in(session, ana)
    night = Span(NOW + timedelta(hours=8), NOW + timedelta(hours=24))
    roster.add_shift(
        session, duty=Duty.NIGHT_CASE_MANAGER, person_id=ana.id, backup_id=None, span=night, by=sam, now=NOW
    )
    delegation.lend(
        session,
        lender_id=ana.id,
        receiver_id=bea.id,
        role=Role.CASE_MANAGER,
        starts_at=NOW,
        ends_at=NOW + timedelta(days=1),
        by=ana,
        now=NOW,
    )
    _, key = tokens.make(
        session, name="Partner", scopes={Scope.ENTER_REQUESTS}, owner_id=ana.id, days=90, by=admin, now=NOW
    )
    assert Role.CASE_MANAGER in standing(session, bea.id).roles
    staffing.disable(session, staff_id=ana.id, by=admin, now=NOW)
    assert sessions.staff_of(session, token=token, now=NOW) is None
    assert standing(session, bea.id).roles == {Role.RULES_AUTHOR}
    assert tokens.acting(session, token=key, scope=Scope.ENTER_REQUESTS, now=NOW) is None
    (shift,) = on_call.shifts(session, night)
    assert shift.person_id is None
    kept = session.scalar(
        sa.select(AuditEntry).where(AuditEntry.subject_id == ana.id, AuditEntry.verb == "disable")
    )
    assert kept is not None
    with pytest.raises(staffing.AlreadySo):
        staffing.disable(session, staff_id=ana.id, by=admin, now=NOW)


def test_enabling_gives_back_no_session_and_no_token(session: Session, admin: Staff) -> None:
    ana = hire(session, "ana", Role.CASE_MANAGER)
    token = signed_in(session, ana)
    staffing.disable(session, staff_id=ana.id, by=admin, now=NOW)
    staffing.enable(session, staff_id=ana.id, by=admin, now=NOW)
    assert session.get_one(StaffRecord, ana.id).active
    assert sessions.staff_of(session, token=token, now=NOW) is None
