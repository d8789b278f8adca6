"""The retention schedule: when a case is due, to the day, and what the organisation may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.reporting.standing import Case, CaseStanding, Charged
from reunify.retention import policy
from reunify.retention.policy import Basis, How, Period, due
from reunify.retention.schedule import FILE, Schedule, parse, published

CLOSED = date(2026, 5, 10)
CASE = Case(uuid4(), "R-7KQ4MX", None, 1, CaseStanding.PAID, CLOSED, closed_on=CLOSED)


def staff(*roles: Role, stands_for: frozenset[StaffId] = frozenset()) -> Staff:
    return Staff(StaffId(uuid4()), "Somebody", frozenset(roles), stands_for=stands_for)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period(days=90), date(2026, 1, 1), date(2026, 4, 1)),
        (Period(days=0), date(2026, 1, 1), date(2026, 1, 1)),
        (Period(years=3), date(2026, 5, 10), date(2029, 5, 10)),
        (Period(years=3), date(2024, 2, 29), date(2027, 3, 1)),  # never a day short
        (Period(years=4), date(2024, 2, 29), date(2028, 2, 29)),
    ],
)
def test_a_period_ends_on_the_first_day_of_erasure(period: Period, start: date, end: date) -> None:
    assert period.after(start) == end


def test_a_paid_case_is_due_three_years_after_it_closed_and_not_a_day_before() -> None:
    at = due(CASE, published())
    assert (at.record, at.on) == ("paid_case", date(2029, 5, 10))
    assert not at.is_due(date(2029, 5, 9))
    assert at.is_due(date(2029, 5, 10))


def test_a_trip_after_the_last_payment_counts_from_its_own_last_day() -> None:
    late = replace(CASE, trip_ends_on=date(2026, 6, 1))
    assert due(late, published()).on == date(2029, 6, 1)


def test_a_federal_award_keeps_its_cases_three_years_from_the_final_report() -> None:
    reported = replace(CASE, federal=(Charged("vrt", date(2027, 1, 28)), Charged("core", date(2028, 3, 1))))
    at = due(reported, published())
    assert (at.record, at.on) == ("federal_award_case", date(2031, 3, 1))


def test_without_a_final_report_a_federal_case_is_never_due() -> None:
    open_award = replace(CASE, federal=(Charged("vrt", None), Charged("core", date(2020, 1, 1))))
    at = due(open_award, published())
    assert at.on is None
    assert at.waits_for == "The final report of vrt is not written down."
    assert not at.is_due(date(2099, 1, 1))


def test_a_consent_that_ended_later_keeps_the_case_longer() -> None:
    told = replace(CASE, consent_ends_on=date(2027, 1, 1))
    assert due(told, published()) == policy.Due("consent", date(2030, 1, 1))


@pytest.mark.parametrize(
    ("standing", "record", "on"),
    [
        (CaseStanding.DRAFT, "draft", date(2026, 8, 8)),
        (CaseStanding.WITHOUT_PAYMENT, "case_without_payment", date(2029, 5, 10)),
        (CaseStanding.OPEN, "paid_case", None),
    ],
)
def test_other_endings(standing: CaseStanding, record: str, on: date | None) -> None:
    at = due(replace(CASE, standing=standing), published())
    assert (at.record, at.on) == (record, on)


def test_the_organisation_may_keep_longer_than_the_law_never_shorter() -> None:
    law = "federal_award_case"
    assert published().lengthened({law: Period(years=5)}).period(law) == Period(years=5)
    assert published().lengthened({law: Period(days=1200)}).period(law) == Period(days=1200)
    for short in (Period(years=2), Period(days=1000), Period(days=0)):
        with pytest.raises(policy.ShorterThanTheLaw, match="3 years"):
            published().lengthened({law: short})


def test_what_no_law_sets_the_organisation_may_shorten() -> None:
    assert published().lengthened({"draft": Period(days=30)}).period("draft") == Period(days=30)


def test_what_is_kept_for_ever_has_no_period_to_set() -> None:
    with pytest.raises(policy.KeptForEver):
        published().lengthened({"books": Period(years=10)})


def test_a_changed_period_is_another_schedule() -> None:
    assert published().lengthened({"draft": Period(days=30)}).digest != published().digest


def test_only_a_rule_with_a_source_is_called_law() -> None:
    law = [row for row in published().rows.values() if row.basis is Basis.LAW]
    assert [(row.record, row.source) for row in law] == [("federal_award_case", "2 CFR 200.334 (GR-004)")]
    assert all(row.how is How.KEPT for row in published().rows.values() if row.period is None)


ROW = """
version: 2026-01-01
records:
  draft:
    what: Drafts
    keep: {keep}
    from: {start}
    basis: {basis}
    source: none
    by: {by}
{more}"""


def one_row(**said: str) -> Schedule:
    words = {"keep": "90 days", "start": "last_change", "basis": "organisation-set", "by": "plan", "more": ""}
    return parse(ROW.format(**words | said).encode(), "schedule.yaml")


def test_the_file_is_read_closed() -> None:
    assert one_row().period("draft") == Period(days=90)
    assert parse(FILE.read_bytes(), FILE.name) == published()
    for said, allowed in (
        ({"keep": "three years"}, "90 days"),
        ({"keep": "-1 days"}, "90 days"),
        ({"keep": "1000 years"}, "90 days"),
        ({"start": "birthday"}, "case_closed"),
        ({"basis": "UNVERIFIED"}, "organisation-set"),
        ({"by": "hand"}, "sweep"),
        ({"keep": "for ever"}, "only with them"),
        ({"by": "kept"}, "only with them"),
        ({"more": "    because: we say so\n"}, "source"),
    ):
        with pytest.raises(RuleFileBroken, match=allowed):
            one_row(**said)


def test_two_people_of_two_roles_lift_a_hold() -> None:
    first = staff(Role.SUPERVISOR)
    policy.check_can_lift(staff(Role.ADMINISTRATOR), asked_by=first.id, asked_as=Role.SUPERVISOR)
    for second in (
        first,
        staff(Role.SUPERVISOR),
        staff(Role.CASE_MANAGER),
        staff(Role.ADMINISTRATOR, stands_for=frozenset({first.id})),
    ):
        with pytest.raises(policy.SecondPersonLifts):
            policy.check_can_lift(second, asked_by=first.id, asked_as=Role.SUPERVISOR)


def test_nobody_approves_a_plan_of_their_own_or_of_whom_they_stand_for() -> None:
    planner = staff(Role.ADMINISTRATOR)
    policy.check_can_approve_plan(staff(Role.SUPERVISOR), planned_by=planner.id)
    policy.check_can_approve_plan(planner, planned_by=None)  # planned at the command line
    for same in (planner, staff(Role.SUPERVISOR, stands_for=frozenset({planner.id}))):
        with pytest.raises(policy.PlannerMayNotApprove):
            policy.check_can_approve_plan(same, planned_by=planner.id)


def test_a_plan_stands_for_thirty_days() -> None:
    made = datetime(2026, 11, 25, tzinfo=UTC)
    policy.check_plan_stands(state="approved", planned_at=made, now=made + timedelta(days=30))
    with pytest.raises(policy.PlanTooOld):
        policy.check_plan_stands(state="approved", planned_at=made, now=made + timedelta(days=30, seconds=1))
    for state in ("planned", "discarded", "done"):
        with pytest.raises(policy.PlanNotApproved):
            policy.check_plan_stands(state=state, planned_at=made, now=made)


@pytest.mark.parametrize(
    ("reason", "asked_by", "field"),
    [
        ("", "A court", "/reason"),
        ("Suit", " ", "/asked_by"),
        ("x" * 2001, "A court", "/reason"),
        ("a\x00", "b", "/reason"),
    ],
)
def test_a_hold_says_why_and_who_asked(reason: str, asked_by: str, field: str) -> None:
    with pytest.raises(policy.HoldNeedsWords) as refused:
        policy.check_hold(request_id=uuid4(), person_id=None, reason=reason, asked_by=asked_by)
    assert refused.value.field == field


def test_a_hold_names_one_family() -> None:
    for request_id, person_id in ((None, None), (uuid4(), uuid4())):
        with pytest.raises(policy.NoFamilyNamed):
            policy.check_hold(request_id=request_id, person_id=person_id, reason="Suit", asked_by="A court")
