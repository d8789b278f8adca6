"""Others who can help a family: add one, say that it was checked again, take one off the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import ROOT, House
from reunify.documents import glossary_kept
from reunify.identity.queries import staff_names
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.referrals import actions, queries
from reunify.referrals.policy import DUE_AFTER, KEEPS, NOT_TOLD_AFTER, Entry, Kind, Language
from reunify.web.audience import AnyStaff, AtHouse, staff
from reunify.web.errors import status_of
from reunify.web.pages.acting import done
from reunify.web.pages.asked_fields import wrong_of
from reunify.web.pages.form_parts import Field, listed, options
from reunify.web.pages.form_showing import problems_of, short_form
from reunify.web.pages.typed import NotRead
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of, today

router = APIRouter(include_in_schema=False)
Keeper = Annotated[Staff, Depends(staff(*KEEPS))]
TEMPLATES: Final = ROOT / "document_templates"
_TEXTS: Final = ("what_en", "what_es", "hours_en", "hours_es")
_SPEAK: Final[dict[str, tuple[Language, ...]]] = {"both": ("en", "es"), "en": ("en",), "es": ("es",)}
_FIELDS: Final = (
    Field("kind", "Kind", "choice", options=options(Kind), needed=True),
    Field("what_en", "What it is, in English", hint="One line: who helps with what", needed=True),
    Field("what_es", "What it is, in Spanish", needed=True),
    Field("phone", "Phone", "phone", hint="As it is dialled", needed=True),
    Field("hours_en", "Hours, in English", hint="Like: day and night", needed=True),
    Field("hours_es", "Hours, in Spanish", hint="Like: de día y de noche", needed=True),
    Field("area", "State", hint="Two letters; empty for everywhere"),
    Field(
        "speaks",
        "They answer in",
        "choice",
        options=listed(both="English and Spanish", en="English only", es="Spanish only"),
        needed=True,
    ),
    Field(
        "told",
        "Where it is told",
        "choice",
        hint="Strangers read paper: nothing on it may say why a family travels",
        options=listed(
            paper="On paper, on the family's page and by voice",
            private="Only on the family's page and by voice",
        ),
        needed=True,
    ),
    Field("note", "How you checked it", hint="Who answered, or where it is published", needed=True),
)


@router.get("/referrals")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, by, at, FormData(), None)


@router.post("/referrals")
def add(request: Request, form: PostedForm, by: Keeper, at: AtHouse) -> Response:
    """Checked today, by whoever adds it."""

    def act(session: Session) -> object:
        return actions.add(
            session,
            entry=_entry(form),
            note=text_of(form, "/note"),
            wording=glossary_kept.in_force(session, TEMPLATES),
            today=today(organisation_now(session, at), at),
            by=by,
            now=at.now(),
        )

    def again(refused: Refused) -> Response:
        return _page(request, by, at, form, refused)

    return done(at, act, then=go("/referrals", "referral_added"), again=again)


@router.post("/referrals/{referral_id}/verified")
def verified(request: Request, referral_id: UUID, form: PostedForm, by: Keeper, at: AtHouse) -> Response:
    """Somebody called, and it is as written."""
    return _checked(request, referral_id, form, by, at, actions.verify, "referral_verified")


@router.post("/referrals/{referral_id}/retired")
def retired(request: Request, referral_id: UUID, form: PostedForm, by: Keeper, at: AtHouse) -> Response:
    """Nobody is told of it any more."""
    return _checked(request, referral_id, form, by, at, actions.retire, "referral_retired")


def _checked(
    request: Request,
    referral_id: UUID,
    form: FormData,
    by: Staff,
    at: House,
    verb: Callable[..., None],
    said: str,
) -> Response:
    def act(session: Session) -> None:
        on = today(organisation_now(session, at), at)
        verb(session, referral_id=referral_id, note=text_of(form, "note"), today=on, by=by, now=at.now())

    def again(refused: Refused) -> Response:
        return _page(request, by, at, FormData(), refused)

    return done(at, act, then=go("/referrals", said), again=again, never_again=(NotFound,))


def _entry(form: FormData) -> Entry:
    """Raises NotRead for a list nobody chose from; all else is judged by the verb."""
    try:
        kind = Kind(text_of(form, "/kind"))
    except ValueError:
        raise NotRead("Choose what kind of help it is.", field="/kind") from None
    if text_of(form, "/told") not in ("paper", "private"):
        raise NotRead("Choose where it may be told.", field="/told")
    texts = {at: " ".join(text_of(form, f"/{at}").split()) for at in _TEXTS}
    return Entry(
        kind=kind,
        neutral=text_of(form, "/told") == "paper",
        phone=text_of(form, "/phone"),
        area=text_of(form, "/area"),
        speaks=_SPEAK.get(text_of(form, "/speaks"), ()),
        **texts,
    )


def _page(request: Request, by: Staff, at: House, form: FormData, refused: Refused | None) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        found = queries.kept(session)
        names = staff_names(session, {r.verified_by for r in found})
    fields = short_form(form, _FIELDS, wrong_of(refused) if refused else [])
    return staff_page(
        request,
        "staff/referrals.html",
        me=by,
        org=org,
        status=status_of(refused)[0] if refused else 200,
        found=found,
        names=names,
        today=today(org, at),
        keeps=holds(by, *KEEPS),
        fields=fields,
        problems=problems_of(fields, refused, elsewhere="listed"),
        due=DUE_AFTER.days,
        lapses=NOT_TOLD_AFTER.days,
    )
