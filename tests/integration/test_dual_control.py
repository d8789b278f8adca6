"""Two people for every dollar: the rule again where a bug in Python cannot reach, and no way around it.

The walks try every order of moves by every person on the real tables, and look at each history that was let
through.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.approval import actions as approval
from reunify.approval.policy import ApproverMayNotRelease, StandsForAnAuthor
from reunify.db import Database
from reunify.identity.roles import APART
from reunify.kernel.ids import AwardId, StaffId
from reunify.kernel.people import Role, Staff
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


def let_roles_mix(server: Urls, db: Database) -> None:
    """The table keeps incompatible roles apart; without that, only the rule over each award is left."""
    owner = sa.make_url(server.owner).set(database=sa.make_url(db.url).database)
    engine = sa.create_engine(owner, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for apart in APART:
            connection.execute(sa.text(f"ALTER TABLE staff DROP CONSTRAINT ck_staff_{apart.name}"))
    engine.dispose()


@pytest.fixture(scope="module")
def office(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Everybody holds every role in one team, so that only the rule itself keeps them apart."""
    data = tmp_path_factory.mktemp("office")
    with lasting_database(server, administrator, settled_template) as db, built(db, data) as town:
        let_roles_mix(server, db)
        with db.work() as session:
            people.hire(session, EVE, now=NOW)
            every = sa.bindparam("every", sorted(EVERY_ROLE), type_=JSONB)
            session.execute(sa.text("UPDATE staff SET roles = :every, team = 'all'").bindparams(every))
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
            ("release", by.name): lambda: approval.release(session, **said),
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
@pytest.mark.asvs("2.3.1", "2.3.5")
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


@pytest.mark.parametrize("way", [verbs, plain_updates])
def test_an_earlier_answer_still_counts_when_somebody_else_answered_last(
    office: Office, way: Callable[[Office, Session, UUID], Moves]
) -> None:
    award = office.answered(office.answered(office.award(LIMIT), by="ben"), by="carla")
    assert walk(office, award, way).people == set()


# Whoever stands in for somebody counts as them ---------------------------------------------------------
FOR = "ARRAY[CAST(:for AS uuid)]"
APPROVE_FOR = f"{APPROVE}, approved_for = {FOR}"
RELEASE_FOR = f"{RELEASE}, released_for = {FOR}"


def lent(desk: Desk, lender: str, receiver: str) -> None:
    """A loan in force, past the rule that keeps it to people it fits."""
    said = sa.text(
        "INSERT INTO delegations (id, lender_id, receiver_id, role, starts_at, ends_at, made_by, made_at) "
        "VALUES (gen_random_uuid(), :lender, :receiver, 'rules_author', :now, :now + interval '1 day', "
        ":lender, :now)"
    )
    people = {"lender": desk.office.staff[lender].id, "receiver": desk.office.staff[receiver].id}
    desk.session.execute(said, people | {"now": NOW})


def refusal(desk: Desk, award: UUID, what: str, by: str, for_: str = "") -> str:
    """The constraint that refuses this; empty if nothing does."""
    said = sa.text(f"UPDATE awards SET {what} WHERE id = :award")
    values = {"award": award, "by": desk.office.staff[by].id, "now": NOW}
    values |= {"for": desk.office.staff[for_].id} if for_ else {}
    try:
        with desk.session.begin_nested():
            desk.session.execute(said, values)
    except IntegrityError as error:
        return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]
    return ""


def test_an_authors_stand_in_is_written_down_neither_with_nor_without_whom_they_stand_for(
    office: Office, desk: Desk
) -> None:
    lent(desk, "eve", "ben")
    assert refusal(desk, office.at_limit, APPROVE, "ben") == "ck_awards_approved_for_whole"
    assert refusal(desk, office.at_limit, APPROVE_FOR, "ben", "carla") == "ck_awards_approved_for_whole"
    assert refusal(desk, office.at_limit, APPROVE_FOR, "ben", "eve") == "ck_awards_author_never_approves"
    assert refusal(desk, office.at_limit, APPROVE, "carla") == ""
    assert refusal(desk, office.at_limit, RELEASE, "ben") == "ck_awards_released_for_whole"
    assert refusal(desk, office.at_limit, RELEASE_FOR, "ben", "eve") == "ck_awards_author_never_releases"


@pytest.mark.asvs("2.3.5")
@pytest.mark.parametrize(
    ("loans", "approver", "releaser"),
    [
        ([("ben", "carla")], ("ben", ""), ("carla", "ben")),
        ([("ben", "carla")], ("carla", "ben"), ("ben", "")),
        ([("ana", "ben"), ("ana", "carla")], ("ben", "ana"), ("carla", "ana")),
    ],
    ids=["the approver's stand-in", "whom the approver stood for", "two stand-ins of one person"],
)
def test_above_the_limit_a_stand_in_is_no_second_person(
    office: Office,
    desk: Desk,
    loans: list[tuple[str, str]],
    approver: tuple[str, str],
    releaser: tuple[str, str],
) -> None:
    for lender, receiver in loans:
        lent(desk, lender, receiver)

    def decided(award: UUID) -> str:
        approve = APPROVE_FOR if approver[1] else APPROVE
        assert refusal(desk, award, approve, *approver) == ""
        return refusal(desk, award, RELEASE_FOR if releaser[1] else RELEASE, *releaser)

    assert decided(office.above_limit) == "ck_awards_two_finance_people_above_limit"
    assert decided(office.at_limit) == ""


def test_a_loan_that_has_ended_leaves_two_people_two(office: Office, desk: Desk) -> None:
    lent(desk, "ben", "carla")
    desk.session.execute(sa.text("UPDATE delegations SET revoked_at = made_at, revoked_by = 'system:test'"))
    assert refusal(desk, office.above_limit, APPROVE, "ben") == ""
    assert refusal(desk, office.above_limit, RELEASE, "carla") == ""


def vouched(desk: Desk, person: str, opener: str, confirmer: str, ago: timedelta = timedelta()) -> None:
    """A recovery of the person's, used some time ago."""
    said = sa.text(
        "INSERT INTO recoveries (id, staff_id, opened_by, opened_at, first_hash, confirmed_by, confirmed_at, "
        "second_hash, ends_at, tries_left, used_at) VALUES (gen_random_uuid(), :person, :opener, :used, 'x', "
        ":confirmer, :used, 'y', :used, 5, :used)"
    )
    people = {"person": person, "opener": opener, "confirmer": confirmer}
    ids = {role: desk.office.staff[name].id for role, name in people.items()}
    desk.session.execute(said, ids | {"used": NOW - ago})


@pytest.mark.asvs("2.3.5")
@pytest.mark.parametrize("vouchers", [("ana", "carla"), ("carla", "ana")])
@pytest.mark.parametrize(("approver", "releaser"), [("ben", "carla"), ("carla", "ben")])
def test_for_a_day_who_vouched_and_who_was_let_in_are_no_two_people(
    office: Office, desk: Desk, vouchers: tuple[str, str], approver: str, releaser: str
) -> None:
    """Ben was let in again by Carla and Ana; neither may decide with him, however it is written."""
    vouched(desk, "ben", *vouchers)
    both = "ARRAY[CAST(:for AS uuid), CAST(:also AS uuid)]"
    others = {"ben": ("carla", "ana"), "carla": ("ben", "ben")}

    def tried(what: str, by: str, *, named: bool) -> str:
        verb = "approved" if what is APPROVE else "released"
        change = f"{what}, {verb}_for = {both}" if named else what
        for_, also = (desk.office.staff[name].id for name in others[by])
        values = {"award": office.above_limit, "by": desk.office.staff[by].id, "now": NOW}
        values |= {"for": for_, "also": also} if named else {}
        try:
            with desk.session.begin_nested():
                desk.session.execute(sa.text(f"UPDATE awards SET {change} WHERE id = :award"), values)
        except IntegrityError as error:
            return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]
        return ""

    assert tried(APPROVE, approver, named=False) == "ck_awards_approved_for_whole"
    assert tried(APPROVE, approver, named=True) == ""
    assert tried(RELEASE, releaser, named=False) == "ck_awards_released_for_whole"
    assert tried(RELEASE, releaser, named=True) == "ck_awards_two_finance_people_above_limit"


@pytest.mark.parametrize(
    ("ago", "refused_as"),
    [
        (timedelta(hours=23, minutes=59), "ck_awards_approved_for_whole"),
        (timedelta(hours=24), ""),
        (timedelta(minutes=-1), ""),
    ],
    ids=["a minute short of a day", "a day", "afterwards"],
)
def test_a_recovery_counts_for_a_day_from_its_use(
    office: Office, desk: Desk, ago: timedelta, refused_as: str
) -> None:
    vouched(desk, "ben", "ana", "carla", ago)
    assert refusal(desk, office.above_limit, APPROVE, "ben") == refused_as


def test_an_author_cannot_be_left_out_of_an_award(office: Office, desk: Desk) -> None:
    award = office.answered(office.award(LIMIT), by="ben")
    for authors in ("'{}'", "ARRAY[requested_by]", "ARRAY[submitted_by]"):
        assert refusal(desk, award, f"authors = {authors}", "carla") == "ck_awards_authors_whole"
    decided = f"authors = ARRAY[requested_by], {APPROVE}"
    assert refusal(desk, award, decided, "ben") == "ck_awards_authors_whole"


def standing_for(office: Office, who: str, whom: str) -> Staff:
    return replace(office.staff[who], stands_for=frozenset({office.staff[whom].id}))


def test_the_verbs_say_it_in_words(office: Office, desk: Desk) -> None:
    templates, now = office.town.house.letter_templates(), office.town.clock()
    said = {"now": now}
    above, at = AwardId(office.above_limit), AwardId(office.at_limit)
    for award in (above, at):
        with pytest.raises(StandsForAnAuthor, match="colleague you stand in for"):
            approval.approve(
                desk.session,
                templates=templates,
                award_id=award,
                by=standing_for(office, "ben", "eve"),
                **said,
            )
        approval.approve(
            desk.session, templates=templates, award_id=award, by=standing_for(office, "ben", "ana"), **said
        )
    for by in (
        standing_for(office, "carla", "ben"),
        standing_for(office, "carla", "ana"),
        office.staff["ana"],
    ):
        with pytest.raises(ApproverMayNotRelease):
            approval.release(desk.session, award_id=above, by=by, **said)
    approval.release(desk.session, award_id=at, by=standing_for(office, "carla", "ben"), **said)


@pytest.mark.parametrize("stands_in", [True, False])
def test_a_change_by_a_deciders_stand_in_waits_for_people(office: Office, stands_in: bool) -> None:
    """Ben let the money go alone; then Eve, who stands in for him or does not, answers a question."""
    award = office.award(LIMIT)
    office.town.person("ben").act(office.town.diary, "release", f"/awards/{award}/approval-and-release")
    with office.db.work() as session:
        if stands_in:
            lent(Desk(office, session), "ben", "eve")
    office.answered(award, by="eve")
    with office.db.work() as session:
        bound = sa.text("SELECT version_number FROM awards WHERE id = :award")
        assert session.scalar(bound, {"award": award}) == (1 if stands_in else 2)
        session.execute(sa.text("UPDATE delegations SET revoked_at = made_at, revoked_by = 'system:test'"))
