"""The family's links, one for each reader: made first, made anew after a call back, and closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.consent.policy import may_contact
from reunify.consent.safe_contact import Allowed, Channel, Kind
from reunify.identity import family_links, family_policy, family_queries
from reunify.identity.family_links import NewLink
from reunify.identity.family_policy import CallBack
from reunify.identity.family_queries import Link, Voucher
from reunify.identity.queries import staff_names
from reunify.intake import changed_people, households, signers
from reunify.intake import queries as intake
from reunify.intake.form import Language, Traveler
from reunify.intake.queries import Version
from reunify.intake.reach import Reach
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.sight import Sight
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.pages.read_aloud import script
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.scope import case_at

router = APIRouter(include_in_schema=False)
# Day or night: whoever is in charge of the case, or of the team.
LinkMaker = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR))]
LinkCase = Annotated[Reach, Depends(case_at(LinkMaker, Sight.WHOLE))]


@dataclass(frozen=True, slots=True)
class Reader:
    """One person who may have a link: how it stands, how they may be told, how it may be made anew."""

    key: str
    name: str = field(repr=False)
    household: str
    language: Language
    interpreter: bool
    link: Link | None
    changed: str
    numbers: list[tuple[str, str]] = field(repr=False)
    voucher: Voucher | None
    call: str
    may_call: bool


@router.get("/requests/{request_id}/links")
def show(request: Request, request_id: UUID, by: LinkMaker, at: AtHouse, case: LinkCase) -> Response:
    return _page(request, case, by, at)


@router.post("/requests/{request_id}/links")
def make(
    request: Request, request_id: UUID, form: PostedForm, by: LinkMaker, at: AtHouse, case: LinkCase
) -> Response:
    """The reader's first link, or a new one after the call back. Shown on this one page and never again."""
    number = text_of(form, "number")
    call = CallBack(number, text_of(form, "spoke_with")[:300]) if number else None
    try:
        with at.db.work() as session:
            versions, reader = _reader(session, case.request_id, form)
            made = family_links.make_family_link(
                session,
                request_id=case.request_id,
                reader=reader.key,
                call_back=call,
                on_file=signers.numbers_on_file(versions, reader.key, now=at.now()),
                within=case.opened,
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _refused(request, case, by, at, form, refused)
    return _page(request, case, by, at, made=(reader.key, made))


@router.post("/requests/{request_id}/links/vouchers")
def vouch(
    request: Request, request_id: UUID, form: PostedForm, by: LinkMaker, at: AtHouse, case: LinkCase
) -> Response:
    """No number is on file: the first of two people says how they know."""
    try:
        with at.db.work() as session:
            versions, reader = _reader(session, case.request_id, form)
            family_links.vouch(
                session,
                request_id=case.request_id,
                reader=reader.key,
                how_known=text_of(form, "how_known")[:4000],
                on_file=signers.numbers_on_file(versions, reader.key, now=at.now()),
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _refused(request, case, by, at, form, refused)
    return go(f"/requests/{request_id}/links", "vouched")


@router.post("/requests/{request_id}/links/confirmation")
def confirm(
    request: Request, request_id: UUID, form: PostedForm, by: LinkMaker, at: AtHouse, case: LinkCase
) -> Response:
    """The second person makes the link, and tells the PIN."""
    try:
        with at.db.work() as session:
            _, reader = _reader(session, case.request_id, form)
            word = family_queries.vouchers(session, case.request_id, at.now()).get(reader.key)
            if word is None:
                raise family_policy.VoucherSpent("Your colleague's word is older than an hour. Ask again.")
            made = family_links.make_with_second_person(
                session,
                request_id=case.request_id,
                voucher_id=word.id,
                within=case.opened,
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _refused(request, case, by, at, form, refused)
    return _page(request, case, by, at, made=(reader.key, made))


@router.post("/requests/{request_id}/links/closing")
def close(request_id: UUID, form: PostedForm, by: LinkMaker, at: AtHouse, case: LinkCase) -> Response:
    """The link stops working at once, for whoever has it open too."""
    with at.db.work() as session:
        reader = text_of(form, "reader")
        family_links.revoke(session, request_id=case.request_id, reader=reader, by=by, now=at.now())
    return go(f"/requests/{request_id}/links", "link_closed")


def just_made(request: Request, case: Reach, by: Staff, at: House, reader: str, link: NewLink) -> Response:
    """The page with a link made elsewhere: its secrets are shown this once."""
    return _page(request, case, by, at, made=(reader, link))


def _reader(session: Session, request_id: RequestId, form: FormData) -> tuple[list[Version], Traveler]:
    versions = intake.versions(session, request_id)
    able = signers.readers(versions[-1].content) if versions else []
    chosen = next((t for t in able if t.key == text_of(form, "reader")), None)
    if chosen is None:
        raise NotFound("Choose one of the readers.")
    return versions, chosen


def _refused(
    request: Request, case: Reach, by: Staff, at: House, form: FormData, refused: Refused
) -> Response:
    typed = {name: text_of(form, name) for name in ("reader", "spoke_with", "how_known", "number")}
    return _page(request, case, by, at, wrong=str(refused), typed=typed, status=422)


def _page(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    *,
    made: tuple[str, NewLink] | None = None,
    wrong: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with at.db.work() as session:
        versions = intake.versions(session, case.request_id)
        readers = _readers(session, case, versions, at)
        org = organisation_now(session, at)
        links = [r.link.made_by for r in readers if r.link]
        names = staff_names(session, [*links, *(r.voucher.vouched_by for r in readers if r.voucher)])
        reading.one(session, by=by, at=at.now(), subject="family_link", subject_id=case.request_id)
    return staff_page(
        request,
        "staff/links.html",
        me=by,
        org=org,
        status=status,
        case=case,
        readers=readers,
        names=names,
        wrong=wrong,
        typed=typed or {},
        made=_shown(at, made, readers) if made else None,
    )


def _shown(at: House, made: tuple[str, NewLink], readers: list[Reader]) -> dict[str, Any]:
    key, link = made
    reader = next(r for r in readers if r.key == key)
    base = at.settings.own_url.rstrip("/")
    place = f"{base.partition('://')[2]}/go"
    return {
        "reader": reader,
        "address": f"{base}/f/{link.token}",
        "place": place,
        "code": family_policy.spelled(link.code),
        "pin": link.pin,
        "script": script(link, place, reader.language),
    }


def _readers(session: Session, case: Reach, versions: list[Version], at: House) -> list[Reader]:
    if not versions:
        return []
    now, content = at.now(), versions[-1].content
    links = family_queries.newest(session, case.request_id, now)
    words = family_queries.vouchers(session, case.request_id, now)
    several = len(households.households(content)) > 1
    found = []
    for traveler in signers.readers(content):
        contact = traveler.contact
        verdict = may_contact(contact, Channel.CALL, now, Kind.PIN)
        allowed = isinstance(verdict, Allowed)
        said = " ".join(verdict.care) if isinstance(verdict, Allowed) else verdict.reason
        on_file = signers.numbers_on_file(versions, traveler.key, now=now)
        found.append(
            Reader(
                key=traveler.key,
                name=traveler.name,
                household=(households.household_of(traveler) or "both") if several else "",
                language=contact.language if contact else "en",
                interpreter=contact.interpreter if contact else False,
                link=links.get(traveler.key),
                changed=_changed(versions, links.get(traveler.key)),
                numbers=[(number, family_policy.digits(number)[-2:]) for number in on_file],
                voucher=words.get(traveler.key),
                call=said,
                may_call=allowed,
            )
        )
    return found


def _changed(versions: list[Version], link: Link | None) -> str:
    """Why a closed link closed by itself: what the request says otherwise since it was made."""
    if link is None or link.state != "closed":
        return ""
    known = [v for v in versions if v.submitted_at < link.made_at] or versions[:1]
    changes = changed_people.not_the_same(known[-1].content, versions[-1].content)
    return " and ".join(changes.get(link.reader, []))
