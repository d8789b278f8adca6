"""The words no family reads: the shipped ones, those staff added, and where one still stands."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import ROOT, House
from reunify.documents import glossary_kept
from reunify.documents.glossary_kept import EDITS
from reunify.identity.queries import staff_names
from reunify.intake.form import Language
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.web import family_texts
from reunify.web.audience import AnyStaff, AtHouse, staff
from reunify.web.errors import status_of
from reunify.web.pages.acting import done
from reunify.web.pages.asked_fields import wrong_of
from reunify.web.pages.form_parts import Field
from reunify.web.pages.form_showing import problems_of, short_form
from reunify.web.pages.typed import NotRead
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
Editor = Annotated[Staff, Depends(staff(*EDITS))]
TEMPLATES: Final = ROOT / "document_templates"
_FIELDS: Final = (
    Field("language", "Language", "choice", options=(("en", "English"), ("es", "Spanish")), start="en"),
    Field("word", "Word", hint="A * stands for the rest of a word, like burden*", needed=True),
    Field("because", "Why", hint="Whom it hurts, and how", needed=True),
    Field("say", "Say instead", hint="Or: (leave it out)", needed=True),
)


@router.get("/words")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, by, at, FormData(), None)


@router.post("/words")
def avoid(request: Request, form: PostedForm, by: Editor, at: AtHouse) -> Response:
    def act(session: Session) -> object:
        return glossary_kept.avoid(
            session,
            language=_language(form),
            word=text_of(form, "/word"),
            because=text_of(form, "/because"),
            say=text_of(form, "/say"),
            by=by,
            now=at.now(),
        )

    def again(refused: Refused) -> Response:
        return _page(request, by, at, form, refused)

    return done(at, act, then=go("/words", "word_avoided"), again=again)


@router.post("/words/{word_id}/taken-back")
def take_back(request: Request, word_id: UUID, form: PostedForm, by: Editor, at: AtHouse) -> Response:
    def act(session: Session) -> object:
        because = text_of(form, "because")
        return glossary_kept.take_back(session, word_id=word_id, because=because, by=by, now=at.now())

    def again(refused: Refused) -> Response:
        return _page(request, by, at, FormData(), refused)

    return done(at, act, then=go("/words", "word_taken_back"), again=again, never_again=(NotFound,))


def _language(form: FormData) -> Language:
    match text_of(form, "/language"):
        case "en":
            return "en"
        case "es":
            return "es"
    raise NotRead("Choose the language of the word.", field="/language")


def _page(request: Request, by: Staff, at: House, form: FormData, refused: Refused | None) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        added = glossary_kept.added(session)
        words = glossary_kept.in_force(session, TEMPLATES).words
        names = staff_names(session, {a.by for a in added})
    fields = short_form(form, _FIELDS, wrong_of(refused) if refused else [])
    return staff_page(
        request,
        "staff/words.html",
        me=by,
        org=org,
        status=status_of(refused)[0] if refused else 200,
        added=added,
        shipped=[w for w in words if w.shipped],
        stand=family_texts.avoided(TEMPLATES, words),
        read=len(family_texts.every(TEMPLATES)),
        names=names,
        edits=holds(by, *EDITS),
        fields=fields,
        problems=problems_of(fields, refused, elsewhere="added"),
    )
