"""Requests to partners, carriers and offices: who still has to sign, the papers, and those that were made."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.documents import queries as documents
from reunify.documents.fields import FOR_OTHERS
from reunify.documents.outside_leave import StillToSign
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.intake.reach import Reach
from reunify.kernel.people import Staff
from reunify.kernel.refusals import BadInput, NotFound, Refused, Retryable
from reunify.web import outside_acts, reading
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.errors import status_of
from reunify.web.outside_acts import AskedFor
from reunify.web.pages import outside_fields
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)
_LONGEST = 200


@router.get("/requests/{request_id}/outside")
def show(request: Request, request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    return _page(request, case, by, at)


@router.post("/requests/{request_id}/outside")
def ask(
    request: Request, request_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Make the paper under the consents as they stand; from now on the family reads who was told."""
    try:
        outside_acts.make_paper(at, case, asked_for(form), by)
    except (NotFound, Retryable):
        raise
    except Refused as refused:
        return _page(request, case, by, at, form=form, refused=refused)
    return go(f"/requests/{request_id}/outside", "asked_outside")


@router.post("/requests/{request_id}/outside/consents")
def ask_family(
    request: Request, request_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Put every question this paper needs to those who must sign."""
    try:
        outside_acts.ask_family(at, case, asked_for(form), by)
    except NotFound:
        raise
    except Refused as refused:
        return _page(request, case, by, at, form=form, refused=refused)
    return go(f"/requests/{request_id}/outside", "consent_asked")


def asked_for(form: FormData) -> AskedFor:
    """English unless Spanish is chosen: whoever reads it is an office."""
    return AskedFor(
        kind=text_of(form, "kind"),
        about=text_of(form, "about"),
        language=language_of(form),
        brings=text_of(form, "brings"),
        brings_worker=text_of(form, "brings_worker"),
        meets=text_of(form, "meets"),
        meets_worker=text_of(form, "meets_worker"),
        office=text_of(form, "new_office") or text_of(form, "office"),
        at=text_of(form, "at"),
    )


def language_of(form: FormData) -> Language:
    return "es" if text_of(form, "language") == "es" else "en"


def _page(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    *,
    form: FormData | None = None,
    refused: Refused | None = None,
) -> Response:
    now = at.now()
    with at.db.work() as session:
        submitted = intake.newest_number(session, case.request_id) > 0
        content = intake.newest_version(session, case.request_id).content if submitted else None
        found = outside_fields.shown(session, case.request_id, content, now) if content else []
        kept = [d for d in documents.list_for_request(session, case.request_id) if d.kind in FOR_OTHERS]
        org = organisation_now(session, at)
        reading.one(session, by=by, at=now, subject="request", subject_id=case.request_id)
    return staff_page(
        request,
        "staff/outside.html",
        me=by,
        org=org,
        status=status_of(refused)[0] if refused else 200,
        case=case,
        found=found,
        kept=kept,
        typed=form,
        wrong=_wrong(content, refused),
    )


def _wrong(content: TravelRequest | None, refused: Refused | None) -> Sequence[str]:
    if refused is None or content is None:
        return []
    if isinstance(refused, StillToSign):
        return [str(refused), *(outside_fields.lacks(content, one) for one in refused.lacking)]
    return [p.remedy for p in refused.problems] if isinstance(refused, BadInput) else [str(refused)]
