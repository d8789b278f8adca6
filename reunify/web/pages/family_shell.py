"""How a page for the family is made: their language, the phones to call, and the way out."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError

from reunify.bootstrap import House
from reunify.intake.form import Language
from reunify.rates.policy import Organisation
from reunify.web.pages.family_words import speaker
from reunify.web.pages.view import organisation_now, page

# Pages that can be read again in the other language; from any other address that leads to the plan.
_PLACES = re.compile(
    r"/family|/family/consents|/family/papers|/family/bank-details|/go|/genuine(?:/[0-9A-Za-z-]{12,20})?"
)


def family_page(
    request: Request,
    template: str,
    language: Language,
    org: Organisation | None,
    *,
    status: int = 200,
    **context: Any,
) -> Response:
    other = "en" if language == "es" else "es"
    return page(
        request,
        template,
        status=status,
        say=speaker(language),
        language=language,
        other=other,
        here=request.url.path if _PLACES.fullmatch(request.url.path) else "/family",
        day_phone=org.day_phone if org else None,
        night_phone=org.night_phone if org else None,
        called=org.name if org else None,
        **context,
    )


def say_without_plan(
    request: Request, at: House, lang: str | None, template: str, *, status: int, **context: Any
) -> Response:
    """A page that needs nothing of the family: kind even when the database does not answer."""
    try:
        with at.db.read() as session:
            org = organisation_now(session, at)
    except SQLAlchemyError:  # even then the page is kind; it only cannot say the number
        org = None
    language = language_of_page(request, lang, None)
    return family_page(request, template, language, org, status=status, **context)


def language_of_page(request: Request, chosen: str | None, told: Language | None) -> Language:
    """What they chose on the page, else the language on record, else the browser's."""
    if chosen in ("en", "es"):
        return "es" if chosen == "es" else "en"
    if told is not None:
        return told
    first = request.headers.get("accept-language", "").strip().casefold()
    return "es" if first.startswith("es") else "en"
