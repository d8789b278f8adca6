"""Two people for every dollar: the rule again where a bug in Python cannot reach, and no way around it.

The walks try every order of moves by every person on the real tables, and look at each history that was let
through.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.approval import actions as approval
from reunify.db import Database
from reunify.identity import actions as identity
from reunify.kernel.ids import AwardId, StaffId
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import Refused
from reunify.reporting import invariants
from reunify.sandbox import people
from reunify.sandbox.families import sample_families
from reunify.sandbox.people import DemoPerson
from tests.lasting import lasting_database
from tests.town import NOW, Town, built

LIMIT = 150_000
EVERY_ROLE = frozenset(Role)
# A finance person who also enters: the one from whom the rule must protect most.
EVE = DemoPerson("eve", "Eve Marsh", "ribbon-castle-61", EVERY_ROLE)


@dataclass
class Office:
    """A town, its people by name, and two awards of Eve's: one at the limit and one a cent above."""

    town: Town
    staff: dict[str, Staff]
    at_limit: UUID = field(init=False)
    above_limit: UUID = field(init=False)

    @property
    def db(self) -> Database:
        return self.town.house.db

    def award(self, cents: int, by: str = "eve") -> UUID:
        draft = copy.deepcopy(next(f for f in sample_families(NOW.date()) if f.letter == "f").draft)
        draft["case"]["report_number"] = "SG-26-30981"
        line = draft["cost_lines"][0]
        line["quote_cents"] = line["ceiling_cents"] = cents
        draft["cost_lines"] = [line]
        progress = self.town.progress(self.town.submitted(draft, by))
        assert progress["award"]["ceiling_cents"] == cents
        return UUID(progress["award"]["id"])

    def answered(self, award: UUID, *, by: str) -> UUID:
        """Somebody else answers a question of the same request: the new version's award."""
        with self.db.read() as session:
            asked = sa.text("SELECT request_id FROM awards WHERE id = :award")
            request = session.execute(asked, {"award": award}).scalar_one()
        body = {"answers": {"/travelers/0/readiness/mobility": "walks with a stick"}}
        self.town.person(by).act(self.town.diary, "answer", f"/requests/{request}/answers", body)
        self.town.work()
        return UUID(self.town.progress(str(request))["award"]["id"])


@dataclass
class Desk:
    """One transaction as the application's own role, past all Python; rolled back after the test."""

    office: Office
    session: Session

    def write(self, award: UUID, what: str, by: str) -> None:
        """Raises IntegrityError; the transaction goes on as before it."""
        said = sa.text(f"UPDATE awards SET {what} WHERE id = :award")
        values = {"award": award, "by": self.office.staff[by].id, "now": NOW}
        with self.session.begin_nested():
            self.session.execute(said, values)


APPROVE = "state = 'approved', approved_by = :by, approved_at = :now, digest = 'd'"
RELEASE = "state = 'released', released_by = :by, released_at = :now"
WIPE = (
    "state = 'awaiting_approval', approved_by = NULL, approved_at = NULL, digest = NULL, "
    "released_by = NULL, released_at = NULL"
)


@pytest.fixture(scope="module")
def office(
    server: Urls, administrator: sa.Engine, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Everybody holds every role, so that only the rule itself keeps them apart."""
    data = tmp_path_factory.mktemp("office")
    with lasting_database(server, administrator, template) as db, built(db, data) as town:
        with db.work() as session:
            identity.add_staff(
                session,
                username=EVE.username,
                name=EVE.name,
                password=EVE.password,
                roles=set(EVE.roles),
                by=System("test"),
                now=NOW,
            )
            every = sa.bindparam("every", sorted(EVERY_ROLE), type_=JSONB)
            session.execute(sa.text("UPDATE staff SET roles = :every").bindparams(every))
            known = session.execute(sa.text("SELECT username, name, id FROM staff")).all()
        office = Office(town, {u: Staff(StaffId(i), name, EVERY_ROLE) for u, name, i in known})
        people.PEOPLE_BY_NAME[EVE.username] = EVE
        office.at_limit, office.above_limit = office.award(LIMIT), office.award(LIMIT + 1)
        yield office
        del people.PEOPLE_BY_NAME[EVE.username]


@pytest.fixture
def desk(office: Office) -> Iterator[Desk]:
    with Session(office.db.engine) as session:
        yield Desk(office, session)
        session.rollback()


def refused_by(error: pytest.ExceptionInfo[IntegrityError]) -> str:
    """The constraint that said no."""
    assert error.value.orig is not None
    return str(error.value.orig.diag.constraint_name)  # type: ignore[attr-defined]


def test_the_requester_cannot_be_written_down_as_approver(office: Office, desk: Desk) -> None:
    with pytest.raises(IntegrityError) as error:
        desk.write(office.at_limit, APPROVE, by="eve")
    assert refused_by(error) == "ck_awards_author_never_approves"


def test_the_requester_cannot_be_written_down_as_releaser(office: Office, desk: Desk) -> None:
    desk.write(office.at_limit, APPROVE, by="ben")
    with pytest.raises(IntegrityError) as error:
        desk.write(office.at_limit, RELEASE, by="eve")
    assert refused_by(error) == "ck_awards_author_never_releases"


def test_whoever_answered_last_cannot_be_written_down_as_approver_or_releaser(
    office: Office, desk: Desk
) -> None:
    award = office.answered(office.award(LIMIT), by="ben")
    with pytest.raises(IntegrityError) as error:
        desk.write(award, APPROVE, by="ben")
    assert refused_by(error) == "ck_awards_author_never_approves"
    desk.write(award, APPROVE, by="carla")
    with pytest.raises(IntegrityError) as error:
        desk.write(award, RELEASE, by="ben")
    assert refused_by(error) == "ck_awards_author_never_releases"


def test_a_cent_above_the_limit_the_approver_cannot_be_written_down_as_releaser(
    office: Office, desk: Desk
) -> None:
    desk.write(office.above_limit, APPROVE, by="ben")
    with pytest.raises(IntegrityError) as error:
        desk.write(office.above_limit, RELEASE, by="ben")
    assert refused_by(error) == "ck_awards_two_finance_people_above_limit"
    desk.write(office.at_limit, APPROVE, by="ben")
    desk.write(office.at_limit, RELEASE, by="ben")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (RELEASE, "ck_awards_approved_before_released"),
        ("state = 'released'", "ck_awards_released_by_someone"),
        ("approved_by = :by, approved_at = :now", "ck_awards_approval_has_digest"),
        ("approved_by = :by, digest = 'd'", "ck_awards_approval_paired"),
        ("small_limit_cents = small_limit_cents + 1", "fk_awards_limit_setting_id_small_limit_cents"),
        ("requested_by = :by", "fk_awards_request_id_requested_by"),
        ("submitted_by = :by", "fk_awards_version_id_submitted_by"),
    ],
)
def test_half_a_decision_and_a_wrong_copy_are_refused_by_name(
    office: Office, desk: Desk, change: str, constraint: str
) -> None:
    with pytest.raises(IntegrityError) as error:
        desk.write(office.above_limit, change, by="carla")
    assert refused_by(error) == constraint


def test_who_asked_cannot_be_changed_under_an_award(office: Office, desk: Desk) -> None:
    with pytest.raises(IntegrityError) as error:
        desk.session.execute(
            sa.text("UPDATE requests SET requested_by = :by"), {"by": office.staff["ana"].id}
        )
    assert refused_by(error) == "fk_awards_request_id_requested_by"


def test_the_limit_an_award_was_judged_by_cannot_be_changed_afterwards(desk: Desk) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        desk.session.execute(sa.text("UPDATE organisation_settings SET cents = cents + 1"))


def test_a_ceiling_made_smaller_than_its_lines_is_found(office: Office, desk: Desk) -> None:
    """A CHECK cannot add up another table's rows, so the proof does."""
    assert invariants.check(desk.session) == []
    desk.write(office.above_limit, "ceiling_cents = 1", by="ben")
    assert [f.rule for f in invariants.check(desk.session)] == ["ceiling is not its lines"]


# Every order of moves ----------------------------------------------------------------------------------
Step = tuple[str, str]  # the verb, and who
Moves = dict[Step, Callable[[], object]]


@dataclass
class Seen:
    """Every history that was let through, and who then stands as approver and releaser of released money."""

    histories: list[tuple[Step, ...]] = field(default_factory=list)
    released: set[tuple[str, str]] = field(default_factory=set)

    @property
    def people(self) -> set[str]:
        return {who for history in self.histories for _, who in history if who}


def walk(office: Office, award: UUID, way: Callable[[Office, Session, UUID], Moves]) -> Seen:
    """Depth first over every order of four moves by every person; each is undone again."""
    seen = Seen()
    stands = sa.text(
        "SELECT a.username, r.username FROM awards w JOIN staff a ON a.id = w.approved_by "
        "JOIN staff r ON r.id = w.released_by WHERE w.id = :award"
    )
    with Session(office.db.engine) as session:
        steps = way(office, session, award)

        def further(history: tuple[Step, ...]) -> None:
            for step, move in steps.items():
                point = session.begin_nested()
                try:
                    move()
                    session.flush()
                except (Refused, IntegrityError):
                    point.rollback()
                    continue
                seen.histories.append((*history, step))
                seen.released |= {(a, r) for a, r in session.execute(stands, {"award": award})}
                if len(history) < 3:
                    further((*history, step))
                point.rollback()

        further(())
        session.rollback()
    return seen


def verbs(office: Office, session: Session, award: UUID) -> Moves:
    """What the room offers."""
    templates = office.town.house.letter_templates()
    id_, now = AwardId(award), office.town.clock()

    def moves_of(by: Staff) -> Moves:
        said = {"award_id": id_, "by": by, "now": now}
        return {
            ("approve", by.name): lambda: approval.approve(session, templates=templates, **said),
            ("release", by.name): lambda: approval.release(session, templates=templates, **said),
            ("both", by.name): lambda: approval.approve_and_release(session, templates=templates, **said),
            ("decline", by.name): lambda: approval.decline(session, reason="Not this time.", **said),
        }

    return {step: move for name in NAMES for step, move in moves_of(office.staff[name]).items()}


def plain_updates(office: Office, session: Session, award: UUID) -> Moves:
    """The same table past all Python: decisions written, overwritten and wiped."""

    def update(what: str, by: Staff) -> Callable[[], object]:
        said = sa.text(f"UPDATE awards SET {what} WHERE id = :award")
        return lambda: session.execute(said, {"award": award, "by": by.id, "now": NOW})

    found: Moves = {("wipe", ""): update(WIPE, office.staff["eve"])}
    for by in (office.staff[name] for name in NAMES):
        found |= {("approve", by.name): update(APPROVE, by), ("release", by.name): update(RELEASE, by)}
    return found


NAMES = ("eve", "ben", "carla")
TOGETHER = {("ben", "carla"), ("carla", "ben")}
ALONE = {("ben", "ben"), ("carla", "carla")}


@pytest.mark.parametrize("way", [verbs, plain_updates])
def test_no_order_of_moves_lets_the_requester_in_or_one_person_above_the_limit(
    office: Office, way: Callable[[Office, Session, UUID], Moves]
) -> None:
    above, at = walk(office, office.above_limit, way), walk(office, office.at_limit, way)
    assert above.released == TOGETHER
    assert at.released == TOGETHER | ALONE
    assert above.people == at.people == {office.staff["ben"].name, office.staff["carla"].name}


@pytest.mark.parametrize("way", [verbs, plain_updates])
def test_after_an_answer_by_one_of_two_only_the_other_is_left(
    office: Office, way: Callable[[Office, Session, UUID], Moves]
) -> None:
    """At the limit Carla alone may do both; above it nobody may, until there is a third person."""
    for cents, allowed in ((LIMIT, {("carla", "carla")}), (LIMIT + 1, set())):
        award = office.answered(office.award(cents), by="ben")
        assert walk(office, award, way).released == allowed


def test_an_earlier_answer_still_counts_when_somebody_else_answered_last(office: Office) -> None:
    """The table copies the requester and the last to answer; the verbs know everyone who ever did."""
    award = office.answered(office.answered(office.award(LIMIT), by="ben"), by="carla")
    assert walk(office, award, verbs).histories == []
