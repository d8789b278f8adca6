"""What others may be told of a family, for staff: ask, keep what was signed on paper, or taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent import wording
from reunify.consent.actions import Paper
from reunify.consent.policy import CUSTODIAN, MONTHS, STRIPE, Recipient, RecipientKind, Told
from reunify.consent.queries import Ask
from reunify.identity.queries import staff_names
from reunify.intake import queries as intake
from reunify.intake import signers
from reunify.intake.form import TravelRequest
from reunify.intake.reach import Reach
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotFound, Problem, Refused
from reunify.kernel.sight import Sight
from reunify.kernel.text import is_safe
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.scope import case_at

router = APIRouter(include_in_schema=False)
ConsentKeeper = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR))]
ConsentCase = Annotated[Reach, Depends(case_at(ConsentKeeper, Sight.WHOLE))]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, who must sign it and what each said. Names never show in a `repr`."""

    ask: Ask
    about: str = field(repr=False)
    state: str
    needs: str = field(repr=False)
    signers: list[tuple[str, str]] = field(repr=False)  # key and name of each whose signature may count
    givers: list[tuple[str, str]] = field(repr=False)  # key and name of each whose yes stands
    names: dict[str, str] = field(repr=False)
    words: list[str] = field(repr=False)


@router.get("/requests/{request_id}/consents")
def show(request: Request, request_id: UUID, by: ConsentKeeper, at: AtHouse, case: ConsentCase) -> Response:
    return _page(request, case, by, at)


@router.post("/requests/{request_id}/consents")
def ask(
    request: Request, request_id: UUID, form: PostedForm, by: ConsentKeeper, at: AtHouse, case: ConsentCase
) -> Response:
    """Put a new question to those who must sign it: on paper, or on their own page."""
    try:
        with at.db.work() as session:
            content = _content(session, request_id)
            recipient, what, about = _read_ask(form, content)
            consent.ask(
                session,
                request_id=case.request_id,
                recipient=recipient,
                what=what,
                about=about,
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _refused(request, case, by, at, refused)
    return go(f"/requests/{request_id}/consents", "consent_asked")


@router.post("/requests/{request_id}/consents/paper")
def write_down(
    request: Request, request_id: UUID, form: PostedForm, by: ConsentKeeper, at: AtHouse, case: ConsentCase
) -> Response:
    """A signature on paper that this member of staff saw."""
    try:
        with at.db.work(wake=True) as session:
            content = _content(session, request_id)
            question = _question(session, case, form)
            consent.record_paper(
                session,
                ask=question,
                needed=signers.needed_for(content, question.about, on=at.now().date()),
                giver=text_of(form, "giver"),
                name=_plain(form, "name"),
                months=int(text_of(form, "months")) if text_of(form, "months").isdigit() else 0,
                paper=Paper(_plain(form, "paper"), by.id),
                language="es" if text_of(form, "language") == "es" else "en",
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _refused(request, case, by, at, refused)
    return go(f"/requests/{request_id}/consents", "consent_kept")


@router.post("/requests/{request_id}/consents/taking-back")
def take_back(
    request: Request, request_id: UUID, form: PostedForm, by: ConsentKeeper, at: AtHouse, case: ConsentCase
) -> Response:
    """The giver told us, by phone or in person: from now on nothing more is told."""
    try:
        with at.db.work(wake=True) as session:
            question = _question(session, case, form)
            consent.take_back(session, ask=question, giver=text_of(form, "giver"), by=by, now=at.now())
    except Refused as refused:
        return _refused(request, case, by, at, refused)
    return go(f"/requests/{request_id}/consents", "consent_back")


def _content(session: Session, request_id: UUID) -> TravelRequest:
    return intake.newest_version(session, request_id).content


def _question(session: Session, case: Reach, form: FormData) -> Ask:
    """Of this very request; another family's is not found."""
    try:
        wanted = UUID(text_of(form, "ask"))
    except ValueError:
        raise NotFound("There is no such question.") from None
    return consents.ask(session, case.request_id, wanted)


def _read_ask(form: FormData, content: TravelRequest) -> tuple[Recipient, Told, str]:
    kind, what, about = (text_of(form, name) for name in ("kind", "what", "about"))
    wrong = []
    if kind not in list(RecipientKind):
        wrong.append(Problem("/kind", "Choose what kind of recipient it is."))
    if what not in list(Told):
        wrong.append(Problem("/what", "Choose what may be told."))
    if about not in dict(_people(content)):
        wrong.append(Problem("/about", "Choose whom it is about."))
    name = _plain(form, "recipient")
    if len(name) < 2:
        wrong.append(Problem("/recipient", "Name the recipient: a consent is for one."))
    if wrong:
        raise BadInput(wrong)
    recipient = (
        STRIPE if RecipientKind(kind) is RecipientKind.PROCESSOR else Recipient(RecipientKind(kind), name)
    )
    return recipient, Told(what), about


def _plain(form: FormData, name: str) -> str:
    typed = text_of(form, name)
    if len(typed) > 300 or not is_safe(typed):
        raise BadInput([Problem(f"/{name}", "Write at most 300 plain characters.")])
    return typed


def _people(content: TravelRequest) -> list[tuple[str, str]]:
    found = {t.key: t.name for t in content.travelers}
    found |= {signers.giver_of(p): p.name for p in content.payees if p.kind != "partner"}
    return list(found.items())


def _refused(request: Request, case: Reach, by: Staff, at: House, refused: Refused) -> Response:
    wrong = [p.remedy for p in refused.problems] if isinstance(refused, BadInput) else [str(refused)]
    return _page(request, case, by, at, wrong=wrong, status=422)


def _page(
    request: Request, case: Reach, by: Staff, at: House, *, wrong: list[str] | None = None, status: int = 200
) -> Response:
    now = at.now()
    with at.db.work() as session:
        submitted = intake.newest_number(session, case.request_id) > 0
        content = _content(session, case.request_id) if submitted else None
        asked = (
            [_asked(one, content, at) for one in consents.asks(session, case.request_id)] if content else []
        )
        told = consents.releases(session, case.request_id)
        org = organisation_now(session, at)
        witnesses = staff_names(session, [g.witness for a in asked for g in a.ask.given if g.witness])
        reading.one(session, by=by, at=now, subject="consent", subject_id=case.request_id)
    return staff_page(
        request,
        "staff/consents.html",
        me=by,
        org=org,
        status=status,
        case=case,
        now=now,
        asked=asked,
        told=[(t, signers.called(content, t.about)) for t in told] if content else [],
        people=_people(content) if content else [],
        kinds=list(RecipientKind),
        whats=list(Told),
        said_of=wording.WHAT,
        months=MONTHS,
        witnesses=witnesses,
        custodian=CUSTODIAN,
        wrong=wrong or [],
    )


def _asked(ask: Ask, content: TravelRequest, at: House) -> Asked:
    now = at.now()
    needed = signers.needed_for(content, ask.about, on=now.date())
    named = {key: signers.called(content, key) for key in (*needed.givers, *ask.newest)}
    lacking = needed.missing(ask.agreed(now))
    either = [named[key] for key in lacking if key in needed.one_of]
    parts = [named[key] for key in lacking if key in needed.all_of]
    if either:
        parts.append(" or ".join(either))
    about = signers.called(content, ask.about)
    return Asked(
        ask=ask,
        about=about,
        state=ask.state(needed, now),
        needs=" and ".join(parts),
        signers=[(key, named[key]) for key in needed.givers],
        givers=[(key, named[key]) for key in ask.agreed(now)],
        names=named,
        words=wording.sentences(recipient=ask.recipient.name, what=ask.what, about=about, language="en"),
    )
