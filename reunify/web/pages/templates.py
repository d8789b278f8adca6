"""The Word templates of every letter: which version is in force, and bringing in a new one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.adapters.docx_hostile import LARGEST
from reunify.bootstrap import LETTERS, House
from reunify.documents import template_check, template_queries
from reunify.documents.fields import FOR_OTHERS, KINDS
from reunify.documents.template_check import NAMES, Kind
from reunify.documents.template_policy import CHANGES, NoSuchTemplate, TemplateNotTaken
from reunify.documents.template_ports import Finding
from reunify.documents.template_queries import VersionOfTemplate
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.web import template_acts
from reunify.web.audience import AnyStaff, AtHouse
from reunify.web.limits import count_upload
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_editing import Author, Sha256, status_of
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of
from reunify.web.papers_sent import UploadForm, one_file

router = APIRouter(include_in_schema=False)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class FileMissing(Refused):
    """Both languages change together."""


@router.get("/templates")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Read by everybody: whoever sends a letter may see what its words were."""
    kinds = [template_check.kind_of(LETTERS, kind) for kind in (*KINDS, *FOR_OTHERS)]
    with at.db.read() as session:
        org = organisation_now(session, at)
        versions = template_queries.versions(session, [kind.name for kind in kinds])
    rows = [
        (
            kind,
            next((v for v in versions if v.kind == kind.name and v.state == "in_force"), None),
            next((v for v in versions if v.kind == kind.name and v.state == "waiting"), None),
        )
        for kind in kinds
    ]
    return staff_page(request, "letters/list.html", me=by, org=org, rows=rows, names=NAMES)


@router.get("/templates/{kind}")
def show_kind(request: Request, kind: str, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, template_check.kind_of(LETTERS, kind), by, at)


@router.post("/templates/{kind}")
def propose(request: Request, kind: str, by: Author, at: AtHouse, form: UploadForm) -> Response:
    """Both languages at once. What is wrong with them is listed whole; nothing is kept then."""
    count_upload(at, by.id)
    of = template_check.kind_of(LETTERS, kind)
    try:
        new = template_acts.propose(at, of, _files(of, form), text_of(form, "what_changed"), by)
    except Refused as refused:
        return _page(request, of, by, at, form, refused)
    return go(f"/templates/versions/{new}", "template_proposed")


@router.post("/templates/{kind}/again")
def propose_again(request: Request, kind: str, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """The files of an earlier version, or the shipped ones, as a new version: looked at and approved anew."""
    of = template_check.kind_of(LETTERS, kind)
    number = text_of(form, "number")
    said = f"Back to version {number}" if re.fullmatch("[0-9]{1,6}", number) else ""
    try:
        new = template_acts.propose(at, of, _earlier(at, of, number), said, by)
    except NotFound:
        raise
    except Refused as refused:
        return _page(request, of, by, at, form, refused)
    return go(f"/templates/versions/{new}", "template_proposed")


@router.get("/templates/{kind}/{language}/{sha256}.docx")
def download(kind: str, language: str, sha256: Sha256, by: AnyStaff, at: AtHouse) -> Response:
    """Byte for byte as it was brought in."""
    data = template_acts.file_of(at, template_check.kind_of(LETTERS, kind), language, sha256)
    return _sent(data, DOCX, f"attachment; filename={kind}.{language}.docx")


@router.get("/templates/{kind}/{language}/{sha256}.png")
def picture(kind: str, language: str, sha256: Sha256, by: AnyStaff, at: AtHouse) -> Response:
    """The sample family's letter, page below page."""
    of = template_check.kind_of(LETTERS, kind)
    return _sent(template_acts.preview_picture(at, of, language, sha256), "image/png", "inline")


@router.get("/templates/{kind}/{language}/{sha256}.pdf")
def pdf(kind: str, language: str, sha256: Sha256, by: AnyStaff, at: AtHouse) -> Response:
    of = template_check.kind_of(LETTERS, kind)
    body = template_acts.preview(at, of, language, sha256)
    return _sent(body, "application/pdf", f"attachment; filename=sample-{kind}.{language}.pdf")


def _sent(body: bytes, media_type: str, how: str) -> Response:
    return Response(body, media_type=media_type, headers={"content-disposition": how})


def _files(kind: Kind, form: FormData) -> dict[str, bytes]:
    files = {language: one_file(form, language, largest=LARGEST) for language in kind.languages}
    for language, data in files.items():
        if not data:
            raise FileMissing(f"Choose the Word file in {NAMES[language]} too.", field=f"/{language}")
    return files


def _earlier(at: House, kind: Kind, number: str) -> dict[str, bytes]:
    if number == "0":
        return {language: (LETTERS / kind.file(language)).read_bytes() for language in kind.languages}
    with at.db.read() as session:
        versions = template_queries.versions(session, [kind.name])
    found = next((one for one in versions if str(one.number) == number), None)
    if found is None:
        raise NoSuchTemplate("There is no such version of this letter.")
    return {language: template_acts.file_of(at, kind, language, sha) for language, sha in found.files.items()}


def _page(
    request: Request,
    kind: Kind,
    by: Staff,
    at: House,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        versions = template_queries.versions(session, [kind.name])
    findings = refused.findings if isinstance(refused, TemplateNotTaken) else ()
    return staff_page(
        request,
        "letters/kind.html",
        me=by,
        org=org,
        status=status_of(refused),
        kind=kind,
        names=NAMES,
        versions=versions,
        shipped=_shipped(kind),
        shipped_until=_first_day(versions),
        waiting=next((one for one in versions if one.state == "waiting"), None),
        in_force=template_acts.in_force(at, kind),
        writes=holds(by, CHANGES),
        typed=text_of(form, "what_changed") if form is not None else "",
        wrong_field=(refused.field or "") if refused else "",
        wrong=str(refused) if refused else "",
        findings=findings,
        problems=_problems(refused, findings),
    )


def _shipped(kind: Kind) -> dict[str, str]:
    return {language: template_check.sha256_of(LETTERS / kind.file(language)) for language in kind.languages}


def _first_day(versions: Sequence[VersionOfTemplate]) -> object:
    """When the first approved version took the place of the shipped files; None while they are in force."""
    decided = [one.decided.at for one in versions if one.decided and one.state in ("in_force", "replaced")]
    return min(decided, default=None)


def _problems(refused: Refused | None, findings: Sequence[Finding]) -> list[ShownProblem]:
    if refused is None:
        return []
    if findings:
        return [ShownProblem("findings", "The files", f"{len(findings)} to mend, listed below")]
    place = (refused.field or "/new").lstrip("/")
    return [ShownProblem(place if place in ("en", "es", "what_changed") else "new", "Not done", str(refused))]
