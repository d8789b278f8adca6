"""One version of a letter's template: seen filled in beside the one in force, approved by a second person."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.bootstrap import LETTERS, House
from reunify.documents import template_actions as actions
from reunify.documents import template_check, template_queries
from reunify.documents.template_check import NAMES, Kind
from reunify.documents.template_policy import CHANGES
from reunify.documents.template_queries import VersionOfTemplate
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.web import template_acts
from reunify.web.audience import AnyStaff, AtHouse, SteppedUpRulesAuthor
from reunify.web.pages.acting import done
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_editing import Author, status_of
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Side:
    """One language: the file looked at, the one it is compared with, and the paragraphs that differ."""

    language: str
    name: str
    new: str
    old: str
    gone: tuple[str, ...]
    come: tuple[str, ...]


@router.get("/templates/versions/{template_id}")
def show(request: Request, template_id: UUID, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, template_id, by, at)


@router.post("/templates/versions/{template_id}/approve")
def approve(request: Request, template_id: UUID, by: SteppedUpRulesAuthor, at: AtHouse) -> Response:
    """The second person's yes: the next letter is made with it."""
    try:
        template_acts.approve(at, template_id, by)
    except NotFound:
        raise
    except Refused as refused:
        return _page(request, template_id, by, at, refused)
    return _shown_anew(template_id, "template_approved")


@router.post("/templates/versions/{template_id}/decline")
def decline(request: Request, template_id: UUID, form: PostedForm, by: Author, at: AtHouse) -> Response:
    return _ended(request, template_id, form, by, at, actions.decline, "template_declined")


@router.post("/templates/versions/{template_id}/withdraw")
def withdraw(request: Request, template_id: UUID, form: PostedForm, by: Author, at: AtHouse) -> Response:
    return _ended(request, template_id, form, by, at, actions.withdraw, "template_withdrawn")


def _ended(
    request: Request,
    template_id: UUID,
    form: PostedForm,
    by: Staff,
    at: House,
    end: Callable[..., object],
    said: str,
) -> Response:
    def act(session: Session) -> object:
        reason = text_of(form, "reason")
        return end(session, version_id=template_id, reason=reason, by=by, now=at.now())

    def again(refused: Refused) -> Response:
        return _page(request, template_id, by, at, refused)

    return done(at, act, then=_shown_anew(template_id, said), again=again, never_again=(NotFound,))


def _shown_anew(template_id: UUID, said: str) -> Response:
    return go(f"/templates/versions/{template_id}", said)


def _page(
    request: Request, template_id: UUID, by: Staff, at: House, refused: Refused | None = None
) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        version = template_queries.version(session, template_id)
        others = template_queries.versions(session, [version.kind])
    kind = template_check.kind_of(LETTERS, version.kind)
    old, against = _compared(at, kind, version, others)
    own = not by.selves.isdisjoint({version.proposer, *version.proposed_for})
    undecided, writes = version.state == "waiting", holds(by, CHANGES)
    return staff_page(
        request,
        "letters/version.html",
        me=by,
        org=org,
        status=status_of(refused),
        kind=kind,
        version=version,
        against=against,
        sides=[
            _side(at, kind, language, version.files[language], old[language]) for language in kind.languages
        ],
        tagged=at.converter.tagged,
        may_approve=undecided and writes and not own,
        may_withdraw=undecided and writes and by.id == version.proposer,
        waits_for_another=undecided and (own or not writes),
        wrong=str(refused) if refused else "",
        problems=[ShownProblem("next", "Not done", str(refused))] if refused else [],
    )


def _compared(
    at: House, kind: Kind, version: VersionOfTemplate, others: list[VersionOfTemplate]
) -> tuple[dict[str, str], str]:
    """What it is laid beside: while it waits, what is in force; afterwards, what it took the place of."""
    if version.state == "waiting":
        return template_acts.in_force(at, kind), "in force now"
    before = [one for one in others if one.number < version.number and one.state in ("in_force", "replaced")]
    if before:
        return dict(before[0].files), f"version {before[0].number}, in force before"
    shipped = {one: template_check.sha256_of(LETTERS / kind.file(one)) for one in kind.languages}
    return shipped, "as shipped with this release"


def _side(at: House, kind: Kind, language: str, new: str, old: str) -> Side:
    was, now = template_acts.words(at, kind, language, old), template_acts.words(at, kind, language, new)
    lines = list(difflib.unified_diff(was, now, lineterm="", n=0))[2:]
    gone = tuple(line[1:] for line in lines if line.startswith("-"))
    come = tuple(line[1:] for line in lines if line.startswith("+"))
    return Side(language, NAMES[language], new, old, gone, come)
