"""Create, edit and submit a request; answer a question. Each submission freezes a version."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import family_links, persons
from reunify.identity.policy import check_proved
from reunify.intake import (
    booking,
    by_rules,
    changed_people,
    overlaps,
    pointers,
    policy,
    problems,
    queries,
    told,
)
from reunify.intake.form import TravelRequest
from reunify.intake.queries import Draft
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import RequestId, StaffId, VersionId, new_reference
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff, check_role
from reunify.kernel.refusals import BadInput, NotFound, Problem
from reunify.rules import queries as rules


@may(Role.CASE_MANAGER, service="requests:write")
def create(session: Session, *, draft: dict[str, Any], by: Staff, now: datetime) -> Draft:
    """Begin a draft; nothing entered is lost. Raises BadInput only for text that cannot be kept."""
    policy.check_can_create(by)
    _check_keepable(draft)
    move = policy.MOVES.check(START, "create")
    rest, facts = booking.split(draft)
    record = RequestRecord(
        reference=new_reference("R"),
        state=move.target,
        requested_by=by.id,
        handled_by=by.id,
        team=by.team,
        draft=rest,
        draft_revision=1,
        created_at=now,
        changed_at=now,
    )
    session.add(record)
    session.flush()
    booking.keep_new(session, row_id=record.id, request_id=record.id, facts=facts)
    audit.record(session, by=by, at=now, subject="request", subject_id=record.id, moved="create")
    return queries.as_draft(record, facts)


@may(Role.CASE_MANAGER, service="requests:write")
def edit(
    session: Session,
    *,
    request_id: RequestId,
    draft: dict[str, Any],
    expected_revision: int | None,
    by: Staff,
    now: datetime,
) -> Draft:
    """Keep the draft as it now stands; the caller asks `problems.read` what is still to mend."""
    _check_keepable(draft)
    record = _locked(session, request_id)
    policy.check_can_edit(by, StaffId(record.requested_by))
    policy.check_revision(expected_revision, record.draft_revision)
    moved = policy.MOVES.apply(record, "edit")
    facts = _keep_draft(session, record, draft)
    record.draft_revision += 1
    record.changed_at = now
    audit.record(session, by=by, at=now, subject="request", subject_id=record.id, moved=moved)
    return queries.as_draft(record, facts)


@may(Role.CASE_MANAGER, service="requests:write")
def submit(
    session: Session,
    *,
    request_id: RequestId,
    case_types: Iterable[str],
    going_on: str = "",
    by: Staff,
    now: datetime,
) -> VersionId:
    """Freeze version 1. Raises BadInput with every problem; the draft stays as it was.

    `going_on`: why, where another request holds the same child, traveler or night; else OverlapsAnother.
    """
    record = _locked(session, request_id)
    policy.check_can_edit(by, StaffId(record.requested_by))
    policy.MOVES.check(record.state, "submit")
    content = _whole(queries.as_drafts([record])[0].content, case_types)
    if unruled := by_rules.problems(content, rules.in_force_if_any(session)):
        raise BadInput(unruled)
    child = content.case.child
    record.child_person_id = persons.register_person(
        session, name=child.name, birth_date=child.birth_date, case_number=content.case.number, now=now
    )
    moved = policy.MOVES.apply(record, "submit")
    overlaps.meet(session, request_id=record.id, number=1, content=content, reason=going_on, by=by, now=now)
    version = _freeze(session, record, kind="submission", number=1, content=content, by=by, now=now)
    audit.record(
        session, by=by, at=now, subject="request", subject_id=record.id, moved=moved, detail={"version": 1}
    )
    return version


@may(Role.CASE_MANAGER, service="requests:write")
def answer(
    session: Session,
    *,
    request_id: RequestId,
    answers: dict[str, Any],
    award_stands: bool,
    case_types: Iterable[str],
    going_on: str = "",
    by: Staff,
    now: datetime,
) -> VersionId:
    """Freeze the next version with the answers in place (JSON pointer -> value).

    With `award_stands`, an answer that changes who is paid needs a passkey at hand.
    Raises NothingAnswered, BadInput, OverlapsAnother (as `submit`), StepUpFirst, WrongState.
    """
    check_role(by, Role.CASE_MANAGER)
    if not answers:
        raise policy.NothingAnswered("Answer at least one question.", field="/answers")
    _check_keepable(answers)
    fields = pointers.check(answers)
    record = _locked(session, request_id)
    moved = policy.MOVES.apply(record, "answer")
    newest = queries.newest_version(session, request_id)
    draft = copy.deepcopy(newest.raw)
    for pointer, value in answers.items():
        _put(draft, pointer, value)
    changed_people.keep_no_ones_consent(newest.raw, draft, answers)
    content = _whole(draft, case_types)
    if award_stands and policy.pays_others(newest.content, content):
        check_proved(by, now=now)
    number = newest.number + 1
    overlaps.meet(
        session, request_id=record.id, number=number, content=content, reason=going_on, by=by, now=now
    )
    _keep_draft(session, record, draft)
    record.changed_at = now
    version = _freeze(session, record, kind="answer", number=number, content=content, by=by, now=now)
    changed = changed_people.not_the_same(newest.content, content)
    family_links.close_changed(session, request_id=request_id, readers=changed, by=by, now=now)
    detail = {"version": number, "fields": fields}
    audit.record(session, by=by, at=now, subject="request", subject_id=record.id, moved=moved, detail=detail)
    return version


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def check_again(
    session: Session, *, request_id: RequestId, case_types: Iterable[str], by: Staff, now: datetime
) -> VersionId:
    """Freeze the same facts once more, after a person decided something the rules had left to people, or
    put a funder's decision in force."""
    record = _locked(session, request_id)
    moved = policy.MOVES.apply(record, "check_again")
    newest = queries.newest_version(session, request_id)
    content = _whole(newest.raw, case_types)
    number = newest.number + 1
    record.changed_at = now
    version = _freeze(session, record, kind="check_again", number=number, content=content, by=by, now=now)
    detail = {"version": number}
    audit.record(session, by=by, at=now, subject="request", subject_id=record.id, moved=moved, detail=detail)
    return version


def _keep_draft(session: Session, record: RequestRecord, draft: Any) -> booking.Facts:
    record.draft, facts = booking.split(draft)
    booking.keep(session, row_id=record.id, request_id=record.id, facts=facts)
    return facts


def _locked(session: Session, request_id: RequestId) -> RequestRecord:
    record = session.get(RequestRecord, request_id, with_for_update=True)
    if record is None:
        raise NotFound("There is no such request.")
    return record


def _whole(draft: Any, case_types: Iterable[str]) -> TravelRequest:
    content, wrong = problems.read(draft)
    if content is not None:
        wrong = policy.check_together(content, case_types=case_types)
    if content is None or wrong:
        raise BadInput(wrong)
    return content


def _freeze(
    session: Session,
    record: RequestRecord,
    *,
    kind: str,
    number: int,
    content: TravelRequest,
    by: Staff,
    now: datetime,
) -> VersionId:
    frozen = content.model_dump(mode="json")
    rest, facts = booking.split(frozen)
    version = VersionRecord(
        request_id=record.id,
        number=number,
        kind=kind,
        content=rest,
        content_hash=digest_of(frozen),
        submitted_by=by.id,
        submitted_at=now,
    )
    session.add(version)
    session.flush()
    booking.keep_new(session, row_id=version.id, request_id=record.id, facts=facts)
    return VersionId(version.id)


def _check_keepable(draft: dict[str, Any]) -> None:
    unsafe = problems.unsafe_text(draft)
    if unsafe:
        raise BadInput(unsafe)


def _put(document: Any, pointer: str, value: Any) -> None:
    """Set the value at a place of the form; it must exist, or be a new field of an object, or a told fact."""
    parts = pointer.split("/")[1:]
    unknown = BadInput([Problem(pointer, "This field is not known; check its spelling.")])
    at = document
    if pointer.startswith(f"{told.POINTER}/"):
        document.setdefault("told", {})
        if value is None:  # not known any more
            document["told"].pop(pointer.split("/")[2], None)
            return
    for part in parts[:-1]:
        if isinstance(at, list) and part.isdigit() and int(part) < len(at):
            at = at[int(part)]
        elif isinstance(at, dict) and part in at:
            at[part] = {} if at[part] is None else at[part]
            at = at[part]
        else:
            raise unknown
    if isinstance(at, list) and parts[-1].isdigit() and int(parts[-1]) < len(at):
        at[int(parts[-1])] = value
    elif isinstance(at, dict):
        at[parts[-1]] = value
    else:
        raise unknown
