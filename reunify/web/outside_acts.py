"""The acts over papers for somebody outside, each once: page and API only differ in what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.consent import actions as consent
from reunify.consent.policy import Recipient, RecipientKind
from reunify.documents import (
    funder_letters,
    minor_request,
    outside_papers,
    partner_request,
    supervision_request,
)
from reunify.documents.making import make
from reunify.documents.outside_facts import NothingToRequest, Telling, told_of_leg
from reunify.documents.outside_papers import Wanted
from reunify.documents.queries import Document
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.intake.reach import Reach
from reunify.kernel.people import Staff
from reunify.kernel.refusals import BadInput, Problem, Refused
from reunify.kernel.text import is_safe

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class AskedFor:
    """As staff say it. `about`: the ask, the partner's key or the leg's; the rest is for legs alone.

    `brings`, `meets`: travelers (keys), else the workers named beside them. `office`: of an airport's office.
    """

    kind: str
    about: str
    language: Language = "en"
    brings: str = ""
    brings_worker: str = field(default="", repr=False)
    meets: str = ""
    meets_worker: str = field(default="", repr=False)
    office: str = ""
    at: str = ""


def make_paper(at: House, case: Reach, asked: AskedFor, by: Staff) -> Document:
    """Drafted, made outside any transaction, kept if it still may be told. Raises as `draft` and `keep`."""
    with at.db.read() as session:
        wanted = _wanted(session, case, asked, at)
        draft = outside_papers.draft(session, wanted, by=by, now=at.now())
    (made,) = make([draft], renderer=at.renderer, converter=at.converter, own_url=at.settings.own_url)
    if isinstance(made, Refused):
        raise made
    with at.db.work(wake=True) as session:
        return outside_papers.keep(session, wanted=wanted, made=made, by=by, now=at.now())


def ask_family(at: House, case: Reach, asked: AskedFor, by: Staff) -> list[Telling]:
    """Puts every question the paper needs to those who must sign, the recipient spelled as on the paper."""
    with at.db.work(wake=True) as session:
        tellings = _tellings(session, case, asked)
        for one in tellings:
            consent.ask(
                session,
                request_id=case.request_id,
                recipient=one.recipient,
                what=one.what,
                about=one.about,
                by=by,
                now=at.now(),
            )
    return tellings


def _wanted(session: Session, case: Reach, asked: AskedFor, at: House) -> Wanted:
    about = asked.about
    if asked.kind == funder_letters.KIND:
        about = str(_id(about))
    elif asked.kind != partner_request.KIND:
        to = _recipient(session, case, _newest(session, case), asked)
        about = str(
            outside_papers.of_leg(
                session,
                case.request_id,
                to,
                about,
                brings=asked.brings,
                meets=asked.meets,
                now=at.now(),
            )
        )
    return Wanted(
        case.request_id,
        asked.kind,
        asked.language,
        about,
        "" if asked.brings else _plain(asked.brings_worker, "/brings_worker"),
        "" if asked.meets else _plain(asked.meets_worker, "/meets_worker"),
        asked.at,
    )


def _tellings(session: Session, case: Reach, asked: AskedFor) -> list[Telling]:
    """A funder's are asked for where the ask is written down."""
    content = _newest(session, case)
    if asked.kind == partner_request.KIND:
        return partner_request.told(content, asked.about)
    minor_request.of_leg(content, asked.about)
    to = _recipient(session, case, content, asked)
    return told_of_leg(content, to, asked.about, (asked.brings, asked.meets))


def _recipient(session: Session, case: Reach, content: TravelRequest, asked: AskedFor) -> Recipient:
    """Never typed where we know it: a consent for another name is none."""
    if asked.kind == minor_request.KIND:
        bookings = outside_papers.standing(session, case.request_id)
        found = outside_papers.carrier_of(content, asked.about, bookings)
        if found is None:
            raise NothingToRequest("Write on the request who carries the child on this leg.", field="/about")
        return found
    if asked.kind != supervision_request.KIND:
        raise BadInput([Problem("/kind", "Choose which paper to make.")])
    name = _plain(asked.office, "/office")
    if len(name) < 2:
        raise BadInput([Problem("/office", "Name the office: a consent is for one.")])
    return Recipient(RecipientKind.AGENCY, name)


def _newest(session: Session, case: Reach) -> TravelRequest:
    return intake.newest_version(session, case.request_id).content


def _plain(typed: str, pointer: str) -> str:
    if len(typed) > _LONGEST or not is_safe(typed):
        raise BadInput([Problem(pointer, f"Write at most {_LONGEST} plain characters.")])
    return " ".join(typed.split())


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput([Problem("/about", "Choose from the list.")]) from None
