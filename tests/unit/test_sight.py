"""How much of a case a person sees, and who may call a verb: the two pure rules of access."""

from __future__ import annotations

from uuid import uuid4

import pytest

from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Family, Role, Service, Staff, System
from reunify.kernel.refusals import NotAllowed
from reunify.kernel.sight import Sight, may_see_case, sight_of

OWNER, OTHER = StaffId(uuid4()), StaffId(uuid4())


def person(
    *roles: Role,
    staff_id: StaffId = OTHER,
    team: str | None = None,
    for_: StaffId | None = None,
    vouched_for: StaffId | None = None,
) -> Staff:
    return Staff(
        staff_id,
        "Somebody",
        frozenset(roles),
        team,
        stands_for=frozenset({for_, vouched_for} - {None}),
        covers=frozenset({for_} - {None}),
        supervises=frozenset({team} - {None}) if Role.SUPERVISOR in roles else frozenset(),
    )


SEES = [
    ("who handles it", person(Role.CASE_MANAGER, staff_id=OWNER), "north", True),
    ("who handles it, without a team", person(Role.CASE_MANAGER, staff_id=OWNER), None, True),
    ("who handled it, and is no case manager any more", person(Role.AUDITOR, staff_id=OWNER), "north", False),
    ("a colleague of the team", person(Role.CASE_MANAGER, team="north"), "north", True),
    ("a colleague of another team", person(Role.CASE_MANAGER, team="south"), "north", False),
    ("a colleague without a team, and a case without one", person(Role.CASE_MANAGER), None, False),
    ("a colleague with a team, and a case without one", person(Role.CASE_MANAGER, team="north"), None, False),
    ("who stands in for the owner", person(Role.CASE_MANAGER, for_=OWNER), "north", True),
    ("who only vouched for the owner", person(Role.CASE_MANAGER, vouched_for=OWNER), "north", False),
    ("the team's supervisor", person(Role.SUPERVISOR, team="north"), "north", True),
    ("another team's supervisor", person(Role.SUPERVISOR, team="south"), "north", False),
    ("finance of the same team", person(Role.FINANCE_APPROVER, team="north"), "north", False),
    ("an administrator of the same team", person(Role.ADMINISTRATOR, team="north"), "north", False),
    ("a rules author", person(Role.RULES_AUTHOR, team="north"), "north", False),
]


@pytest.mark.asvs("8.2.2")
@pytest.mark.parametrize(("who", "by", "team", "sees"), SEES, ids=[s[0] for s in SEES])
def test_who_sees_a_case_whole(who: str, by: Staff, team: str | None, sees: bool) -> None:
    assert may_see_case(by, OWNER, team) is sees


def test_neither_a_flow_nor_a_family_nor_a_program_is_somebody_who_sees_cases() -> None:
    for by in (System("assess"), Family(uuid4()), Service(uuid4(), "portal", frozenset({"requests:write"}))):
        assert not may_see_case(by, OWNER, "north")
        assert sight_of(by, owner=OWNER, team="north", submitted=True) is Sight.NONE


@pytest.mark.asvs("8.2.3")
@pytest.mark.parametrize(
    ("by", "submitted", "sight"),
    [
        (person(Role.FINANCE_APPROVER), True, Sight.MONEY),
        (person(Role.FINANCE_RELEASER), True, Sight.MONEY),
        (person(Role.FINANCE_APPROVER), False, Sight.NONE),
        (person(Role.AUDITOR), True, Sight.MASKED),
        (person(Role.AUDITOR), False, Sight.NONE),
        (person(Role.AUDITOR, Role.FINANCE_APPROVER), True, Sight.MONEY),
        (person(Role.FINANCE_APPROVER, Role.CASE_MANAGER, staff_id=OWNER), True, Sight.WHOLE),
        (person(Role.ADMINISTRATOR), True, Sight.NONE),
        (person(Role.FUND_MANAGER), True, Sight.NONE),
        (person(Role.RULES_AUTHOR), True, Sight.NONE),
        (person(), True, Sight.NONE),
    ],
)
def test_what_each_role_sees_of_a_case_that_is_not_its_own(by: Staff, submitted: bool, sight: Sight) -> None:
    assert sight_of(by, owner=OWNER, team="north", submitted=submitted) is sight


def test_what_was_granted_for_a_time_shows_the_case_whole() -> None:
    by = person(Role.AUDITOR)
    assert sight_of(by, owner=OWNER, team=None, submitted=True, granted=True) is Sight.WHOLE


# Who may call a verb ------------------------------------------------------------------------------------
@may(Role.CASE_MANAGER, service="requests:write")
def write_down(session: None, *, what: str, by: Actor) -> str:
    """A verb."""
    return what


@may(system=True)
def tick(*, by: Actor) -> str:
    return "tick"


@pytest.mark.asvs("8.2.1", "8.3.1")
def test_a_verb_runs_for_the_role_it_names_and_for_nobody_else() -> None:
    assert write_down(None, what="a line", by=person(Role.CASE_MANAGER)) == "a line"
    for by in (person(Role.AUDITOR), person(), System("assess"), Family(uuid4())):
        with pytest.raises(NotAllowed):
            write_down(None, what="a line", by=by)


def test_a_verb_of_the_systems_is_nobody_elses() -> None:
    assert tick(by=System("beat")) == "tick"
    with pytest.raises(NotAllowed, match="The system does this by itself"):
        tick(by=person(*Role))


def test_a_program_needs_the_scope_and_the_person_behind_it_the_role() -> None:
    scoped, unscoped = (
        Service(uuid4(), "portal", frozenset(s)) for s in ({"requests:write"}, {"status:read"})
    )
    ana = person(Role.CASE_MANAGER)
    through = Staff(ana.id, ana.name, ana.roles, through=scoped)
    assert write_down(None, what="a line", by=through) == "a line"
    with pytest.raises(NotAllowed, match="does not reach so far"):
        write_down(None, what="a line", by=Staff(ana.id, ana.name, ana.roles, through=unscoped))
    with pytest.raises(NotAllowed, match="Only a case manager"):
        write_down(None, what="a line", by=Staff(ana.id, ana.name, frozenset(), through=scoped))


def test_a_declared_verb_keeps_its_name_and_its_words() -> None:
    assert (write_down.__name__, write_down.__doc__) == ("write_down", "A verb.")
    assert str(write_down.__may__) == "case manager, a token with requests:write"  # type: ignore[attr-defined]
