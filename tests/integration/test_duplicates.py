"""The same cost paid or set aside twice is found over all requests, and finance says what it found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.approval import actions as approval
from reunify.approval import queries as awards
from reunify.cli import funds_ahead_words
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotAllowed
from reunify.reporting.duplicates import DecidedIt, NotSuspected, SayWhy, Verdict, Why
from reunify.reporting.duplicates_actions import look
from reunify.reporting.duplicates_queries import LOOKED_BACK, Suspected, report
from reunify.sandbox.families import sample_family
from reunify.vault import keepers
from tests.integration.closeout_world import GIFT, STATE, Closing
from tests.integration.duplicates_world import finn_joins
from tests.integration.scarce_world import Scarce
from tests.integration.test_statement_budgets import listening
from tests.lasting import lasting_database
from tests.town import NOW, built

REASON = "The first seat was never flown; the carrier's letter is in folder 3."


@pytest.fixture
def closing(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closing]:
    """Everybody's requests are compared, so each test has a house of its own."""
    data = tmp_path_factory.mktemp("duplicates")
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, data, settle_after=None) as town,
    ):
        made = Closing(town)
        finn_joins(made)
        yield made


def found(closing: Closing) -> tuple[Suspected, ...]:
    with closing.read() as session:
        return report(session, now=closing.town.clock()).rows


def looked(
    closing: Closing, row: Suspected, verdict: Verdict = Verdict.NO_DUPLICATE, *, by: str | Staff = "finn"
) -> None:
    with closing.work() as session:
        look(
            session,
            suspicion=row.suspicion.id,
            requests=[line.request_id for line in row.suspicion.lines],
            verdict=verdict,
            reason=REASON,
            by=by if isinstance(by, Staff) else closing.staff[by],
            now=closing.town.clock(),
        )


def printed(closing: Closing, *, everything: bool = False) -> tuple[str, bool]:
    with closing.read() as session:
        lines, owed = funds_ahead_words.duplicates(session, closing.town.clock(), everything=everything)
    return "\n".join(lines), owed


def test_the_same_fare_of_the_same_child_in_two_requests_is_found(closing: Closing) -> None:
    one, other = closing.paid(40_000), closing.paid(30_000)
    (row,) = found(closing)
    assert row.suspicion.why is Why.TWO_REQUESTS
    assert {line.request_id for line in row.suspicion.lines} == {one, other}
    assert row.suspicion.cents == 30_000
    assert row.owed
    said, owed = printed(closing)
    assert owed
    assert "bus fare" in said
    assert "at most $300.00 paid twice" in said


def test_a_cost_that_was_only_set_aside_counts_and_one_given_up_does_not(closing: Closing) -> None:
    closing.paid()
    second = closing._entered(40_000)
    (row,) = found(closing)
    states = sorted((s.reserved, s.expended) for line in row.suspicion.lines for s in line.shares)
    assert states == [(0, 40_000), (40_000, 0)]
    decline(closing, second)
    assert found(closing) == ()


def test_a_cost_moved_to_another_source_is_still_the_same_cost(closing: Closing) -> None:
    closing.paid()
    moved = closing.paid()
    closing.move(moved, 10_000)
    (row,) = found(closing)
    (line,) = [x for x in row.suspicion.lines if x.request_id == moved]
    assert {(s.fund, s.live) for s in line.shares} == {
        ("Domestic reunification fund (organisation-set)", 30_000),
        (GIFT.replace("_", " ").title(), 10_000),
    }


def test_what_a_source_elsewhere_paid_back_is_double_until_it_is_verified(closing: Closing) -> None:
    request = closing.paid()
    recovery = closing.pays_back(request, 40_000)
    (row,) = found(closing)
    assert row.suspicion.why is Why.PAID_ELSEWHERE
    assert row.suspicion.cents == 40_000
    closing.verify(request, recovery)
    assert found(closing) == ()


def test_a_finding_is_kept_with_its_reason_and_audited_and_can_be_looked_at_again(closing: Closing) -> None:
    closing.paid()
    closing.paid()
    (row,) = found(closing)
    looked(closing, row)
    (row,) = found(closing)
    assert not row.owed
    assert [(k.verdict, k.reason, k.looked_by) for k in row.looks] == [
        (Verdict.NO_DUPLICATE, REASON, closing.staff["finn"].id)
    ]
    assert printed(closing) == ("Nothing of the last 400 days that looks paid twice waits for a look.", False)
    assert REASON in printed(closing, everything=True)[0]
    looked(closing, row, Verdict.LOOK_AGAIN, by="carla")
    (row,) = found(closing)
    assert row.owed
    assert len(row.looks) == 2
    with closing.read() as session:
        told = session.execute(
            sa.text("SELECT verb, actor FROM audit_entries WHERE subject = 'duplicate_look' ORDER BY id")
        ).all()
    assert [verb for verb, _ in told] == ["no_duplicate", "look_again"]
    assert str(closing.staff["carla"].id) in told[1].actor


def test_what_was_found_is_never_rewritten(closing: Closing) -> None:
    closing.paid()
    closing.paid()
    looked(closing, found(closing)[0])
    for statement in (
        "UPDATE duplicate_looks SET verdict = 'look_again'",
        "DELETE FROM duplicate_looks",
        "TRUNCATE duplicate_looks",
    ):
        with pytest.raises(sa.exc.DBAPIError), closing.work() as session:
            session.execute(sa.text(statement))


def test_only_finance_finds_and_only_what_is_suspected_and_with_a_reason(closing: Closing) -> None:
    closing.paid()
    closing.paid()
    (row,) = found(closing)
    for by in ("ana", "dee"):
        with pytest.raises(NotAllowed):
            looked(closing, row, by=by)
    said = {"verdict": Verdict.NO_DUPLICATE, "by": closing.staff["finn"], "now": NOW}
    said["requests"] = [line.request_id for line in row.suspicion.lines]
    with closing.work() as session:
        with pytest.raises(SayWhy):
            look(session, suspicion=row.suspicion.id, reason="no", **said)  # type: ignore[arg-type]
        with pytest.raises(NotSuspected):
            look(session, suspicion="0" * 64, reason=REASON, **said)  # type: ignore[arg-type]
    assert found(closing) == (row,)


def test_whoever_decided_an_award_does_not_clear_it_alone(closing: Closing) -> None:
    closing.paid()
    closing._entered(40_000)  # nobody has decided this one
    (row,) = found(closing)
    finn = closing.staff["finn"]
    for_ben = replace(finn, stands_for=frozenset({closing.staff["ben"].id}))
    for by in (closing.staff["ben"], closing.staff["carla"], for_ben):  # approved, released, stands in
        with pytest.raises(DecidedIt):
            looked(closing, row, by=by)
    assert found(closing) == (row,)
    looked(closing, row, by=finn)
    looked(closing, row, Verdict.LOOK_AGAIN, by="ben")  # which clears nothing
    assert found(closing)[0].owed


def test_only_the_requests_named_are_compared(closing: Closing) -> None:
    one, other, third = (closing.paid() for _ in range(3))
    rows = {frozenset(line.request_id for line in row.suspicion.lines): row for row in found(closing)}
    row = rows[frozenset({one, other})]
    said: dict[str, Any] = {"suspicion": row.suspicion.id, "verdict": Verdict.NO_DUPLICATE, "reason": REASON}
    said |= {"by": closing.staff["finn"], "now": closing.town.clock()}
    with closing.work() as session, pytest.raises(NotSuspected):
        look(session, requests=[one, third], **said)
    with closing.work() as session:
        look(session, requests=[one, other], **said)
    assert sum(row.owed for row in found(closing)) == 2


def test_a_finding_about_two_lines_counts_for_the_amounts_that_were_looked_at(closing: Closing) -> None:
    one, other = closing.paid(40_000), closing.paid(40_000)
    looked(closing, found(closing)[0])
    closing.gives_back(closing.cost(other).hold_id, 15_000)
    (row,) = found(closing)
    assert row.owed
    assert {line.request_id for line in row.suspicion.lines} == {one, other}


def test_the_same_fare_on_two_lines_of_one_request(closing: Closing) -> None:
    scarce = Scarce(closing.town)
    draft = sample_family("f", NOW.date()).draft
    fare = draft["cost_lines"][0] | {"quote_cents": 30_000, "ceiling_cents": 30_000}
    lines = [fare | {"leg": "out"}, fare | {"leg": "out", "key": "again"}]
    request = scarce.asks(30_000, NOW.date() + timedelta(days=9), more={"cost_lines": lines})
    scarce.check()
    (row,) = found(closing)
    assert (row.suspicion.why, row.suspicion.cents) == (Why.TWICE_IN_ONE, 30_000)
    assert [line.request_id for line in row.suspicion.lines] == [request, request]
    looked(closing, row)
    assert not found(closing)[0].owed


def test_a_finding_about_a_line_counts_for_the_amounts_that_were_looked_at(closing: Closing) -> None:
    request = closing.paid()
    closing.pays_back(request, 10_000)
    looked(closing, found(closing)[0])
    assert not found(closing)[0].owed
    closing.pays_back(request, 5_000, bank_reference="WIRE-78")
    (row,) = found(closing)
    assert row.owed
    assert row.suspicion.cents == 15_000


def test_an_erased_case_is_left_out_and_so_is_what_is_long_past(closing: Closing) -> None:
    one, _ = closing.paid(), closing.paid()
    with closing.read() as session:
        past = report(session, now=closing.town.clock() + LOOKED_BACK)
        later = report(session, now=closing.town.clock() + 2 * LOOKED_BACK)
    assert len(past.rows) == 1
    assert later.rows == ()
    with closing.work() as session:
        keepers.destroy(session, keeper=one, now=NOW)
    assert found(closing) == ()


def test_no_question_is_asked_for_each_request_and_nobody_is_named(closing: Closing) -> None:
    closing.paid()
    closing.move(closing.paid(), 10_000)
    ear = listening(closing.town.house.db)
    assert len(found(closing)) == 1
    few = len(ear.heard)
    for _ in range(2):
        closing.paid()
    ear.heard.clear()
    rows = found(closing)
    assert len(rows) == 6
    assert len(ear.heard) == few <= 12, "\n".join(ear.heard)
    said, _ = printed(closing)
    for name in ("Bell", "Zora", "Tanisha", "Wichita", "SAMPLE-1006", STATE):
        assert name not in said
        assert name not in repr(rows)


def decline(closing: Closing, request_id: RequestId) -> None:
    with closing.work() as session:
        award = awards.newest_award(session, request_id)
        assert award is not None
        approval.decline(session, award_id=award.id, reason="entered twice", by=closing.staff["ben"], now=NOW)
