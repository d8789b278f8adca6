"""Make every letter and itinerary that is owed, from facts frozen before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flows.work import Work
from reunify.approval import letter
from reunify.approval import queries as approval
from reunify.bookings import queries as bookings
from reunify.bootstrap import House
from reunify.db import Database
from reunify.documents import actions as documents
from reunify.documents import context, refusal, trips
from reunify.documents.context import Heading, Said
from reunify.eligibility import queries as eligibility
from reunify.eligibility.explained import Explanation
from reunify.identity import queries as people
from reunify.intake import households, outcomes, whose_facts
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.intake.queries import Version
from reunify.kernel.people import System
from reunify.reporting import waiting

BY = System("issue_documents")


def work(house: House) -> Work:
    return Work(
        "issue_documents", find, partial(issue_documents, house), acts_as=BY, verbs=(documents.issue,)
    )


def find(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting.requests_to_document(session, limit=limit)


def issue_documents(house: House, ids: list[UUID], run: str | None) -> int:
    """One transaction for each request; a letter made twice is the same letter."""
    made = 0
    for request_id in ids:
        with house.db.work() as session:
            made += _issue_for(house, session, request_id, run)
    return made


def _issue_for(house: House, session: Session, request_id: UUID, run: str | None) -> int:
    if not outcomes.goes_on(session, request_id):
        return 0
    version = intake.newest_version(session, request_id)
    award = approval.newest_award(session, request_id)
    said_no = approval.newest_refusal(session, request_id)
    explanation = eligibility.explanation(session, request_id)
    if households.unsaid(version.content):  # who may read it is a question to staff
        return 0
    if award is not None and award.state == "released":
        return _issue_award(house, session, award, run)
    if said_no is not None and said_no.state == "confirmed" and said_no.version_number == version.number:
        by = said_no.confirmed_by
        assert by is not None  # the table says so
        signer = people.staff_names(session, [by])[by]
        return _issue_refusal(house, session, version, explanation, signer, run)
    if explanation.family_questions and explanation.number == version.number:
        return _issue_questions(house, session, version, explanation, run)
    return 0


def _case_manager(session: Session, version: Version) -> str:
    who = intake.request(session, version.request_id).requested_by
    return people.staff_names(session, [who])[who]


def _heading(house: House, session: Session, version: Version, signer: str, view: TravelRequest) -> Heading:
    return trips.heading_of(session, version.request_id, view, signer=signer, now=house.now())


def _issue_award(house: House, session: Session, award: approval.Award, run: str | None) -> int:
    """A letter and a plan for each household, from what that household may read.

    The plan is made again when a booking changed; the letter stays what was approved.
    """
    assert award.digest is not None  # released awards have one, the table says so
    changes = sum(booking.revision for booking in bookings.of_award(session, award.id))
    found = trips.of_award(session, award, now=house.now())
    for trip in found:
        approved = letter.of_household(award.letter or {}, trip.household)
        papers: list[tuple[str, Mapping[str, Any], bytes | None, int]] = []
        if approved:
            papers.append(("approval_letter", approved, None, 0))
        if trip.request.legs:
            events = trips.calendar_of(trip, now=house.now())
            papers.append(("itinerary", trip.context, events, trip.revision))
        for kind, body, ics, revision in papers:
            documents.issue(
                session,
                request_id=award.request_id,
                number=award.version_number,
                kind=kind,
                language=trip.language,
                context=body,
                award_id=award.id,
                digest=award.digest,
                renderer=house.renderer,
                converter=house.converter,
                own_url=house.settings.own_url,
                by=BY,
                now=house.now(),
                run=run,
                ics=ics,
                household=trip.household,
                revision=revision,
            )
    documents.follow(session, award_id=award.id, digest=award.digest, changes=changes)
    return min(len(found), 1)


def _issue_refusal(
    house: House,
    session: Session,
    version: Version,
    explanation: Explanation,
    signer: str,
    run: str | None,
) -> int:
    """The one letter for each household that asked for something, with what that household may read of it."""
    content = version.content
    asked = {households.of_cost(line, content) for line in content.cost_lines}
    for household in households.households(content):
        if household not in asked:
            continue
        may_read = partial(whose_facts.may_read, request=content, household=household)
        view = households.view_for(content, household)
        language = letter.addressee(view)[1].language
        heading = _heading(house, session, version, signer, view)
        body = context.refusal_letter(
            heading,
            language,
            can_do=refusal.what_can_be_done(explanation.sources, may_read),
            reasons=refusal.reasons(explanation.sources, may_read),
        )
        _issue(house, session, version, "refusal_letter", language, body, run, household)
    return 1


def _issue_questions(
    house: House, session: Session, version: Version, explanation: Explanation, run: str | None
) -> int:
    """Asked of the household the child is released to; nobody else is told that something is open."""
    household = households.primary(version.content)
    view = households.view_for(version.content, household)
    language = letter.addressee(view)[1].language
    heading = _heading(house, session, version, _case_manager(session, version), view)
    asked = [Said(q.text.en, q.text.es) for q in explanation.family_questions]
    body = context.information_request(heading, language, questions=asked)
    _issue(house, session, version, "information_request", language, body, run, household)
    return 1


def _issue(
    house: House,
    session: Session,
    version: Version,
    kind: str,
    language: Language,
    body: dict[str, object],
    run: str | None,
    household: str,
) -> None:
    documents.issue(
        session,
        request_id=version.request_id,
        number=version.number,
        kind=kind,
        language=language,
        context=body,
        award_id=None,
        digest=None,
        renderer=house.renderer,
        converter=house.converter,
        own_url=house.settings.own_url,
        by=BY,
        now=house.now(),
        run=run,
        household=household,
    )
