"""Whether a paper is from us, for anybody who holds one: the code on it, and the file where there is one."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.documents import confirming, genuine, words
from reunify.documents.confirming import NoHash
from reunify.identity.limits import Kind
from reunify.kernel.text import SafeText
from reunify.web.audience import AtHouse, anyone
from reunify.web.limits import limited
from reunify.web.pages.family_shell import family_page, language_of_page
from reunify.web.pages.view import organisation_now
from reunify.web.papers_sent import UploadForm, one_file
from reunify.web.shield import LARGEST_BODY

router = APIRouter(include_in_schema=False)
PAGE: Final = genuine.PAGE
_COUNTED: Final = [Depends(anyone), Depends(limited(Kind.GENUINE))]


@router.get(PAGE, dependencies=[Depends(anyone)])
def ask(request: Request, at: AtHouse, lang: str | None = None) -> Response:
    """The form."""
    return _page(request, at, lang)


@router.get(PAGE + "/{code}", dependencies=_COUNTED)
def by_square_code(request: Request, code: SafeText, at: AtHouse, lang: str | None = None) -> Response:
    """Where the square code on the paper leads."""
    return _page(request, at, lang, code=code)


@router.post(PAGE, dependencies=_COUNTED)
def look_up(request: Request, form: UploadForm, at: AtHouse) -> Response:
    """The file is hashed and let go: nothing of it is read, kept or written down."""
    try:
        sha256 = _hash_sent(form)
    except NoHash:
        return _page(request, at, _said(form, "lang"), code=_said(form, "code"), hash_wrong=True)
    return _page(request, at, _said(form, "lang"), code=_said(form, "code"), sha256=sha256)


def _page(
    request: Request,
    at: House,
    lang: str | None,
    *,
    code: str | None = None,
    sha256: str | None = None,
    hash_wrong: bool = False,
) -> Response:
    """`code` None: nobody asked yet. What is no code of ours and what is no code at all are told alike."""
    language = language_of_page(request, lang, None)
    typed = genuine.typed(code or "")
    with at.db.read() as session:
        org = organisation_now(session, at)
        found = confirming.confirm(session, typed) if typed else None
    return family_page(
        request,
        "family/genuine.html",
        language,
        org,
        status=404 if code is not None and found is None else 200,
        asked=code is not None,
        found=found,
        issued_on=words.day(found.issued_on, language) if found else "",
        same=found.holds(sha256) if found and sha256 else None,
        hash_wrong=hash_wrong,
        chosen=lang if lang in ("en", "es") else None,
    )


def _said(form: FormData, name: str) -> str:
    said = form.get(name)
    return said if isinstance(said, str) else ""


def _hash_sent(form: FormData) -> str | None:
    """Of the file, else as typed; None for neither. Raises NoHash."""
    content = one_file(form, "file", largest=LARGEST_BODY)
    if content:
        return confirming.hash_of(content)
    return confirming.typed_hash(_said(form, "sha256")) if _said(form, "sha256").strip() else None
