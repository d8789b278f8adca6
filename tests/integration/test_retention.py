"""A family is erased: its words are gone for good, the books and the audit trail still prove themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.examining import examined_here
from reunify.audit import sealing
from reunify.audit.verifying import verify
from reunify.db import Base, Database
from reunify.eligibility.records import DeterminationRecord
from reunify.files import evidence as evidence_acts
from reunify.files import evidence_queries as evidence
from reunify.files import objects
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import Kind
from reunify.files.evidence_records import Evidence, EvidenceBytes
from reunify.identity.family_records import FamilyLink
from reunify.identity.person_records import PersonKey, PersonRecord
from reunify.identity.records import SignInFailure, StaffSession
from reunify.intake import queries as intake
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff, System
from reunify.reporting import invariants
from reunify.retention import actions, erasing, finding, planning, queries, running, sweeping
from reunify.retention.policy import (
    Part,
    PlanChanged,
    PlannerMayNotApprove,
    PlanNotApproved,
    SecondPersonLifts,
)
from reunify.retention.records import Erasure
from reunify.vault import keepers
from reunify.vault.keepers import Erased
from tests import papers
from tests.retention_world import MARK, House, Office, house_over, office_over
from tests.town import NOW, Clock


@pytest.fixture
def office(db: Database) -> Office:
    return office_over(db, Clock())


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Iterator[House]:
    with house_over(db, tmp_path) as made:
        yield made


def as_kept(db: Database) -> str:
    """Every row of every table as the database shows it, bytes in hexadecimal."""
    with db.read() as session:
        found = [
            session.scalars(sa.text(f'SELECT t::text FROM "{table}" t')).all()
            for table in Base.metadata.tables
        ]
    return "\n".join(text for rows in found for text in rows)


def opened_with_the_ring(db: Database) -> list[str]:
    """Whatever the keys at hand still open, in every sealed column there is."""
    said = []
    with db.read() as session:
        for mapper in Base.registry.mappers:
            for column in getattr(mapper.class_, "__sealed__", ()):
                for row in session.scalars(sa.select(mapper.class_)):
                    with suppress(Erased):
                        said.append(str(column.__get__(row, mapper.class_)))
    return said


def objects_of(db: Database, request_id: UUID) -> int:
    """How many objects the store still has of what the rows of this family name."""
    with db.read() as session:
        keys = session.scalars(
            sa.text(
                "SELECT object_key FROM files_blobs WHERE keeper = :family UNION ALL "
                "SELECT object_key FROM evidence_bytes WHERE request_id = :family"
            ),
            {"family": request_id},
        ).all()
    return sum(objects.current().get(key) is not None for key in keys)


def marks_in(texts: str, mark: str) -> bool:
    return mark in texts or mark.encode().hex() in texts


@pytest.mark.asvs("14.2.7")
def test_a_paid_family_from_the_day_after_the_trip_to_the_day_nothing_of_it_is_left(house: House) -> None:
    """One family, because paying one takes the whole house; each paragraph is a day of its record."""
    office, request_id = house.office, house.paid()
    child, whole, due_on = office.child(request_id), office.told(request_id), office.due_on(request_id)
    end = office.trip_ends_on(request_id)
    with office.db.read() as session:
        paid = stripe_ids(session)
        answers = [d.content for d in session.scalars(sa.select(DeterminationRecord))]
        assert intake.newest_version(session, request_id).content_hash == digest_of(whole)

    # What was told for booking only goes on the day after the trip, and nothing else does.
    needs = [t["readiness"]["needs"] for t in whole["travelers"] if t["readiness"]["needs"]]
    assert needs
    office.noon(end)
    assert office.records_due() == []
    office.noon(end + timedelta(days=1))
    assert office.records_due() == ["booking_facts"]
    assert office.run(office.approved()) == {"erased": 1}
    left = office.told(request_id)
    assert {t["readiness"]["needs"] for t in left["travelers"]} == {None}
    assert {t["readiness"]["identification"] for t in left["travelers"]} == {"unknown"}
    assert [t["name"] for t in left["travelers"]] == [t["name"] for t in whole["travelers"]]
    opened = opened_with_the_ring(office.db)
    assert not any(need in text for need in needs for text in opened if text.startswith("{'travelers"))

    # A federal award keeps the case until three years after its final report.
    with office.db.work() as session:
        session.execute(sa.text("UPDATE funding_sources SET assistance_listing = '16.543'"))
    office.noon(due_on)
    assert office.records_due() == []
    with office.db.read() as session:
        (waits,) = finding.find(session, now=office.now).waiting
        assert "final report" in waits.waits_for
        funds = [report.fund_id for report in queries.reports(session)]
    with office.db.work() as session:
        for fund in funds:
            sent_on = due_on.replace(year=due_on.year - 3) + timedelta(days=1)
            actions.write_final_report(session, fund_id=fund, sent_on=sent_on, by=office.ada, now=office.now)
    assert office.records_due() == []
    office.noon(due_on + timedelta(days=1))
    assert office.records_due() == ["federal_award_case"]

    # Its day has come.
    assert any(MARK in text for text in opened)  # the test can see marks
    assert objects_of(office.db, request_id) > 2  # letters and plans, in three forms
    assert office.run(office.approved()) == {"erased": 1}
    assert objects_of(office.db, request_id) == 0
    assert not any(MARK in text for text in opened_with_the_ring(office.db))
    kept = as_kept(office.db)
    assert MARK not in kept
    assert MARK.encode().hex() not in kept
    with office.db.work() as session:
        sealing.seal(session, now=office.now)
    with office.db.read() as session:
        assert queries.erased_on(session, request_id) == office.now
        assert intake.request(session, request_id).erased_on == office.now
        with pytest.raises(Erased):
            intake.newest_version(session, request_id)
        assert invariants.check(session) == []
        assert verify(session).holds
        assert stripe_ids(session) == paid != []
        hashes = [d.answer_hash for d in session.scalars(sa.select(DeterminationRecord))]
        assert hashes == [digest_of(answer) for answer in answers]  # who kept the answer can still prove it
        assert not session.scalar(sa.select(sa.func.count()).where(PersonKey.person_id == child))
    house.town.work()  # the worker finds nothing to do about the family, and nothing breaks
    pages_say_erased(house, request_id)


def pages_say_erased(house: House, request_id: UUID) -> None:
    """Lists open; the case's own pages say that it was erased. Nothing breaks."""
    with house.office.db.read() as session:
        award = session.scalar(sa.text("SELECT id FROM awards"))
        payment = session.scalar(sa.text("SELECT id FROM instructions LIMIT 1"))
        document = session.scalar(sa.text("SELECT id FROM documents LIMIT 1"))
    wrong = []
    for who, paths in (
        (
            "ana",
            ("/", f"/requests/{request_id}", f"/documents/{document}", f"/requests/{request_id}/consents"),
        ),
        (
            "ben",
            (
                "/",
                "/finance",
                f"/requests/{request_id}",
                f"/awards/{award}",
                f"/awards/{award}/sheet",
                f"/payments/{payment}",
                "/funds",
            ),
        ),
        (
            "dee",
            (
                f"/requests/{request_id}",
                f"/awards/{award}",
                f"/awards/{award}/sheet",
                f"/documents/{document}/masked",
            ),
        ),
    ):
        browser = house.browser(who)
        for path in paths:
            answer = browser.get(path)
            if answer.status_code not in (200, 403, 404, 410) or MARK in answer.text:
                wrong.append((who, path, answer.status_code))
            if who != "ana" and answer.status_code != 200:
                wrong.append((who, path, answer.status_code))
            if path.startswith("/requests/") and "rased" not in answer.text:
                wrong.append((who, path, "does not say erased"))
    for who in ("ana", "ben", "dee"):
        answer = house.browser(who).get(f"/api/v1/requests/{request_id}/progress")
        if answer.status_code != 200 or not answer.json()["erased_on"] or answer.json()["stage"] != "paid":
            wrong.append((who, "progress", answer.status_code))
        if not answer.json()["plan"]["lines"] or MARK in answer.text:
            wrong.append((who, "progress", "no amounts"))
        page = house.browser(who).get(f"/requests/{request_id}")
        payee = "A person" if who == "dee" else "(erased)"
        if page.status_code != 200 or "$" not in page.text or payee not in page.text:
            wrong.append((who, "page", page.status_code))
    assert wrong == []


def stripe_ids(session: Session) -> list[str]:
    return list(session.scalars(sa.text("SELECT stripe_id FROM attempts WHERE stripe_id IS NOT NULL")))


def test_a_draft_never_submitted_goes_after_ninety_days(office: Office) -> None:
    request_id = office.drafted()
    office.later(days=89)
    assert office.records_due() == []
    office.later(days=1)
    assert office.records_due() == ["draft"]
    assert office.run(office.approved()) == {"erased": 1}
    assert not any(MARK in text for text in opened_with_the_ring(office.db))
    with office.db.read() as session:
        assert intake.request(session, request_id).content == {}
    with pytest.raises(Erased):  # and nothing new is ever written for it
        office.edited(request_id)


def test_a_held_family_is_never_erased_even_with_an_approved_plan(office: Office) -> None:
    first, second, third = office.drafted("First"), office.drafted("Second"), office.drafted("Third")
    office.later(days=91)
    hold = office.held(request_id=first)
    with office.db.read() as session:
        found = finding.find(session, now=office.now)
    assert [i.request_id for i in found.held] == [first]
    assert {i.request_id for i in found.due} == {second, third}
    plan_id = office.approved()
    office.held(request_id=second)  # asked for after the approval
    assert office.run(plan_id) == {"held": 1, "erased": 1}
    with office.db.read() as session:
        assert intake.request(session, first).erased_on is None
        assert intake.request(session, second).erased_on is None
        assert intake.request(session, third).erased_on is not None
        assert queries.hold(session, hold).reason == "A suit"
        assert {h.reason for h in queries.holds(session)} == {None}  # a list does not tell why


def test_a_hold_is_lifted_by_a_supervisor_and_an_administrator(office: Office) -> None:
    request_id = office.drafted()
    hold_id = office.held(request_id=request_id)
    office.later(days=91)
    with office.db.work() as session:
        actions.ask_to_lift(session, hold_id=hold_id, by=office.sue, now=office.now)
    with pytest.raises(SecondPersonLifts), office.db.work() as session:
        actions.lift(session, hold_id=hold_id, by=office.sue, now=office.now)
    with pytest.raises(sa.exc.IntegrityError, match="two_people_lift"), office.db.work() as session:
        session.execute(
            sa.text("UPDATE legal_holds SET state='lifted', lifted_by=lift_asked_by, lifted_at=now()")
        )
    assert office.run(office.approved()) == {}  # it stands until the second has lifted it
    with office.db.work() as session:
        actions.lift(session, hold_id=hold_id, by=office.ada, now=office.now)
    assert office.run(office.approved()) == {"erased": 1}
    with office.db.read() as session:
        assert queries.hold(session, hold_id).reason is None
    with pytest.raises(Erased):  # too late
        office.held(request_id=request_id)


def test_a_hold_on_a_child_holds_every_request_about_it(office: Office) -> None:
    first, second = office.submitted(), office.submitted()
    assert office.child(first) == office.child(second)
    office.held(person_id=office.child(first))
    with office.db.read() as session:
        assert finding.held_among(session, [first, second]) == {first, second}


def test_a_child_and_a_grandmother_in_two_cases_are_forgotten_with_the_last(office: Office) -> None:
    first, second = office.submitted(), office.submitted()
    child, grandmother = office.child(first), office.told(second)["travelers"][0]
    for request_id, forgotten in ((first, False), (second, True)):
        erased_at_once(office, request_id)
        with office.db.read() as session:
            found = session.scalar(sa.select(sa.func.count()).where(PersonKey.person_id == child))
            assert bool(found) is not forgotten
            if forgotten:
                with pytest.raises(Erased):
                    _ = session.get_one(PersonRecord, child).name
            else:
                assert session.get_one(PersonRecord, child).name.startswith(MARK)
                assert intake.newest_version(session, second).raw["travelers"][0] == grandmother
                with pytest.raises(Erased):
                    intake.newest_version(session, first)


def erased_at_once(office: Office, request_id: UUID) -> None:
    """As the erasure of this case does it, whatever day it is."""
    plan_id = office.planned()
    item = finding.Item(request_id, Part.CASE, "paid_case", "R-0", office.now.date(), 1)
    with office.db.work() as session:
        erasing.ERASE[Part.CASE](erasing.Gone(session, item, plan_id, office.now))


def test_a_case_that_changed_after_the_plan_is_skipped_and_said(office: Office) -> None:
    request_id = office.drafted()
    office.later(days=91)
    plan_id = office.approved()
    office.edited(request_id)
    assert office.run(plan_id) == {"changed": 1}
    with office.db.read() as session:
        assert [i.outcome for i in queries.plan(session, plan_id).items] == ["changed"]


def test_one_plans_another_approves_and_nothing_runs_before(office: Office) -> None:
    office.drafted()
    office.later(days=91)
    plan_id = office.planned()
    with pytest.raises(PlanNotApproved):
        office.run(plan_id)
    digest = office.digest(plan_id)
    with pytest.raises(PlannerMayNotApprove), office.db.work() as session:
        planning.approve_plan(session, plan_id=plan_id, digest=digest, by=office.ada, now=office.now)
    with pytest.raises(PlanChanged), office.db.work() as session:
        planning.approve_plan(session, plan_id=plan_id, digest="0" * 64, by=office.sue, now=office.now)
    with pytest.raises(sa.exc.IntegrityError, match="planner_never_approves"), office.db.work() as session:
        session.execute(sa.text("UPDATE retention_plans SET approved_by = planned_by, approved_at = now()"))


def test_a_run_that_breaks_off_goes_on_where_it_stopped(office: Office) -> None:
    for name in ("First", "Second", "Third"):
        office.drafted(name)
    office.later(days=91)
    plan_id = office.approved()
    told: list[running.Progress] = []

    class PowerFails(Exception):
        """After the first family."""

    def tell(progress: running.Progress) -> None:
        told.append(progress)
        if len(told) == 1:
            raise PowerFails

    with pytest.raises(PowerFails):
        running.run(office.db, plan_id=plan_id, clock=office.clock, tell=tell)
    assert running.run(office.db, plan_id=plan_id, clock=office.clock, tell=tell) == {"erased": 3}
    assert [(p.done, p.of) for p in told] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(PlanNotApproved, match="done"):
        office.run(plan_id)


def test_two_runs_of_one_plan_at_once_erase_each_family_once(office: Office) -> None:
    for name in ("First", "Second", "Third", "Fourth"):
        office.drafted(name)
    office.later(days=91)
    plan_id = office.approved()
    told: list[running.Progress] = []
    wrong: list[Exception] = []

    def run() -> None:
        try:
            running.run(office.db, plan_id=plan_id, clock=office.clock, tell=told.append)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [str(w) for w in wrong if not isinstance(w, PlanNotApproved)] == []  # done before it began
    assert sorted(p.reference for p in told) == sorted({p.reference for p in told})
    assert len(told) == 4


def test_copies_of_identity_papers_go_and_other_papers_stay(office: Office) -> None:
    request_id = office.submitted()
    for kind in (Kind.IDENTITY, Kind.COURT_ORDER):
        with office.db.work() as session:
            paper = Evidence(
                request_id=request_id,
                kind=kind.value,
                state="clean",
                sender="staff",
                sender_id=office.sue.id,
                reader="",
                file_name="scan.pdf",
                size=9,
                original_mark=b"mark" + kind.value.encode(),
                sent_at=office.now,
            )
            session.add(paper)
            session.flush()
            session.add(
                EvidenceBytes(
                    evidence_id=paper.id,
                    part="original",
                    request_id=request_id,
                    keeper=paper.keeper_of_bytes,
                    content=b"%PDF-1.7\n",
                )
            )
    with office.db.read() as session:
        assert evidence.with_papers(session, [request_id], kind=Kind.IDENTITY) == {request_id}
    item = finding.Item(request_id, Part.IDENTITY_PAPERS, "identity_papers", "R-0", office.now.date(), 1)
    plan_id = office.planned()
    with office.db.work() as session:
        erasing.ERASE[Part.IDENTITY_PAPERS](erasing.Gone(session, item, plan_id, office.now))
    with office.db.read() as session:
        (key,) = session.scalars(sa.select(Erasure.keeper).where(Erasure.kind == "identity_papers"))
        assert keepers.erased_on(session, key) == office.now
        assert keepers.erased_on(session, request_id) is None
        assert session.scalars(sa.select(Evidence.kind).join(EvidenceBytes)).all() == ["court_order"]
        assert evidence.with_papers(session, [request_id], kind=Kind.IDENTITY) == frozenset()


@pytest.mark.parametrize("whole_child", [False, True])
def test_the_database_itself_keeps_the_papers_of_a_held_case(office: Office, whole_child: bool) -> None:
    request_id = office.submitted()
    with office.db.work() as session:
        sent = Sent(papers.pdf(), Kind.COURT_ORDER, "order.pdf")
        evidence_acts.keep(
            session,
            request_id=RequestId(request_id),
            sent=sent,
            examined=examined_here(sent.content),
            by=office.mia,
            now=office.now,
        )
    if whole_child:
        office.held(person_id=office.child(request_id))
    else:
        office.held(request_id=request_id)
    with office.db.work() as session:
        assert finding.is_held(session, request_id)
    with pytest.raises(sa.exc.IntegrityError, match="legal hold"), office.db.work() as session:
        session.execute(sa.text("DELETE FROM evidence_bytes"))
    with office.db.work() as session:
        session.execute(
            sa.text(
                "UPDATE legal_holds SET state = 'lift_asked', lift_asked_by = :a, asked_as = 'supervisor'"
            ),
            {"a": office.sue.id},
        )
    with pytest.raises(sa.exc.IntegrityError, match="legal hold"), office.db.work() as session:
        session.execute(sa.text("DELETE FROM evidence_bytes"))
    with office.db.work() as session:
        session.execute(
            sa.text("UPDATE legal_holds SET state = 'lifted', lifted_by = :a, lifted_at = now()"),
            {"a": office.ada.id},
        )
        session.execute(sa.text("DELETE FROM evidence_bytes"))


def test_a_child_registered_while_it_is_forgotten_is_a_new_person(office: Office) -> None:
    first, second = office.submitted(), office.drafted()
    child, plan_id = office.child(first), office.planned()
    item = finding.Item(first, Part.CASE, "paid_case", "R-0", office.now.date(), 1)
    with office.db.work() as session:
        erasing.ERASE[Part.CASE](erasing.Gone(session, item, plan_id, office.now))
        entering = threading.Thread(target=lambda: office.submit(second))
        entering.start()
        entering.join(0.5)
        assert entering.is_alive()  # it waits to hear whether the child is still known
    entering.join(20)
    assert office.child(second) != child
    with office.db.read() as session:
        assert session.get_one(PersonRecord, office.child(second)).name.startswith(MARK)
        with pytest.raises(Erased):
            _ = session.get_one(PersonRecord, child).name


def test_a_child_is_not_forgotten_while_it_is_registered(office: Office) -> None:
    first, second = office.submitted(), office.drafted()
    child = office.child(first)
    erasing_it = threading.Thread(target=lambda: erased_at_once(office, first))
    with office.db.work() as session:
        office.submit(second, within=session)
        erasing_it.start()
        erasing_it.join(0.5)
    erasing_it.join(20)
    assert office.child(second) == child
    with office.db.read() as session:
        assert session.get_one(PersonRecord, child).name.startswith(MARK)
        assert queries.erased_on(session, first) is not None


def test_a_person_forgotten_once_stops_no_later_erasure(office: Office) -> None:
    """A request left behind on somebody forgotten is still erased."""
    first = office.submitted()
    erased_at_once(office, first)
    second = office.drafted()
    with office.db.work() as session:
        session.execute(
            sa.text(
                "UPDATE requests SET child_person_id = (SELECT child_person_id FROM requests WHERE id = :a) "
                "WHERE id = :b"
            ),
            {"a": first, "b": second},
        )
    erased_at_once(office, second)
    with office.db.read() as session:
        assert queries.erased_on(session, second) is not None


def test_a_plan_of_the_command_line_takes_two_people(office: Office) -> None:
    office.drafted()
    office.later(days=91)
    with office.db.work() as session:
        plan_id, found = planning.plan(session, by=System("operator"), now=office.now)

    def yes(by: Staff) -> bool:
        with office.db.work() as session:
            return planning.approve_plan(session, plan_id=plan_id, digest=found.digest, by=by, now=office.now)

    assert yes(office.ada) is False
    with pytest.raises(PlanNotApproved):
        office.run(plan_id)
    with pytest.raises(PlannerMayNotApprove):
        yes(office.ada)
    with pytest.raises(sa.exc.IntegrityError, match="approved_first"), office.db.work() as session:
        session.execute(
            sa.text(
                "UPDATE retention_plans SET planned_by = NULL, state = 'approved', approved_by = :a, "
                "approved_at = now()"
            ),
            {"a": office.ada.id},
        )
    assert yes(office.sue) is True
    assert office.run(plan_id) == {"erased": 1}


def test_what_ended_is_swept_away_by_itself(office: Office) -> None:
    request_id = RequestId(office.drafted())
    ended = {"made_at": office.now, "ends_at": office.now}
    with office.db.work() as session:
        session.add(
            StaffSession(
                token_hash="x",
                staff_id=office.mia.id,
                created_at=office.now,
                seen_at=office.now,
                ends_at=office.now,
                ways=["password"],
                browser="Firefox",
            )
        )
        session.add(SignInFailure(who_hash="y", failures=2, since=office.now))
        link = FamilyLink(request_id=request_id, reader="mother", token_hash="z", code_index=b"c", **ended)
        link.pin_hash, link.tries_left, link.how, link.made_by = "p", 5, "first", office.mia.id
        session.add(link)
    for days, gone in (
        (30, {}),
        (31, {"family_access": 1, "sign_in_failures": 1}),
        (90, {}),
        (91, {"staff_sessions": 1}),
    ):
        office.clock.at = NOW + timedelta(days=days)
        with office.db.work() as session:
            swept = sweeping.sweep(session, now=office.now)
        assert {record: count for record, count in swept.items() if count} == gone
