"""What the family's page says, read from the rooms. "Approved" is said only after the last money gate.

Each reader sees what is their household's: their lines, legs, money and papers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval import letter
from reunify.disbursement.policy import DONE
from reunify.documents import queries as documents
from reunify.documents import support as helpers
from reunify.documents import words
from reunify.documents.context import Addressee, Heading, Organisation, Signer, approval_letter
from reunify.documents.fields import FOR_OTHERS
from reunify.documents.for_household import household_itinerary
from reunify.documents.queries import Document
from reunify.documents.support import Told
from reunify.identity.queries import staff_names
from reunify.intake import households
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.intake.households import view_for
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused
from reunify.payees.queries import by_id
from reunify.rates.policy import Organisation as Ours
from reunify.referrals import queries as referrals
from reunify.reporting.money_left import ADVICE, CLOSEOUT
from reunify.reporting.progress import Progress

_SENT = ("settled",)
_TROUBLE = ("failed",)
_CAME_BACK = ("returned",)


@dataclass(frozen=True, slots=True)
class Paper:
    id: str
    kind: str
    language: str
    formats: tuple[str, ...]
    day: str = ""  # of one among several of its kind


@dataclass(frozen=True, slots=True)
class Seen:
    """One reader's sight of a request. `household` None: theirs is neither of two; little is shown."""

    reader: str
    household: str | None
    content: TravelRequest

    @property
    def language(self) -> Language:
        """Their own, else of the adult their household's letters speak to."""
        own = next((t.contact for t in self.content.travelers if t.key == self.reader and t.contact), None)
        if own is not None:
            return own.language
        view = view_for(self.content, self.household) if self.household else self.content
        return letter.addressee(view)[1].language


def seen_by(session: Session, request_id: RequestId, reader: str) -> Seen | None:
    """None for somebody the request no longer names, and while it is a draft."""
    if intake.newest_number(session, request_id) == 0:
        return None
    content = intake.newest_version(session, request_id).content
    if all(t.key != reader for t in content.travelers):
        return None
    return Seen(reader, households.household_of_reader(content, reader), content)


def state_of(progress: Progress) -> str:
    """One of the page's states; what is not yet released is being arranged, whatever finance is doing."""
    if progress.award is not None and progress.award.state == "released":
        return "approved"
    if progress.stage == "refused":
        return "cannot"
    if progress.stage == "paid_elsewhere":
        return "elsewhere"
    if progress.stage in ("declined", "withdrawn"):
        return "talk"
    if progress.stage == "question" and _asked(progress, "en"):
        return "question"
    return "arranging"


def support(session: Session, seen: Seen, language: Language, on: date) -> list[Told]:
    """Others who can help: behind the PIN the specific ones too."""
    view = view_for(seen.content, seen.household) if seen.household else None
    states = helpers.states_of(view) if view else ()
    return helpers.told(referrals.for_family(session, states=states, on=on), language)


def questions(progress: Progress, seen: Seen, language: Language) -> list[str]:
    """Only what a family can know, and only of the household that is asked."""
    if seen.household != households.primary(seen.content):
        return []
    return _asked(progress, language)


def _asked(progress: Progress, language: Language) -> list[str]:
    if progress.explanation is None or progress.stage != "question":
        return []
    asked = [q.text.in_language(language) for q in progress.explanation.family_questions]
    return list(dict.fromkeys(asked))


def trip(
    session: Session, progress: Progress, seen: Seen, language: Language, org: Ours | None
) -> dict[str, Any] | None:
    """The plan per traveler, with local times spelled out; None while it cannot be told."""
    if org is None or seen.household is None:
        return None
    name, _ = letter.addressee(view_for(seen.content, seen.household))
    signer = staff_names(session, [progress.request.requested_by]).get(
        progress.request.requested_by, org.name
    )
    heading = Heading(
        reference=progress.request.reference,
        dated=words.local(progress.request.created_at, org.time_zone).date(),
        organisation=Organisation(org.name, org.letterhead_lines, org.day_phone, org.night_phone),
        addressee=Addressee(name),
        signer=Signer(signer, "Case manager", "Responsable de su caso", org.day_phone),
    )
    approved = state_of(progress) == "approved"
    arranged = [line.key for line in seen.content.cost_lines] if approved else []
    try:
        return household_itinerary(
            heading,
            language,
            request=seen.content,
            household=seen.household,
            arranged=arranged,
            bookings=progress.bookings if approved else [],
        )
    except Refused:  # a time zone nobody knows: the page still opens
        return None


def costs(session: Session, progress: Progress, seen: Seen, language: Language) -> dict[str, Any] | None:
    """The letter that was approved, line by line with public fund names; None before the release."""
    award = progress.award
    if award is None or award.state != "released" or award.letter is None or seen.household is None:
        return None
    assert progress.plan is not None  # an award has a plan
    then = intake.version(session, progress.plan.version_id).content
    theirs = households.household_of_reader(then, seen.reader)
    if theirs is None or not _may_read(seen, theirs, then):
        return None
    approved = letter.of_household(award.letter, theirs)
    return approval_letter(approved, language) if approved else None


def money_sent(session: Session, progress: Progress, seen: Seen) -> list[tuple[str, str, str]]:
    """(sentence key, amount, name) for money that goes to a person of the reader's household."""
    said = []
    theirs = own_payees(seen)
    payees = by_id(session, {made.payee for made in progress.instructions})
    for made in progress.instructions:
        to = payees[made.payee]
        if to.kind != "person" or made.unit not in ("usd", "cents") or made.state == "withdrawn":
            continue
        if to.key not in theirs:
            continue
        key = "money_soon"
        if made.state in _SENT:
            key = "money_sent" if made.rail == "global_payout" else "money_paid"
        elif made.state in _TROUBLE:
            key = "money_trouble"
        elif made.state in _CAME_BACK:
            key = "money_came_back"
        said.append((key, str(Money(made.amount)), to.legal_name))
    return said


def own_payees(seen: Seen) -> set[str]:
    """The keys of those whose money is of the reader's household."""
    return {p.key for p in seen.content.payees if _is_theirs(p.key, seen)}


def own_documents(session: Session, request_id: RequestId, seen: Seen) -> list[Document]:
    """Made for the reader's household as it was and as it is. Nobody else's is ever found."""
    every = {v.number: v for v in intake.versions(session, request_id)}
    return [
        document
        for document in documents.list_for_request(session, request_id)
        if document.kind not in FOR_OTHERS
        and document.number in every
        and _may_read(seen, document.household, every[document.number].content)
    ]


def has_document(session: Session, request_id: RequestId, seen: Seen, document_id: UUID) -> bool:
    return any(document.id == document_id for document in own_documents(session, request_id, seen))


def papers(found: list[Document], language: Language, progress: Progress, zone: tzinfo = UTC) -> list[Paper]:
    """The newest of each kind and language, and of each payment that stands; the family's own language first.

    No advice is shown of money that came back, nor a closing letter while something is to be paid anew: a
    person calls about it.
    """
    standing = {str(made.id) for made in progress.instructions if made.state in _SENT}
    closed = all(made.state in DONE for made in progress.instructions)
    newest: dict[tuple[str, str, str], Document] = {}
    for document in sorted(found, key=lambda d: (d.number, d.made_at), reverse=True):
        stands = document.concerning in standing if document.kind == ADVICE else True
        if stands and (closed or document.kind != CLOSEOUT):
            newest.setdefault((document.kind, document.language, document.concerning), document)
    latest = max((d.number for d in newest.values()), default=0)
    shown = [d for d in newest.values() if d.kind != "information_request" or d.number == latest]
    shown.sort(key=lambda d: (d.language != language, d.kind, d.made_at))
    return [Paper(str(d.id), d.kind, d.language, tuple(d.formats), _day(d, language, zone)) for d in shown]


def _day(document: Document, language: Language, zone: tzinfo) -> str:
    if document.kind != ADVICE:
        return ""
    return words.day(document.made_at.astimezone(zone).date(), language)


def _may_read(seen: Seen, household: str, then: TravelRequest) -> bool:
    return households.may_read(seen.reader, household=household, then=then, now=seen.content)


def _is_theirs(key: str, seen: Seen) -> bool:
    said = next(p for p in seen.content.payees if p.key == key)
    return seen.household is not None and households.payee_household(said, seen.content) == seen.household
