"""A journey that ended badly: from the second a person says so, nothing automatic reaches the family."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from flows import disburse
from flows.disburse import BY
from flows.registry import works
from reunify.adapters.embedded_postgres import Urls
from reunify.disbursement import opening, quiet, sending
from reunify.identity.policy import StepUpFirst
from reunify.identity.queries import staff_id
from reunify.intake import outcome_policy as policy
from reunify.intake import outcomes
from reunify.intake.outcome_policy import Outcome
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.people import Staff
from reunify.reporting import invariants
from reunify.sandbox.families import sample_family
from reunify.sandbox.people import PEOPLE_BY_NAME
from tests.integration.people_world import standing
from tests.lasting import lasting_database
from tests.town import NOW, Town, built

REASON = "The sheriff's office called at six and we called back."


_families = count(1)


@pytest.fixture(scope="module")
def town(
    server: Urls, administrator: sa.Engine, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """One for all: each test brings a family of its own."""
    data = tmp_path_factory.mktemp("quiet")
    with lasting_database(server, administrator, template) as db, built(db, data) as found:
        found.hire(PEOPLE_BY_NAME["sam"])
        yield found


def person(town: Town, username: str) -> Staff:
    with town.house.db.read() as session:
        found = standing(session, staff_id(session, username))
    return replace(found, proved_at=town.clock())


def say(town: Town, request_id: str, outcome: Outcome = Outcome.CHILD_DIED, by: str = "ana") -> UUID:
    with town.house.db.work() as session:
        return outcomes.record(
            session,
            request_id=RequestId(UUID(request_id)),
            outcome=outcome,
            reason=REASON,
            by=person(town, by),
            now=town.clock(),
        )


def released(town: Town) -> str:
    """Its father waits for one payment through Stripe. No flow has looked since."""
    return release(town, entered(town))


def entered(town: Town) -> str:
    """Like family d, under another name."""
    draft = sample_family("d", NOW.date()).draft
    child = draft["case"]["child"]["name"]
    named = json.dumps(draft).replace(child, f"{child} {next(_families)}")
    return town.submitted(json.loads(named))


def release(town: Town, request_id: str) -> str:
    award = town.progress(request_id)["award"]["id"]
    town.person("ben").act(town.diary, "approve and release", f"/awards/{award}/approval-and-release")
    return request_id


def find(town: Town, name: str) -> list[UUID]:
    (work,) = [w for w in works(town.house) if w.name == name]
    return work.find(town.house.db, 100)


def instruct(town: Town, request_id: str) -> InstructionId:
    """Its one payment, ready; whatever another test left to pay is not looked at."""
    disburse.instruct(town.house, [award_of(town, request_id)], None)
    (made,) = town.progress(request_id)["instructions"]
    assert UUID(made["id"]) in find(town, "disburse")
    return InstructionId(UUID(made["id"]))


def award_of(town: Town, request_id: str) -> UUID:
    return UUID(town.progress(request_id)["award"]["id"])


def test_letters_and_instructions_owed_are_found_no_more(town: Town) -> None:
    request_id = released(town)
    award = award_of(town, request_id)
    assert UUID(request_id) in find(town, "issue_documents")
    assert award in find(town, "instruct")
    say(town, request_id)
    assert UUID(request_id) not in find(town, "issue_documents")
    assert award not in find(town, "instruct")


def test_a_letter_found_a_moment_before_is_not_made_after(town: Town) -> None:
    request_id = released(town)
    (letters,) = [w for w in works(town.house) if w.name == "issue_documents"]
    say(town, request_id)
    assert letters.run([UUID(request_id)], None) == 0
    assert town.progress(request_id)["documents"] == []


def test_a_ready_payment_waits_for_a_person_and_goes_when_one_lets_it_go(town: Town) -> None:
    request_id = released(town)
    payment = instruct(town, request_id)
    say(town, request_id)
    assert payment not in find(town, "disburse")
    ben = person(town, "ben")
    with town.house.db.work() as session:
        assert quiet.is_held_back(session, payment)
        quiet.let_go(session, instruction_id=payment, by=ben, now=town.clock())
    assert payment in find(town, "disburse")


def test_a_payment_found_a_moment_before_does_not_leave_after(town: Town) -> None:
    request_id = released(town)
    payment = instruct(town, request_id)
    say(town, request_id)
    assert disburse.disburse(town.house, [payment], None) == 0
    (made,) = town.progress(request_id)["instructions"]
    assert made["state"] == "ready"


def test_an_attempt_nobody_heard_of_that_is_held_back_holds_up_no_other(town: Town) -> None:
    """Found a moment before, in one batch with another family's: that one goes its way."""
    quiet_one, other = [release(town, r) for r in (entered(town), entered(town))]
    unsent = [unheard(town, instruct(town, request_id)) for request_id in (quiet_one, other)]
    say(town, quiet_one)
    assert disburse.disburse_again(town.house, unsent, None) == 1
    asked = sa.text("SELECT tries FROM attempts WHERE id = :id")
    with town.house.db.read() as session:
        assert [session.scalar(asked, {"id": one}) for one in unsent] == [1, 2]


def unheard(town: Town, payment: InstructionId) -> UUID:
    """Opened, and the worker died before it called."""
    gateway = town.house.gateway
    assert gateway is not None
    sending.ensure_recipient(town.house.db, gateway, instruction_id=payment, by=BY, clock=town.clock)
    with town.house.db.work() as session:
        opened = opening.open_attempt(
            session,
            instruction_id=payment,
            standing_digest=town.house.standing_digest,
            prepare=gateway.prepare,
            by=BY,
            now=town.clock(),
        )
        session.execute(sa.text("UPDATE attempts SET calling_since = NULL WHERE id = :id"), {"id": opened.id})
    return opened.id


def test_another_outcome_holds_back_again_what_was_let_go_under_the_first(town: Town) -> None:
    request_id = released(town)
    payment = instruct(town, request_id)
    say(town, request_id, Outcome.MISSING_AGAIN)
    with town.house.db.work() as session:
        quiet.let_go(session, instruction_id=payment, by=person(town, "ben"), now=town.clock())
    with town.house.db.work() as session:
        outcomes.put_right(
            session,
            request_id=RequestId(UUID(request_id)),
            reason=REASON,
            by=person(town, "sam"),
            now=town.clock(),
        )
    say(town, request_id)
    assert payment not in find(town, "disburse")


def test_what_nothing_holds_back_cannot_be_let_go(town: Town) -> None:
    payment = instruct(town, released(town))
    with town.house.db.work() as session, pytest.raises(quiet.NothingHeldBack):
        quiet.let_go(session, instruction_id=payment, by=person(town, "ben"), now=town.clock())


def test_corrected_by_another_all_goes_on_where_it_stood(town: Town) -> None:
    request_id = released(town)
    say(town, request_id, Outcome.RETURN_STOPPED)
    ana, sam = person(town, "ana"), person(town, "sam")
    asked = {"request_id": RequestId(UUID(request_id)), "reason": REASON, "now": town.clock()}
    with town.house.db.work() as session:
        with pytest.raises(policy.NeedsAnother):
            outcomes.put_right(session, by=ana, **asked)  # type: ignore[arg-type]
        covering = replace(sam, stands_for=frozenset({ana.id}))
        with pytest.raises(policy.NeedsAnother):
            outcomes.put_right(session, by=covering, **asked)  # type: ignore[arg-type]
        outcomes.put_right(session, by=sam, **asked)  # type: ignore[arg-type]
    assert award_of(town, request_id) in find(town, "instruct")


def test_it_takes_a_passkey_a_reason_and_happens_once(town: Town) -> None:
    request_id = released(town)
    ana = person(town, "ana")
    asked = {"request_id": RequestId(UUID(request_id)), "outcome": Outcome.CHILD_DIED, "now": town.clock()}
    with town.house.db.work() as session:
        stale = replace(ana, proved_at=town.clock() - timedelta(minutes=6))
        with pytest.raises(StepUpFirst):
            outcomes.record(session, reason=REASON, by=stale, **asked)  # type: ignore[arg-type]
        with pytest.raises(policy.NeedsReason):
            outcomes.record(session, reason="  died  ", by=ana, **asked)  # type: ignore[arg-type]
    say(town, request_id)
    with pytest.raises(policy.AlreadyQuiet):
        say(town, request_id)


def test_receipts_are_waived_under_the_policy_of_the_day(town: Town) -> None:
    request_id = released(town)
    say(town, request_id)
    with town.house.db.read() as session:
        found = outcomes.standing(session, UUID(request_id))
    assert found is not None
    assert (found.receipts_waived_under, found.reason) == ("quiet-receipts-1", REASON)
    first = policy.RECEIPT_POLICIES[0]
    assert policy.receipt_policy(first.since - timedelta(days=1)) is None
    later = policy.ReceiptPolicy("quiet-receipts-2", date(2027, 1, 1))
    assert policy.receipt_policy(date(2027, 1, 1), [first, later]) == later
    assert policy.receipt_policy(date(2026, 12, 31), [first, later]) == first


def test_a_payment_that_has_begun_is_waited_for_and_none_begins_meanwhile(town: Town) -> None:
    """Two threads: the outcome is recorded only after the transaction that was about to pay has ended."""
    request_id = released(town)
    done = threading.Event()
    with town.house.db.work() as session:
        outcomes.check_not_quiet(session, UUID(request_id))

        def saying() -> None:
            say(town, request_id)
            done.set()

        recording = threading.Thread(target=saying)
        recording.start()
        assert not done.wait(0.2)
        assert not outcomes.is_quiet(session, UUID(request_id))
    recording.join(10)
    assert done.is_set()
    with town.house.db.work() as session, pytest.raises(policy.QuietNow):
        outcomes.check_not_quiet(session, UUID(request_id))


def test_the_database_keeps_what_was_recorded(town: Town) -> None:
    request_id = released(town)
    say(town, request_id)
    for forged in (
        "UPDATE quiet_outcomes SET outcome = 'missing_again'",
        "UPDATE quiet_outcomes SET state = 'corrected'",
        "UPDATE quiet_outcomes SET state = 'corrected', corrected_by = recorded_by, corrected_at = now(), "
        "correction = reason",
        "DELETE FROM quiet_outcomes",
        "UPDATE payments_let_go SET at = now()",
    ):
        with pytest.raises((IntegrityError, ProgrammingError)), town.house.db.work() as session:
            session.execute(sa.text(forged))


def test_what_left_while_all_should_be_quiet_is_found_by_the_proof(town: Town, server: Urls) -> None:
    request_id = released(town)
    town.work()
    assert town.progress(request_id)["stage"] == "paid"
    say(town, request_id)
    assert broken(town) == set()
    url = sa.make_url(server.owner).set(database=sa.make_url(town.house.db.url).database)
    owner = sa.create_engine(url)
    with owner.begin() as planted:  # as if it had been recorded the day before
        planted.exec_driver_sql("ALTER TABLE quiet_outcomes DISABLE TRIGGER USER")
        planted.execute(
            sa.text(
                "UPDATE quiet_outcomes SET recorded_at = recorded_at - interval '1 day' WHERE request_id = :r"
            ),
            {"r": request_id},
        )
        planted.exec_driver_sql("ALTER TABLE quiet_outcomes ENABLE TRIGGER USER")
    owner.dispose()
    assert broken(town) == {"paid while quiet", "letter made while quiet"}


def broken(town: Town) -> set[str]:
    with town.house.db.read() as session:
        return {finding.rule for finding in invariants.check(session)}
