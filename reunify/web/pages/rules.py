"""Every source of help with its versions, drafts and what waits; beginning a change; stopping a source."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.text import cleaned
from reunify.rules import actions, current, policy, queries
from reunify.rules.policy import WrongSource
from reunify.web.audience import AnyStaff, AtHouse, SteppedUpRulesAuthor, staff
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.rules_editing import Author, Source, status_of
from reunify.web.pages.rules_listed import groups, listed, waiting
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of, today

_FIRST_DAY = "Choose the first day, like 2027-01-01."
router = APIRouter(include_in_schema=False)
_VERSION = re.compile("[0-9a-f]{64}")
SteppedUpStopper = Annotated[Staff, Depends(staff(*policy.STOPS, step_up=True))]


@router.get("/rules")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Read by everybody: whoever tells a family an answer must be able to say why."""
    return _page(request, by, at)


@router.post("/rules/drafts")
def begin(request: Request, form: PostedForm, by: Author, at: AtHouse) -> Response:
    """A draft of the change, with the text of the version it begins from; or of a new source."""
    source, based_on = text_of(form, "source"), text_of(form, "based_on")
    try:
        day = day_read(text_of(form, "effective_from"), "/effective_from", say=_FIRST_DAY)
        if based_on and not _VERSION.fullmatch(based_on):
            raise WrongSource("Choose in the list which rules the change begins from.", field="/source")
        with at.db.work() as session:
            if not based_on and any(s.source == source for s in queries.sources(session)):
                raise WrongSource(
                    "There is a source of this name already. Change its rules above.", field="/source"
                )
            draft_id = actions.begin_draft(
                session, source=source, effective_from=day, based_on=based_on or None, by=by, now=at.now()
            )
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return go(f"/rules/drafts/{draft_id}", "draft_begun")


@router.post("/rules/sources/{source}/suspension")
def ask_suspension(
    request: Request, source: Source, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    """The first of two people."""
    act = partial(actions.ask_suspension, reason=text_of(form, "reason"))
    return _acted(request, source, by, at, act, "suspension_asked", form)


@router.post("/rules/sources/{source}/suspension/confirm")
def confirm_suspension(request: Request, source: Source, by: SteppedUpStopper, at: AtHouse) -> Response:
    """From this second the source asks staff instead of answering."""
    return _acted(request, source, by, at, actions.confirm_suspension, "suspension_confirmed")


@router.post("/rules/sources/{source}/resumption")
def ask_resumption(
    request: Request, source: Source, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    act = partial(actions.ask_resumption, reason=text_of(form, "reason"))
    return _acted(request, source, by, at, act, "resumption_asked", form)


@router.post("/rules/sources/{source}/resumption/confirm")
def confirm_resumption(request: Request, source: Source, by: SteppedUpRulesAuthor, at: AtHouse) -> Response:
    return _acted(request, source, by, at, actions.confirm_resumption, "resumption_confirmed")


@router.post("/rules/sources/{source}/suspension/withdraw")
def withdraw_suspension_ask(
    request: Request, source: Source, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    """Nothing changes in force: only that nobody confirms it any more."""
    act = partial(actions.withdraw_suspension_ask, reason=text_of(form, "reason"))
    return _acted(request, source, by, at, act, "rules_ask_withdrawn", form)


@router.post("/rules/sources/{source}/resumption/withdraw")
def withdraw_resumption_ask(
    request: Request, source: Source, form: PostedForm, by: SteppedUpRulesAuthor, at: AtHouse
) -> Response:
    act = partial(actions.withdraw_resumption_ask, reason=text_of(form, "reason"))
    return _acted(request, source, by, at, act, "rules_ask_withdrawn", form)


def _acted(
    request: Request,
    source: str,
    by: Staff,
    at: House,
    act: Callable[..., object],
    said: str,
    form: FormData | None = None,
) -> Response:
    """One act of two on a source; what is refused stands beside it, with what was typed."""
    try:
        with at.db.work() as session:
            act(session, source=source, by=by, now=at.now())
    except Refused as refused:
        return _page(request, by, at, form, refused, source)
    return go("/rules", said)


def _page(
    request: Request,
    by: Staff,
    at: House,
    form: FormData | None = None,
    refused: Refused | None = None,
    source: str = "",
) -> Response:
    if isinstance(refused, NotFound):
        raise refused
    with at.db.read() as session:
        org = organisation_now(session, at)
        found = [listed(view, by, today(org, at)) for view in queries.sources(session)]
    return staff_page(
        request,
        "rules/rules.html",
        me=by,
        org=org,
        status=status_of(refused),
        groups=groups(found),
        waiting=[w for view in found for w in waiting(view)],
        writes=holds(by, Role.RULES_AUTHOR),
        reads_drafts=holds(by, Role.RULES_AUTHOR, Role.AUDITOR),
        trouble=_trouble(),
        **_again(form, refused, source, {view.source for view in found}),
    )


def _again(form: FormData | None, refused: Refused | None, source: str, known: set[str]) -> dict[str, Any]:
    """What was typed, and the sentence beside it."""
    typed = {name: _typed(form, name) for name in ("source", "effective_from", "reason", "based_on")}
    field = refused.field if refused else None
    sentence = str(refused) if refused else ""
    about = source or (typed["source"] if typed["based_on"] and typed["source"] in known else "")
    where = {"/effective_from": "from-", "/reason": "why-"}.get(field or "", "source-")
    anchor = f"{where}{about}" if about else "new-day" if field == "/effective_from" else "new-name"
    return {
        "wrong_source": about,
        "typed_source": "" if about else typed["source"],
        "typed_day": typed["effective_from"],
        "typed_reason": typed["reason"],
        "wrong_day": sentence if field == "/effective_from" else "",
        "wrong_reason": sentence if field == "/reason" else "",
        "wrong_new": sentence if refused and not about and field != "/effective_from" else "",
        "problems": [ShownProblem(anchor, about or "A new source", sentence)] if refused else [],
    }


def _typed(form: FormData | None, name: str) -> str:
    value = form.get(name) if form is not None else None
    return cleaned(value) if isinstance(value, str) else ""


def _trouble() -> str:
    trouble = current.reading().trouble
    return trouble.in_public if trouble else ""
