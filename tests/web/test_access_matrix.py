"""Every role at every door, with a case of their own, of their team, of another; and what each may read."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from httpx import Response

from reunify.adapters.embedded_postgres import Urls
from reunify.bootstrap import House
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight, sight_of
from reunify.sandbox import people
from reunify.sandbox.families import sample_families
from reunify.sandbox.people import DemoPerson
from tests.integration.people_world import standing
from tests.lasting import lasting_database
from tests.web import access_matrix
from tests.web.doors import OWN_SESSION, Door, doors
from tests.web.pages_world import AGAIN, TestClient, house_over, signed_in, work_off

CLOCK = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
# Beside the demo's own people: user name, role, team.
MORE = (
    ("amy", Role.CASE_MANAGER, "north"),
    ("eli", Role.CASE_MANAGER, "south"),
    ("sue", Role.SUPERVISOR, "north"),
    ("fay", Role.FUND_MANAGER, "north"),
    ("rob", Role.RULES_AUTHOR, "north"),
    ("abe", Role.ADMINISTRATOR, "north"),
)
WHO = ("ana", "ben", "dee", *(name for name, _, _ in MORE))


# A list of papers with none in it tells nothing that could be written down as read.
EMPTY = {"GET /requests/{request_id}/papers"}


@dataclass(frozen=True)
class Read:
    """One GET: what came back, and whether it was written down that this person read."""

    door: Door
    ids: dict[str, str]
    answer: Response
    written_down: bool


# What the two families told. No word of it may reach whoever does not see their case whole.
CHILD, PLACE, WORDS = "Quillfeather", "Zyxwvutton", "Markedword"
PAYEE = "Grizzleworth"
FAMILY_OBJECTS = ("request_id", "draft_id", "award_id", "refusal_id", "instruction_id", "document_id")


@dataclass
class Estate:
    """Two teams, each with a family on its way, one waiting, one to refuse and a draft."""

    house: House
    north: dict[str, str]
    south: dict[str, str]
    staff: dict[str, Staff]
    _clients: dict[str, TestClient] = field(default_factory=dict)
    _reads: dict[str, list[Read]] = field(default_factory=dict)
    _audited: dict[str, int] = field(default_factory=dict)

    def client(self, who: str) -> TestClient:
        if who not in self._clients:
            self._clients[who] = signed_in(self.house, who)
            self._clients[who].follow_redirects = False
        return self._clients[who]

    @cached_property
    def doors(self) -> list[Door]:
        """All that staff may knock at, but the ways in and each person's own session."""
        return [
            d
            for d in doors(self.house)
            if not d.public and not d.for_family and d.name not in OWN_SESSION and d.method != "MOUNT"
        ]

    def address(self, door: Door, ids: dict[str, str]) -> str:
        request = ids["draft_id" if door.path.endswith("/edit") else "request_id"]
        return door.path.format(**door.invented_ids() | ids | {"request_id": request, "format": "pdf"})

    def sight(self, who: str, door: Door, ids: dict[str, str]) -> Sight:
        owner, team = ("ana", "north") if ids is self.north else ("eli", "south")
        return sight_of(
            self.staff[who],
            owner=self.staff[owner].id,
            team=team,
            submitted=not door.path.endswith("/edit"),
        )

    def call(self, who: str, door: Door, ids: dict[str, str]) -> Response:
        return self.client(who).request(door.method, self.address(door, ids), json={})

    def families(self, door: Door) -> tuple[dict[str, str], ...]:
        """A door without an id is the same for both."""
        return (self.north, self.south) if "{" in door.path else (self.north,)

    def reads(self, who: str) -> list[Read]:
        """Every GET there is, with both families' ids, as this person; called once."""
        if who not in self._reads:
            self._audited[who] = self.audited(who)
            self._reads[who] = [
                self._read(who, door, ids)
                for door in self.doors
                if door.method == "GET"
                for ids in self.families(door)
            ]
        return self._reads[who]

    def _read(self, who: str, door: Door, ids: dict[str, str]) -> Read:
        before = self._audited[who]  # in this name nothing is read but here
        answer = self.call(who, door, ids)
        self._audited[who] = self.audited(who)
        return Read(door, ids, answer, self._audited[who] > before)

    def audited(self, who: str) -> int:
        """How often this person is written down as having read."""
        with self.house.db.read() as session:
            return session.scalar(
                sa.text(
                    "SELECT count(*) FROM audit_entries WHERE actor = :who"
                    " AND verb IN ('read', 'read_list', 'download')"
                ),
                {"who": f"staff:{self.staff[who].id}"},
            )


@pytest.fixture(scope="module")
def estate(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    data = tmp_path_factory.mktemp("estate")
    with (
        lasting_database(server, administrator, settled_template) as db,
        house_over(db, data, lambda: CLOCK) as house,
    ):
        yield _settled(house)


def _settled(house: House) -> Estate:
    with house.db.work() as session:
        for name, role, _ in MORE:
            person = DemoPerson(name, name.title() + " Staff", "lantern-orchard-41", frozenset({role}))
            people.hire(session, person, now=CLOCK)
        teams = {name: team for name, _, team in MORE} | {"ana": "north"}
        for record in session.scalars(sa.select(StaffRecord)):
            record.team = teams.get(record.username)
    with house.db.read() as session:
        staff = {
            r.username: standing(session, StaffId(r.id), CLOCK)
            for r in session.scalars(sa.select(StaffRecord))
        }
    return Estate(house, _families(house, "ana"), _families(house, "eli"), staff)


def _families(house: House, owner: str) -> dict[str, str]:
    told = {f.letter: _marked(f.draft) for f in sample_families(CLOCK.date())}
    worker, ben, carla = (signed_in(house, name) for name in (owner, "ben", "carla"))
    requests = {}
    for letter in ("b", "e"):
        requests[letter] = worker.post("/api/v1/requests", json=told[letter]).json()["id"]
        assert worker.post(f"/api/v1/requests/{requests[letter]}/submission", json=AGAIN).status_code == 202
    work_off(house)
    progress = {k: worker.get(f"/api/v1/requests/{r}/progress").json() for k, r in requests.items()}
    award = progress["b"]["award"]["id"]
    assert ben.post(f"/api/v1/awards/{award}/approval").status_code == 200
    assert carla.post(f"/api/v1/awards/{award}/release").status_code == 200
    work_off(house)
    paid = worker.get(f"/api/v1/requests/{requests['b']}/progress").json()
    return {
        "request_id": requests["b"],
        "draft_id": worker.post("/api/v1/requests", json=told["f"]).json()["id"],
        "award_id": award,
        "refusal_id": progress["e"]["refusal"]["id"],
        "instruction_id": paid["instructions"][0]["id"],
        "document_id": paid["documents"][0]["id"],
    }


def _marked(draft: dict[str, Any]) -> dict[str, Any]:
    """The sample family with marks wherever a family's own words, names and places stand."""
    told = copy.deepcopy(draft)
    child = f"{CHILD} Nightjar"
    told["case"]["child"]["name"] = child
    told["case"] |= {"number": f"{WORDS}-1", "verifying_agency": f"{WORDS} agency"}
    told["return_authority"] |= {"released_by": f"{WORDS} officer", "child_wish": f"{WORDS} wish"}
    told["return_authority"]["decision_reason"] = f"{WORDS} custody"
    if told["asked_by"].get("kind") == "family":
        told["asked_by"]["name"] = f"Marisol {PAYEE}"
    for traveler in told["travelers"]:
        traveler["name"] = child if traveler["role"] == "child" else f"Marisol {PAYEE}"
        if traveler.get("readiness"):
            traveler["readiness"] |= {"needs": f"{WORDS} needs", "medicines": f"{WORDS} medicine"}
        if traveler.get("contact"):
            traveler["contact"]["address"] = f"7 {PLACE} Road"
    for payee in told["payees"]:
        payee["name"] = f"Marisol {PAYEE}" if payee["kind"] == "person" else payee["name"]
    for line in told["cost_lines"]:
        line["what"] = f"{WORDS} to {PLACE}"
    for leg in told.get("legs", ()):
        leg["origin"]["county"] = PLACE
    return told


# The matrix ---------------------------------------------------------------------------------------------
def expected(estate: Estate, who: str, door: Door, ids: dict[str, str]) -> set[int]:
    """From what the door declares, and nothing else."""
    if door.roles and not door.roles & estate.staff[who].roles:
        return {403}
    if door.sights is not None:
        sight = estate.sight(who, door, ids)
        if sight is Sight.NONE:
            return {404}
        if sight not in door.sights:
            return {403}
    return set()  # let in: what follows is the verb's own


@pytest.mark.asvs("8.2.1", "8.2.2", "8.2.3", "8.3.1", "8.3.2")
@pytest.mark.parametrize("who", WHO)
def test_every_role_is_turned_away_where_the_matrix_says_so_and_let_in_where_it_says_so(
    estate: Estate, who: str
) -> None:
    """Doors that would let the person in and change something are left shut: the walks go through them."""
    for read in estate.reads(who):
        _is_as_expected(who, read.door, read.answer, expected(estate, who, read.door, read.ids))
    for door in estate.doors:
        for ids in estate.families(door):
            turned_away = expected(estate, who, door, ids)
            if turned_away and door.method != "GET":
                _is_as_expected(who, door, estate.call(who, door, ids), turned_away)


def _is_as_expected(who: str, door: Door, answer: Response, turned_away: set[int]) -> None:
    if turned_away:
        assert answer.status_code in turned_away, f"{who}: {door.name}"
        return
    # Behind the door the thing itself may be missing (an invented id), or a colleague's draft.
    sure = door.sights and door.invented_ids().keys() <= {*FAMILY_OBJECTS}
    behind = {200, 303} if sure and not door.path.endswith("/edit") else {200, 303, 403, 404, 409}
    assert answer.status_code in behind, f"{who}: {door.name}"


def test_every_door_of_a_case_says_how_the_case_may_be_seen(estate: Estate) -> None:
    silent = [
        d.name for d in estate.doors if d.sights is None and any(f"{{{i}}}" in d.path for i in FAMILY_OBJECTS)
    ]
    assert silent == []


@pytest.mark.asvs("8.2.2", "15.3.3")
def test_a_hidden_case_answers_like_one_that_is_not_there(estate: Estate) -> None:
    """The attack: a colleague's ids, pasted into every address."""
    nowhere = {name: str(uuid4()) for name in estate.north}
    tried = 0
    for door in estate.doors:
        if door.sights and (not door.roles or Role.CASE_MANAGER in door.roles):
            hidden, absent = (estate.call("eli", door, ids) for ids in (estate.north, nowhere))
            assert (hidden.status_code, absent.status_code) == (404, 404), door.name
            assert hidden.text == absent.text, door.name
            tried += 1
    assert tried > 10


def test_a_pasted_case_of_another_team_is_not_in_the_lists_either(estate: Estate) -> None:
    for path in ("/", "/api/v1/requests"):
        page = estate.client("eli").get(path).text
        assert estate.south["request_id"] in page
        assert estate.north["request_id"] not in page
    assert estate.north["request_id"] not in estate.client("abe").get("/api/v1/requests").text


def test_the_matrix_auditors_read_is_the_one_that_is_tested(estate: Estate) -> None:
    assert access_matrix.FILE.read_text() == access_matrix.page(doors(estate.house))


# Fields -------------------------------------------------------------------------------------------------
@pytest.mark.asvs("8.2.3", "15.3.1")
@pytest.mark.parametrize(
    ("who", "never"),
    [
        (
            "ben",
            (CHILD, PLACE, WORDS, "endangered_runaway", "Atlanta", "El Paso", "2011-03-14", "@example.org"),
        ),
        ("dee", (CHILD, PLACE, WORDS, PAYEE, "endangered_runaway", "Atlanta", "El Paso", "Peachtree")),
        ("abe", (CHILD, PLACE, WORDS, PAYEE, "endangered_runaway", "Atlanta", "Peachtree")),
        ("fay", (CHILD, PLACE, WORDS, PAYEE, "endangered_runaway", "Atlanta", "Peachtree")),
    ],
)
def test_no_word_of_the_family_reaches_whoever_does_not_see_the_case_whole(
    estate: Estate, who: str, never: tuple[str, ...]
) -> None:
    found = [read for read in estate.reads(who) if read.answer.status_code == 200]
    assert len(found) >= 3
    for read in found:
        for word in never:
            assert word.casefold() not in read.answer.text.casefold(), (
                f"{who} reads {word} at {read.door.name}"
            )


def test_finance_reads_whom_it_pays(estate: Estate) -> None:
    assert PAYEE in estate.client("ben").get(f"/awards/{estate.north['award_id']}").text


def test_an_auditors_pseudonym_is_the_same_every_time_and_another_for_another_case(estate: Estate) -> None:
    dee = estate.client("dee")
    names = [
        re.findall("Child [A-Z0-9]{6}", dee.get(f"/requests/{ids['request_id']}").text)[0]
        for ids in (estate.north, estate.north, estate.south)
    ]
    assert names[0] == names[1] != names[2]


def test_a_masked_copy_says_so_and_holds_amounts_and_hashes_only(estate: Estate) -> None:
    for who in ("ben", "dee"):
        copied = estate.client(who).get(f"/documents/{estate.north['document_id']}/masked")
        assert copied.text.count("MASKED COPY") == 2
        assert copied.headers["content-disposition"].startswith("attachment")
        for format in ("pdf", "docx"):
            path = f"/documents/{estate.north['document_id']}/{format}"
            assert estate.client(who).get(path).status_code == 403


# Reading is written down --------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["ana", "amy", "sue", "ben"])
def test_whoever_reads_a_name_is_written_down_as_having_read_it(estate: Estate, who: str) -> None:
    named = 0
    for read in estate.reads(who):
        if read.answer.status_code != 200:
            continue
        letter = read.answer.headers.get("content-type", "").startswith("application/pdf")
        told = letter or CHILD in read.answer.text or PAYEE in read.answer.text
        if told or (read.door.sights and read.door.name not in EMPTY):
            assert read.written_down, f"{who} read a case at {read.door.name} unseen"
        named += told
    assert named >= 2


@pytest.mark.parametrize("who", WHO)
def test_what_is_written_down_of_a_reading_says_how_much_was_seen(estate: Estate, who: str) -> None:
    """Finance reads a payment without the family's words: the trail says so too."""
    estate.reads(who)
    with estate.house.db.read() as session:
        found = session.execute(
            sa.text(
                "SELECT subject, detail->>'sight' FROM audit_entries WHERE verb = 'read' AND actor = :who"
                " AND subject IN ('request', 'award', 'refusal', 'payment', 'document')"
            ),
            {"who": f"staff:{estate.staff[who].id}"},
        ).all()
    mine = {
        estate.sight(who, door, ids)
        for door in estate.doors
        if door.sights
        for ids in (estate.north, estate.south)
        if not door.path.endswith("/edit")
    }
    assert {sight for _, sight in found} == {s.value for s in mine - {Sight.NONE}}


def test_a_demoted_approvers_open_session_decides_nothing_more(estate: Estate) -> None:
    """The attack: the session was opened while the role was held."""
    ben, award = estate.client("ben"), estate.north["award_id"]
    assert ben.get(f"/awards/{award}").status_code == 200
    _give(estate, "ben", [Role.RULES_AUTHOR])
    try:
        for act in ("approval", "release", "approval-and-release", "decline"):
            assert ben.post(f"/api/v1/awards/{award}/{act}", json={"reason": "no"}).status_code == 403
        assert ben.get(f"/awards/{award}").status_code == 404
    finally:
        _give(estate, "ben", [Role.FINANCE_APPROVER, Role.FINANCE_RELEASER])


def _give(estate: Estate, who: str, roles: list[Role]) -> None:
    with estate.house.db.work() as session:
        session.get_one(StaffRecord, estate.staff[who].id).roles = sorted(r.value for r in roles)
