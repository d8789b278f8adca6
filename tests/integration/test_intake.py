"""Drafts are kept, versions frozen, the same child is one person, and each change leaves its audit row."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.identity import actions as identity
from reunify.intake import actions, pointers, policy, queries
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotAllowed
from reunify.sandbox import people
from reunify.sandbox.families import sample_family


@pytest.fixture
def staff(db: Database, now: datetime) -> dict[str, Staff]:
    with db.work() as session:
        ids = people.settle_in(session, now=now)
    return {p.username: Staff(ids[p.username], p.name, p.roles) for p in people.PEOPLE}


@pytest.fixture
def draft(now: datetime) -> dict[str, Any]:
    return copy.deepcopy(sample_family("f", now.date()).draft)


def begin(db: Database, draft: dict[str, Any], by: Staff, now: datetime) -> RequestId:
    with db.work() as session:
        return actions.create(session, draft=draft, by=by, now=now).id


def submit(db: Database, request_id: RequestId, draft: dict[str, Any], by: Staff, now: datetime) -> None:
    with db.work() as session:
        actions.submit(
            session,
            request_id=request_id,
            case_types=[draft["case"]["case_type"]],
            going_on="The same family is entered again by a test.",
            by=by,
            now=now,
        )


def test_a_half_finished_draft_is_kept_as_it_was_typed(
    db: Database, staff: dict[str, Staff], now: datetime
) -> None:
    typed = {"asked_by": {"kind": "family"}, "household": {"size": "many"}}
    request_id = begin(db, typed, staff["ana"], now)
    with db.read() as session:
        assert queries.request(session, request_id).content == typed


def test_submitting_a_draft_with_gaps_names_them_and_keeps_the_draft(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    del draft["case"]["number"]
    request_id = begin(db, draft, staff["ana"], now)
    with pytest.raises(BadInput) as refused:
        submit(db, request_id, draft, staff["ana"], now)
    assert [p.pointer for p in refused.value.problems] == ["/case/number"]
    with db.read() as session:
        kept = queries.request(session, request_id)
    assert (kept.state, kept.content) == ("draft", draft)


def test_a_colleague_may_not_edit_someone_elses_draft(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    request_id = begin(db, draft, staff["ana"], now)
    other = Staff(StaffId(staff["ben"].id), "Ben", frozenset({Role.CASE_MANAGER}))
    with pytest.raises(policy.NotYours), db.work() as session:
        actions.edit(session, request_id=request_id, draft={}, expected_revision=None, by=other, now=now)


def test_finance_does_not_enter_requests(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    with pytest.raises(NotAllowed, match="case manager"):
        begin(db, draft, staff["ben"], now)


def test_saving_over_someone_elses_save_is_refused(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    request_id = begin(db, draft, staff["ana"], now)
    with pytest.raises(policy.DraftMovedOn), db.work() as session:
        actions.edit(session, request_id=request_id, draft={}, expected_revision=7, by=staff["ana"], now=now)


def test_an_answer_makes_version_two_and_leaves_version_one_alone(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    request_id = begin(db, draft, staff["ana"], now)
    submit(db, request_id, draft, staff["ana"], now)
    with db.work() as session:
        actions.answer(
            session,
            request_id=request_id,
            answers={"/case/report_number": "SG-1"},
            award_stands=False,
            case_types=[draft["case"]["case_type"]],
            by=staff["ana"],
            now=now,
        )
    with db.read() as session:
        newest = queries.newest_version(session, request_id)
        assert (newest.number, newest.content.case.report_number) == (2, "SG-1")
        first = session.execute(
            sa.text("SELECT count(*) FROM request_versions WHERE number = 1")
        ).scalar_one()
    assert first == 1


ODD = [
    "",
    "/",
    "case/report_number",
    "Maria/case/report_number",
    "/case/report_number/",
    "/Maria",
    "/case/nope/deeper",
    "/case/made_up",
    "/case/number/0",
    "/legs/99/mode",
    "/legs/01/mode",
    "/legs/-/mode",
    "/legs/\u0661/mode",
    "/legs/9999999999999999999/mode",
    "/case~1report_number",
    "/travelers/0/contact/Maria",
]


@pytest.mark.parametrize("pointer", ODD)
def test_an_answer_to_a_field_that_does_not_exist_is_refused(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime, pointer: str
) -> None:
    request_id = begin(db, draft, staff["ana"], now)
    submit(db, request_id, draft, staff["ana"], now)
    with pytest.raises(BadInput) as refused, db.work() as session:
        actions.answer(
            session,
            request_id=request_id,
            answers={pointer: "x"},
            award_stands=False,
            case_types=[draft["case"]["case_type"]],
            by=staff["ana"],
            now=now,
        )
    assert all("Maria" not in f"{p.pointer} {p.remedy}" for p in refused.value.problems)


def test_every_place_of_a_whole_request_may_be_answered(draft: dict[str, Any]) -> None:
    def places(value: Any, where: str = "") -> list[str]:
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        deeper = [(f"{where}/{name}", item) for name, item in inside]
        return [at for at, _ in deeper] + [
            p for at, item in deeper if isinstance(item, dict | list) for p in places(item, at)
        ]

    whole = TravelRequest.model_validate(draft).model_dump(mode="json")
    found = places(whole)
    assert len(found) > 100
    assert pointers.check(dict.fromkeys(found)) == sorted(found)


def answered(before: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> bool:
    after = copy.deepcopy(before)
    change(after)
    return policy.pays_others(TravelRequest.model_validate(before), TravelRequest.model_validate(after))


def test_who_is_paid_differs_with_any_word_about_a_payee_and_any_lines_payee(now: datetime) -> None:
    draft = sample_family("b", now.date()).draft
    lines, paid = draft["cost_lines"], draft["payees"]
    other = next(p["key"] for p in paid if p["key"] != lines[0]["payee"])
    assert not answered(draft, lambda d: d["case"].update(report_number="SG-1"))
    assert not answered(draft, lambda d: d["cost_lines"][0].update(ceiling_cents=99_999))
    assert not answered(draft, lambda d: d["cost_lines"].pop())
    assert answered(draft, lambda d: d["payees"][0].update(email="another@example.org"))
    assert answered(draft, lambda d: d["cost_lines"][0].update(payee=other))
    assert answered(draft, lambda d: d["cost_lines"][0].update(key="renamed", payee=other))
    assert answered(draft, lambda d: d["cost_lines"].append(lines[0] | {"key": "more"}))


def test_the_same_child_in_two_requests_is_one_child(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    children = set()
    for _ in range(2):
        request_id = begin(db, draft, staff["ana"], now)
        submit(db, request_id, draft, staff["ana"], now)
        draft["case"]["number"] = "SAMPLE-9999"  # another case, same name and birth date
        with db.read() as session:
            children.add(queries.request(session, request_id).child_person_id)
    assert len(children) == 1


def test_nothing_personal_stands_readable_in_the_tables(
    db: Database, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    request_id = begin(db, draft, staff["ana"], now)
    submit(db, request_id, draft, staff["ana"], now)
    with db.read() as session:
        for table in ("requests", "request_versions", "persons", "person_keys", "audit_entries"):
            text = " ".join(session.scalars(sa.text(f"SELECT t::text FROM {table} t")))
            for word in ("Zora", "Tanisha", "Wichita", "SAMPLE-1006", b"Zora".hex()):
                assert word not in text, f"{word} in {table}"


def test_each_change_leaves_an_audit_row_that_cannot_be_changed(
    db: Database, owner_url: str, staff: dict[str, Staff], draft: dict[str, Any], now: datetime
) -> None:
    request_id = begin(db, draft, staff["ana"], now)
    submit(db, request_id, draft, staff["ana"], now)
    with db.read() as session:
        rows = session.execute(
            sa.text("SELECT verb, source, target FROM audit_entries WHERE subject = 'request' ORDER BY id")
        ).all()
    assert [tuple(r) for r in rows] == [("create", None, None), ("submit", "draft", "submitted")]
    owner = sa.create_engine(owner_url)
    for change in (
        "UPDATE audit_entries SET why = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(sa.exc.DBAPIError), owner.begin() as connection:
            connection.execute(sa.text(change))
    owner.dispose()


def test_five_wrong_passwords_pause_the_name(db: Database, staff: dict[str, Staff], now: datetime) -> None:
    def attempt(password: str) -> object:
        with db.work() as session:
            return identity.sign_in(session, username="ana", password=password, now=now)

    assert [attempt("wrong") for _ in range(5)] == [None] * 5
    with pytest.raises(identity.policy.TooManyTries):
        attempt("lantern-orchard-41")
