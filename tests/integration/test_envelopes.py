"""Money for the night: signed by two, held for emergencies alone, drawn in one posting, given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.approval import envelopes
from reunify.approval.envelope_policy import (
    EnvelopeDoesNotFit,
    EnvelopeReasonNeeded,
    EnvelopesOverlap,
    FundBearsNoEnvelope,
    ReviewedByAThird,
    SignedByOnePerson,
    review_due,
)
from reunify.approval.policy import (
    ApproverMayNotRelease,
    AuthorMayNot,
    StandsForAnAuthor,
    check_can_release,
)
from reunify.closeout import actions as transfers
from reunify.closeout.policy import NotAReason, Reason, SamePersonTwice
from reunify.identity.duties import Span
from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.kernel.moves import WrongState
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from reunify.ledger.policy import InsufficientFunds
from reunify.reporting import invariants
from reunify.web import award_acts
from tests.integration.envelope_world import FARE, NIGHT, Night
from tests.integration.scarce_world import FARES
from tests.lasting import lasting_database
from tests.town import NOW, built


@pytest.fixture(scope="module")
def lasting(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Night]:
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("night")) as town,
    ):
        yield Night(town)


@pytest.fixture
def night(lasting: Night) -> Iterator[Night]:
    """One town for all: each test brings families of its own, and leaves no envelope open behind it."""
    lasting.at(NOW)
    yield lasting
    lasting.tidy()


def test_one_signature_holds_nothing_and_the_second_of_another_person_holds_it_all(night: Night) -> None:
    available, reserved, _ = night.fares()
    envelope = night.propose({FARES: 500_000}, 200_000, by="carla")
    assert night.fares()[:2] == (available, reserved)
    with pytest.raises(SignedByOnePerson, match="colleague in finance must sign second"):
        night.sign(envelope, by="carla")
    with pytest.raises(NotAllowed):
        night.sign(envelope, by="ana")
    night.sign(envelope, by="ben")
    assert night.fares()[:2] == (available - 500_000, reserved + 500_000)
    assert night.envelope(envelope).state == "in_force"
    with pytest.raises(WrongState):
        night.sign(envelope, by="gus")
    assert night.findings() == []


def test_what_no_envelope_has_is_refused_by_the_field(night: Night) -> None:
    later = Span(NOW, NOW + timedelta(days=40))
    refusals: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: night.propose({}, 1), "/amounts"),
        (lambda: night.propose({FARES: 0}, 1), f"/amounts/{FARES}"),
        (lambda: night.propose({FARES: 5}, 6), "/per_request_cents"),
        (lambda: night.propose({FARES: 5}, 5, span=Span(NOW, NOW)), "/ends_at"),
        (lambda: night.propose({FARES: 5}, 5, span=later), "/ends_at"),
    )
    for wrong, field in refusals:
        with pytest.raises(EnvelopeDoesNotFit) as refused:
            wrong()
        assert refused.value.field == field
    with pytest.raises(FundBearsNoEnvelope):
        night.propose({FARES: 5}, 5, fund="interstate_compact")
    with pytest.raises(InsufficientFunds):
        night.sign(night.propose({FARES: night.fares()[0] + 1}, 5))


def test_of_one_source_one_envelope_is_open_at_a_time(night: Night) -> None:
    night.signed(300_000, 200_000)
    second = night.propose({FARES: 100}, 100)
    with pytest.raises(EnvelopesOverlap, match="close it, or choose other times"):
        night.sign(second)
    tomorrow = Span(NIGHT.ends_at, NIGHT.ends_at + timedelta(hours=12))
    assert night.envelope(night.signed(100, 100, span=tomorrow)).state == "in_force"


def test_an_emergency_draws_on_the_envelope_and_nobody_else_does(night: Night) -> None:
    envelope = night.signed(500_000, 200_000)
    available, reserved, _ = night.fares()
    ordinary = night.checked(FARE, NOW.date() + timedelta(days=9))
    assert night.left(envelope) == 500_000
    assert night.fares()[0] == available - FARE
    urgent = night.emergency()
    assert night.left(envelope) == 500_000 - FARE
    assert night.fares()[:2] == (available - FARE, reserved + FARE)
    assert (night.award(urgent).enveloped, night.award(ordinary).enveloped) == (True, False)  # type: ignore[union-attr]
    assert night.findings() == []


def test_who_is_on_call_approves_and_releases_in_one_act_and_a_third_reviews_it(night: Night) -> None:
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    with pytest.raises(ApproverMayNotRelease, match="whoever is on call"):
        night.act(urgent, by="gus")
    night.act(urgent, by="ben")
    assert night.award(urgent).state == "released"  # type: ignore[union-attr]
    review = night.review_of(urgent)
    assert review is not None
    assert (review.state, review.due_on) == ("due", (NOW + timedelta(days=1)).date())
    for had_a_part in ("ben", "carla"):
        with pytest.raises(ReviewedByAThird, match="a third person in finance"):
            night.review(urgent, agrees=True, by=had_a_part)
    night.review(urgent, agrees=True, by="gus")
    assert night.review_of(urgent).state == "agreed"  # type: ignore[union-attr]
    assert night.findings() == []


def test_outside_an_envelope_one_person_may_not_do_both_on_call_or_not(night: Night) -> None:
    ordinary = night.checked(FARE, NOW.date() + timedelta(days=9))
    with pytest.raises(ApproverMayNotRelease, match="a colleague must release it"):
        night.act(ordinary, by="ben")


def test_the_backup_may_act_and_an_author_never(night: Night) -> None:
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    award = night.award(urgent)
    assert award is not None
    with pytest.raises(NotAllowed):
        award_acts.approve_and_release(night.town.house, award.id, night.staff["ana"])
    night.act(urgent, by="carla")
    assert night.award(urgent).state == "released"  # type: ignore[union-attr]
    assert AuthorMayNot.__mro__[1] is NotAllowed


def test_on_call_or_not_nobody_decides_who_stands_in_for_an_author() -> None:
    author, on_call = StaffId(uuid4()), StaffId(uuid4())
    roles = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})
    stands_in = Staff(on_call, "Ben", roles, stands_for=frozenset({author}))
    with pytest.raises(StandsForAnAuthor):
        check_can_release(
            stands_in,
            authors={author},
            approved_by=on_call,
            ceiling=Money(FARE),
            small_limit=Money(1),
            not_alone=None,
        )


def test_over_the_limit_of_one_request_the_money_comes_from_elsewhere_and_needs_two(night: Night) -> None:
    envelope = night.signed(500_000, FARE - 1)
    urgent = night.emergency()
    assert night.left(envelope) == 500_000
    assert not night.award(urgent).enveloped  # type: ignore[union-attr]
    with pytest.raises(ApproverMayNotRelease):
        night.act(urgent)


def test_an_emergency_checked_again_puts_back_what_it_drew_and_draws_anew(night: Night) -> None:
    envelope = night.signed(200_000, 200_000)
    urgent = night.emergency()
    night.check_again(urgent)
    assert night.left(envelope) == 200_000 - FARE
    assert night.award(urgent).enveloped  # type: ignore[union-attr]
    award = night.award(urgent)
    assert award is not None
    award_acts.decline(night.town.house, award.id, "the flight is full", night.staff["ben"])
    assert night.left(envelope) == 200_000
    assert night.findings() == []


def test_when_its_time_is_over_the_rest_goes_back_and_an_award_drawn_before_needs_two(night: Night) -> None:
    before = night.fares()
    envelope = night.signed(500_000, 200_000)
    urgent = night.emergency()
    night.at(NIGHT.ends_at)
    with pytest.raises(ApproverMayNotRelease, match="no longer open"):
        night.act(urgent)  # the flow has not ended it yet
    assert night.flow() == 1
    assert night.envelope(envelope).state == "expired"
    assert night.fares() == (before[0] - FARE, before[1] + FARE, before[2])
    with pytest.raises(ApproverMayNotRelease, match="no longer open"):
        night.act(urgent)
    award = night.award(urgent)
    assert award is not None
    award_acts.decline(night.town.house, award.id, "too late", night.staff["ben"])
    assert night.fares() == before
    assert night.flow() == 0
    assert night.findings() == []


def test_the_database_itself_refuses_one_act_by_somebody_who_is_not_on_call(night: Night) -> None:
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    award = night.award(urgent)
    assert award is not None
    said = sa.text(
        "UPDATE awards SET state = 'released', approved_by = :by, approved_at = :now, digest = 'd', "
        "released_by = :by, released_at = :now WHERE id = :award"
    )
    smaller = sa.text(
        "UPDATE awards SET ceiling_cents = 1 WHERE id = :award"
    )  # for a small amount nobody reviews
    with pytest.raises(sa.exc.IntegrityError, match="only on call"), night.town.house.db.work() as session:
        session.execute(smaller, {"award": award.id})
    for by, broken in (("gus", "only on call"), ("ben", "waits for a third to review")):
        with pytest.raises(sa.exc.IntegrityError, match=broken), night.town.house.db.work() as session:
            session.execute(said, {"by": night.staff[by].id, "now": NOW, "award": award.id})


def test_a_no_of_the_review_is_borne_by_our_own_money_and_two_people_move_it(night: Night) -> None:
    night.of_a_funder()
    gifts = night.fares("gifts")[0]
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    night.act(urgent)
    with pytest.raises(EnvelopeReasonNeeded):
        night.review(urgent, agrees=False, reason=" ")
    night.review(urgent, agrees=False, reason="The rules of this source were not met.")
    assert night.flow() == 0, "nothing is spent yet, so nothing can be moved"
    night.spend(urgent)
    assert night.flow() == 1
    (asked,) = night.transfers(urgent)
    assert (asked.state, asked.cents, asked.reason) == ("asked", FARE, "review_of_a_night_decision")
    assert asked.asked_by == night.staff["gus"].id
    assert night.flow() == 0, "it is asked for once"
    with pytest.raises(SamePersonTwice):
        night.confirm(urgent, asked.id, by="gus")
    night.confirm(urgent, asked.id, by="ben")
    assert night.flow() == 1
    assert night.review_of(urgent).state == "borne"  # type: ignore[union-attr]
    assert night.fares("gifts") == (gifts - FARE, 0, 0)
    assert night.findings() == []


def test_a_review_is_no_reason_to_move_a_cost_where_none_said_no(night: Night) -> None:
    night.of_a_funder()
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    night.act(urgent)
    night.spend(urgent)
    plan = night.plan(urgent)
    assert plan is not None
    with pytest.raises(NotAReason, match="No review has turned down"), night.town.house.db.work() as session:
        transfers.ask_transfer(
            session,
            request_id=urgent,
            from_hold=plan.lines[0].hold_id,
            to="gifts",
            category=FARES,
            amount=FARE,
            reason=Reason.NIGHT.value,
            justification="The review said no, believe me.",
            by=night.staff["gus"],
            now=night.town.clock(),
        )


def test_whoever_ends_the_envelope_first_ends_the_right_to_decide_alone(night: Night) -> None:
    envelope = night.signed(500_000, 200_000)
    urgent = night.emergency()
    with ThreadPoolExecutor(1) as other, night.town.house.db.work() as session:
        envelopes.close(
            session, envelope_id=envelope, reason="No longer needed", by=night.staff["carla"], now=NOW
        )
        released = other.submit(night.act, urgent)
        assert wait([released], timeout=0.3).not_done, "it waits for the end, and is asked again then"
        session.commit()
        with pytest.raises(ApproverMayNotRelease, match="no longer open"):
            released.result(timeout=20)
    assert night.findings() == []


def test_a_second_person_may_turn_it_down_and_then_it_is_not_asked_for_again(night: Night) -> None:
    night.of_a_funder()
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    night.act(urgent)
    night.spend(urgent)
    night.review(urgent, agrees=False, reason="The rules of this source were not met.")
    assert night.flow() == 1
    (asked,) = night.transfers(urgent)
    with night.town.house.db.work() as session:
        transfers.turn_down_transfer(
            session,
            request_id=urgent,
            transfer_id=asked.id,
            why="The source does pay for this",
            by=night.staff["ben"],
            now=night.town.clock(),
        )
    assert night.flow() == 0
    assert night.review_of(urgent).state == "refused"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("decided", "due"),
    [
        ("2026-11-24T02:07-05:00", "2026-11-24"),
        ("2026-11-24T18:00-05:00", "2026-11-25"),
        ("2026-11-27T23:00-05:00", "2026-11-30"),
        ("2026-11-28T03:00-05:00", "2026-11-30"),
    ],
)
def test_the_review_is_due_on_the_next_working_day_that_begins(decided: str, due: str) -> None:
    assert review_due(datetime.fromisoformat(decided)).isoformat() == due


PLANTED = {
    "envelope is not its hold": "UPDATE envelope_draws SET amount = amount - 1 WHERE returned = 0",
    "over the limit of one request": "UPDATE envelope_holds SET per_request_cents = 1",
    "drawn for another line": "UPDATE requests SET lane = 'ordinary'",
    "envelope over and not given back": "UPDATE envelope_holds SET ended_at = now()",
    "envelope is not what was signed": "UPDATE envelope_lines SET amount_cents = amount_cents + 1",
    "released alone and not inside": "UPDATE envelope_draws SET returned = 1",
    "released alone and nobody reviews it": "DELETE FROM envelope_reviews",
    "reviewed by somebody who had a part in it": (
        "UPDATE envelope_reviews SET state = 'agreed', reviewed_at = now(), barred = '{}', "
        "reviewed_by = (SELECT released_by FROM awards WHERE id = award_id) WHERE state = 'due'"
    ),
}


def test_the_proof_finds_each_planted_fault(night: Night, server: Urls) -> None:
    """By the owner of the tables, with every trigger asleep: what no person and no program of ours can do."""
    night.signed(500_000, 200_000)
    night.act(night.emergency())
    assert night.findings() == []
    owner = sa.make_url(server.owner).set(database=sa.make_url(night.town.house.db.url).database)
    engine = sa.create_engine(
        sa.make_url(server.superuser).set(database=owner.database), poolclass=sa.NullPool
    )
    for rule, fault in PLANTED.items():
        with engine.connect() as connection, connection.begin() as planted:
            connection.execute(sa.text("SET session_replication_role = replica"))
            connection.execute(sa.text(fault))
            with Session(bind=connection) as session:
                assert rule in {found.rule for found in invariants.check(session)}, rule
            planted.rollback()
    engine.dispose()
