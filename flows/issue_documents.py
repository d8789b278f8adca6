"""Make every letter and itinerary that is owed, from facts frozen before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flows import papers
from flows.work import Work
from reunify.approval import letter
from reunify.approval import queries as approval
from reunify.bookings import queries as bookings
from reunify.bootstrap import House
from reunify.db import Database
from reunify.documents import actions as documents
from reunify.documents import context, refusal, trips
from reunify.documents.context import Heading, Said
from reunify.documents.drafts import Draft
from reunify.documents.making import Made, in_batches
from reunify.eligibility import queries as eligibility
from reunify.eligibility.explained import Explanation
from reunify.identity import queries as people
from reunify.intake import households, outcomes, whose_facts
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.intake.queries import Version
from reunify.kernel.ids import AwardId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.reporting import waiting

BY = System("issue_documents")


@dataclass(frozen=True, slots=True)
class Owed:
    """The papers of one request, and what is true once all of them are kept.

    `follows`: the award whose plans then hold so many changes of its bookings, with its digest.
    """

    drafts: tuple[Draft, ...]
    follows: tuple[AwardId, str, int] | None = None


NOTHING = Owed(())


def work(house: House) -> Work:
    return Work("issue_documents", find, partial(issue_documents, house), acts_as=BY, verbs=(documents.keep,))


def find(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting.requests_to_document(session, limit=limit)


def issue_documents(house: House, ids: list[UUID], run: str | None) -> int:
    """Papers of several requests are drafted, made together, then kept request by request.

    Nothing is locked while they are made. What is no longer owed by then, or says something else, is not
    kept: the request still waits and is drafted anew. Raises the first refusal, after all others are kept.
    """
    done, refused = 0, []
    for some in in_batches(ids):
        owed, wrong = papers.drafted(house, some, partial(owed_papers, house))
        made = papers.made(house, [draft for one in owed.values() for draft in one.drafts])
        refused += [*wrong, *(paper for paper in made.values() if isinstance(paper, Refused))]
        for request_id, one in owed.items():
            there = {draft.once for draft in one.drafts} - made.keys()
            if len(there) == len(one.drafts) and not one.follows:
                done += bool(there)
                continue
            try:
                done += _keep(house, request_id, there, made, run)
            except Refused as why:  # erased meanwhile, for instance: the others are kept
                refused.append(why)
    if refused:
        raise refused[0]
    return done


def _keep(
    house: House, request_id: UUID, there: set[tuple[object, ...]], made: papers.Papers, run: str | None
) -> int:
    """One transaction for a request. `there`: what was kept before. Returns 1 once all it is owed is kept."""
    with house.db.work() as session:
        owed = owed_papers(house, session, request_id)
        for draft in owed.drafts:
            paper = made.get(draft.once)
            if isinstance(paper, Made) and paper.draft.says_the_same_as(draft):
                documents.keep(session, made=paper, by=BY, now=house.now(), run=run)
                there = there | {draft.once}
        if owed == NOTHING or {draft.once for draft in owed.drafts} - there:
            return 0
        if owed.follows is not None:
            award, digest, changes = owed.follows
            documents.follow(session, award_id=award, digest=digest, changes=changes)
        return 1


def owed_papers(house: House, session: Session, request_id: UUID) -> Owed:
    """As things stand in this transaction; nothing where a quiet outcome stands or nobody may read it yet."""
    if not outcomes.goes_on(session, request_id):
        return NOTHING
    version = intake.newest_version(session, request_id)
    award = approval.newest_award(session, request_id)
    said_no = approval.newest_refusal(session, request_id)
    explanation = eligibility.explanation(session, request_id)
    if households.unsaid(version.content):  # who may read it is a question to staff
        return NOTHING
    if award is not None and award.state == "released":
        return _of_award(house, session, award)
    if said_no is not None and said_no.state == "confirmed" and said_no.version_number == version.number:
        by = said_no.confirmed_by
        assert by is not None  # the table says so
        signer = people.staff_names(session, [by])[by]
        return Owed(tuple(_refusals(house, session, version, explanation, signer)))
    if explanation.family_questions and explanation.number == version.number:
        return Owed((_questions(house, session, version, explanation),))
    return NOTHING


def _case_manager(session: Session, version: Version) -> str:
    who = intake.request(session, version.request_id).requested_by
    return people.staff_names(session, [who])[who]


def _heading(house: House, session: Session, version: Version, signer: str, view: TravelRequest) -> Heading:
    return trips.heading_of(session, version.request_id, view, signer=signer, now=house.now())


def _of_award(house: House, session: Session, award: approval.Award) -> Owed:
    """A letter and a plan for each household, from what that household may read.

    The plan is made again when a booking changed; the letter stays what was approved.
    """
    assert award.digest is not None  # released awards have one, the table says so
    changes = sum(booking.revision for booking in bookings.of_award(session, award.id))
    drafts: list[Draft] = []
    for trip in trips.of_award(session, award, now=house.now()):
        paper = partial(
            Draft,
            award.request_id,
            award.version_number,
            language=trip.language,
            award_id=award.id,
            digest=award.digest,
            household=trip.household,
        )
        approved = letter.of_household(award.letter or {}, trip.household)
        if approved:
            template = award.template_hashes.get(f"approval_letter.{trip.language}")
            drafts.append(paper("approval_letter", context=approved, template=template))
        if trip.request.legs:
            events = trips.calendar_of(trip, now=house.now())
            drafts.append(paper("itinerary", context=trip.context, ics=events, revision=trip.revision))
    return Owed(tuple(drafts), (award.id, award.digest, changes))


def _refusals(
    house: House, session: Session, version: Version, explanation: Explanation, signer: str
) -> Iterator[Draft]:
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
        yield _draft(version, "refusal_letter", language, body, household)


def _questions(house: House, session: Session, version: Version, explanation: Explanation) -> Draft:
    """Asked of the household the child is released to; nobody else is told that something is open."""
    household = households.primary(version.content)
    view = households.view_for(version.content, household)
    language = letter.addressee(view)[1].language
    heading = _heading(house, session, version, _case_manager(session, version), view)
    asked = [Said(q.text.en, q.text.es) for q in explanation.family_questions]
    body = context.information_request(heading, language, questions=asked)
    return _draft(version, "information_request", language, body, household)


def _draft(version: Version, kind: str, language: Language, body: dict[str, Any], household: str) -> Draft:
    return Draft(version.request_id, version.number, kind, language, body, household=household)
