"""What others may be told, decided by the reader: agree, say no, take it back. And who was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bootstrap import House
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent import wording
from reunify.consent.policy import (
    LONGEST_MONTHS,
    MONTHS,
    STRIPE,
    AlreadyTakenBack,
    NotSigned,
    Recipient,
)
from reunify.consent.queries import Ask, Given
from reunify.documents import words
from reunify.intake import disclosures, households, signers
from reunify.intake.form import Language
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Family
from reunify.kernel.refusals import NotFound
from reunify.kernel.text import is_safe
from reunify.rates.policy import Organisation
from reunify.web.audience import AtFamily, AtHouse, OpenLinkFirst
from reunify.web.pages.family_plan import Seen, seen_by
from reunify.web.pages.family_shell import family_page, language_of_page
from reunify.web.pages.family_words import Say, speaker
from reunify.web.pages.view import go, organisation_now

router = APIRouter(include_in_schema=False)
Decision = Literal["yes", "no", "back"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question as the reader sees it; what they typed never shows in a `repr`."""

    id: UUID
    recipient: str
    sentences: list[str] = field(repr=False)
    said: str
    agreed: bool
    waits: bool
    typed: str = field(default="", repr=False)
    wrong: bool = False


@router.get("/family/consents")
def show(request: Request, opened: AtFamily, at: AtHouse, lang: str | None = None) -> Response:
    who, request_id = opened
    return _page(request, at, who, request_id, lang)


@router.post("/family/consents")
def decide(
    request: Request,
    opened: AtFamily,
    at: AtHouse,
    ask: Annotated[UUID, Form()],
    answer: Annotated[Decision, Form()],
    name: Annotated[str, Form()] = "",
    months: Annotated[int, Form()] = LONGEST_MONTHS,
    lang: Annotated[str | None, Form()] = None,
) -> Response:
    """The reader's own answer, for themselves only."""
    who, request_id = opened
    if not is_safe(name) or len(name) > 200:
        return _page(request, at, who, request_id, lang, wrong=ask)
    try:
        with at.db.work(wake=True) as session:
            seen = _seen(session, request_id, who)
            question = consents.ask(session, request_id, ask)
            needed = signers.needed_for(seen.content, question.about, on=at.now().date())
            if not _is_asked(at, question, seen):
                raise NotFound("There is no such question.")
            language = language_of_page(request, lang, seen.language)
            if answer == "back":
                consent.take_back(session, ask=question, giver=who.reader, by=who, now=at.now())
            elif answer == "no":
                consent.refuse_on_page(
                    session, ask=question, needed=needed, language=language, by=who, now=at.now()
                )
            else:
                consent.agree_on_page(
                    session,
                    ask=question,
                    needed=needed,
                    name=name,
                    months=months,
                    language=language,
                    by=who,
                    now=at.now(),
                )
    except NotSigned:
        return _page(request, at, who, request_id, lang, wrong=ask, typed=name)
    except AlreadyTakenBack:
        pass  # pressed twice: the page shows how it stands
    return go("/family/consents" + (f"?lang={lang}" if lang in ("en", "es") else ""))


def _page(
    request: Request,
    at: House,
    who: Family,
    request_id: RequestId,
    lang: str | None,
    *,
    wrong: UUID | None = None,
    typed: str = "",
) -> Response:
    with at.db.work() as session:
        seen = _seen(session, request_id, who)
        org = organisation_now(session, at)
        language = language_of_page(request, lang, seen.language)
        questions = [
            _question(at, one, seen, language, wrong=one.id == wrong, typed=typed if one.id == wrong else "")
            for one in consents.asks(session, request_id)
            if _is_asked(at, one, seen)
        ]
        told = _told(session, request_id, seen, language, org)
        audit.record(session, by=who, at=at.now(), subject="consent", subject_id=request_id, moved="read")
    return family_page(
        request,
        "family/consents.html",
        language,
        org,
        status=422 if wrong else 200,
        questions=questions,
        told=told,
        months=MONTHS,
    )


def _seen(session: Session, request_id: RequestId, who: Family) -> Seen:
    seen = seen_by(session, request_id, who.reader)
    if seen is None:
        raise OpenLinkFirst("Please open your private link again and type the PIN we told you.")
    return seen


def _is_asked(at: House, ask: Ask, seen: Seen) -> bool:
    """The reader's signature is needed, or was given; what would tell the other's place is not theirs.

    A yes of one's own that stands is always shown, so that it can be taken back.
    """
    if seen.reader in ask.agreed(at.now()):
        return True
    needed = signers.needed_for(seen.content, ask.about, on=at.now().date()).givers
    theirs = seen.reader in needed or seen.reader in ask.newest
    return theirs and not _tells_a_place(ask.recipient, ask.about, seen)


def _question(at: House, ask: Ask, seen: Seen, language: Language, *, wrong: bool, typed: str) -> Question:
    now = at.now()
    mine = ask.newest.get(seen.reader)
    agreed = mine is not None and mine.standing.agrees(now)
    needed = signers.needed_for(seen.content, ask.about, on=now.date())
    about = signers.called(seen.content, ask.about)
    return Question(
        id=ask.id,
        recipient=ask.recipient.name,
        sentences=wording.sentences(
            recipient=ask.recipient.name, what=ask.what, about=about, language=language
        ),
        said=_said(mine, agreed, language, speaker(language)),
        agreed=agreed,
        waits=agreed and bool(needed.missing(ask.agreed(now))),
        typed=typed,
        wrong=wrong,
    )


def _said(mine: Given | None, agreed: bool, language: Language, say: Say) -> str:
    if mine is None:
        return ""
    if agreed and mine.ends_at is not None:
        return say("agreed", day=words.day(mine.ends_at.date(), language))
    if mine.revoked_at is not None:
        return say("taken_back")
    return say("said_no") if mine.answer == "no" else say("ended")


def _told(
    session: Session, request_id: RequestId, seen: Seen, language: Language, org: Organisation | None
) -> list[str]:
    """Who was told about the reader's own people, with consent; and who may read names by order."""
    say = speaker(language)
    lines = [
        say(
            "told_line",
            recipient=told.recipient.name,
            day=words.day(told.told_at.date(), language),
            what=wording.WHAT[told.what][language == "es"],
        )
        for told in consents.releases(session, request_id)
        if _is_theirs(told.about, seen) and not _tells_a_place(told.recipient, told.about, seen)
    ]
    return lines + [
        say(
            "told_by_law",
            recipient=say("somebody_by_law") if _hides(seen) else order.asked_by,
            first=words.day(order.starts_at.date(), language),
            last=words.day(order.ends_at.date(), language),
        )
        for order in disclosures.disclosures_for_family(session, request_id)
    ]


def _tells_a_place(recipient: Recipient, about: str, seen: Seen) -> bool:
    """Whoever helps the child or the other may say by their name where the protected household is."""
    return _hides(seen) and not (recipient == STRIPE and _is_own(about, seen))


def _hides(seen: Seen) -> bool:
    """Another household than the reader's is protected, or may be."""
    others = [h for h in households.households(seen.content) if h != seen.household]
    return any(households.is_protected(seen.content, other) for other in others)


def _is_own(about: str, seen: Seen) -> bool:
    """Of the reader's household alone: a child of both is not."""
    shared = any(t.key == about and households.household_of(t) is None for t in seen.content.travelers)
    return _is_theirs(about, seen) and not shared


def _is_theirs(about: str, seen: Seen) -> bool:
    """The reader themselves, their household, or a child of both; never the other household's people."""
    if about == seen.reader:
        return True
    if seen.household is None:
        return False
    traveler = next((t for t in seen.content.travelers if t.key == about), None)
    if traveler is not None:
        alone = len(households.households(seen.content)) == 1
        return alone or households.household_of(traveler) in (seen.household, None)
    payee = next((p for p in seen.content.payees if signers.giver_of(p) == about), None)
    return payee is not None and households.payee_household(payee, seen.content) == seen.household
