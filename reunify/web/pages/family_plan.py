"""What the family's page says, read from the rooms. "Approved" is said only after the last money gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from reunify.approval.letter import addressee
from reunify.documents import words
from reunify.documents.context import Addressee, Heading, Organisation, Signer, approval_letter
from reunify.documents.itinerary import itinerary
from reunify.documents.queries import Document
from reunify.identity.queries import staff_names
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused
from reunify.payees.queries import payee
from reunify.rates.policy import Organisation as Ours
from reunify.reporting.progress import Progress

_SENT = ("settled",)
_TROUBLE = ("failed", "returned")


@dataclass(frozen=True, slots=True)
class Paper:
    id: str
    kind: str
    language: str
    formats: tuple[str, ...]


def state_of(progress: Progress) -> str:
    """One of the page's states; what is not yet released is being arranged, whatever finance is doing."""
    if progress.award is not None and progress.award.state == "released":
        return "approved"
    if progress.stage == "refused":
        return "cannot"
    if progress.stage in ("declined", "withdrawn"):
        return "talk"
    if progress.stage == "question" and questions(progress, "en"):
        return "question"
    return "arranging"


def questions(progress: Progress, language: Language) -> list[str]:
    """Only what a family can know; the rest is asked elsewhere."""
    if progress.explanation is None or progress.stage != "question":
        return []
    asked = [q.text.in_language(language) for q in progress.explanation.family_questions]
    return list(dict.fromkeys(asked))


def language_of(content: TravelRequest) -> Language:
    """The language of the adult the letters speak to."""
    return addressee(content)[1].language


def trip(session: Session, progress: Progress, language: Language, org: Ours | None) -> dict[str, Any] | None:
    """The plan per traveler, with local times spelled out; None while it cannot be told."""
    if org is None or progress.number == 0:
        return None
    content = intake.newest_version(session, progress.request.id).content
    name, _ = addressee(content)
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
    arranged = [line.key for line in content.cost_lines] if state_of(progress) == "approved" else []
    try:
        return itinerary(heading, language, request=content, arranged=arranged, contacts=[])
    except Refused:  # a time zone nobody knows: the page still opens
        return None


def costs(progress: Progress, language: Language) -> dict[str, Any] | None:
    """The letter that was approved, line by line with public fund names; None before the release."""
    award = progress.award
    if award is None or award.state != "released" or award.letter is None:
        return None
    return approval_letter(award.letter, language)


def money_sent(session: Session, progress: Progress) -> list[tuple[str, str, str]]:
    """(sentence key, amount, name) for money that goes to a person of the family."""
    said = []
    for made in progress.instructions:
        to = payee(session, made.payee)
        if to.kind != "person" or made.unit not in ("usd", "cents") or made.state == "withdrawn":
            continue
        key = "money_soon"
        if made.state in _SENT:
            key = "money_sent" if made.rail == "global_payout" else "money_paid"
        elif made.state in _TROUBLE:
            key = "money_trouble"
        said.append((key, str(Money(made.amount)), to.legal_name))
    return said


def papers(documents: list[Document], language: Language) -> list[Paper]:
    """The newest of each kind and language, the family's own language first."""
    newest: dict[tuple[str, str], Document] = {}
    for document in sorted(documents, key=lambda d: (d.number, d.made_at), reverse=True):
        newest.setdefault((document.kind, document.language), document)
    latest = max((d.number for d in newest.values()), default=0)
    found = [
        Paper(str(d.id), d.kind, d.language, tuple(d.formats))
        for d in newest.values()
        if d.kind != "information_request" or d.number == latest
    ]
    return sorted(found, key=lambda p: (p.language != language, p.kind))
