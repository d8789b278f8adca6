"""On a request: write down what a funder was asked and what it said; a second person puts a yes in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.documents import funder_letters
from reunify.eligibility import asking_actions, asking_deciding, asking_queries
from reunify.eligibility.asking_checks import NoSuchAsk
from reunify.eligibility.queries import explanation
from reunify.intake.reach import Reach
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotFound, Problem, Refused
from reunify.kernel.sight import Sight
from reunify.web import outside_acts
from reunify.web.audience import AtHouse, CaseManager, staff
from reunify.web.errors import status_of
from reunify.web.outside_acts import AskedFor
from reunify.web.pages.acting import done
from reunify.web.pages.asked_fields import AskedTyped, granted_from, number_of
from reunify.web.pages.outside import language_of
from reunify.web.pages.requests import page_of
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import PostedForm, go, text_of
from reunify.web.scope import WholeCase, case_at

router = APIRouter(include_in_schema=False)
CaseKeeper = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR))]
KeptCase = Annotated[Reach, Depends(case_at(CaseKeeper, Sight.WHOLE))]
# A yes makes money that may be spent: with a passkey just now, as wherever money or people change.
SecondLook = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR, step_up=True))]
SecondLookCase = Annotated[Reach, Depends(case_at(SecondLook, Sight.WHOLE))]


@router.post("/requests/{request_id}/asks")
def ask(
    request: Request, request_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """Keep that a funder was asked: when, how, for which lines, and under which consent."""

    def act(session: Session) -> None:
        source = text_of(form, "source")
        asking_actions.record_ask(
            session,
            request_id=case.request_id,
            source=source,
            asked_on=_day(form, "asked_on"),
            how=text_of(form, "how"),
            reference=text_of(form, "reference"),
            amounts=_asked_for(session, request_id, source, form),
            told=_ids(form, "told"),
            names_nobody=text_of(form, "names_nobody") == "yes",
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, text_of(form, "source"), act, "funder_asked")


@router.post("/requests/{request_id}/asks/{ask_id}/letter")
def letter(
    request_id: UUID, ask_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """The letter to the funder, made under the consents as they stand and kept as it is told."""
    asked = AskedFor(funder_letters.KIND, str(ask_id), language_of(form))
    outside_acts.make_paper(at, case, asked, by)
    return go(f"/requests/{case.request_id}#documents", "asked_outside")


@router.post("/requests/{request_id}/asks/{ask_id}/decisions")
def record(
    request: Request,
    request_id: UUID,
    ask_id: UUID,
    form: PostedForm,
    by: CaseManager,
    at: AtHouse,
    case: WholeCase,
) -> Response:
    """Keep what the funder said. A first no counts at once; anything else waits for a second person."""

    def act(session: Session) -> None:
        asks = asking_queries.of_request(session, request_id)
        found = next((one for one in asks if one.id == ask_id), None)
        if found is None:
            raise NoSuchAsk("There is no such ask.")
        papers = _ids(form, "evidence")
        asking_deciding.record_decision(
            session,
            request_id=case.request_id,
            ask_id=ask_id,
            decided=text_of(form, "decided"),
            decided_on=_day(form, "decided_on"),
            amounts=granted_from(form, found),
            conditions=text_of(form, "conditions"),
            evidence_id=next(iter(papers), None),
            reference=text_of(form, "reference"),
            case_types=at.case_types,
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(ask_id), act, "funder_recorded")


@router.post("/requests/{request_id}/funder-decisions/{decision_id}/confirm")
def confirm(
    request: Request,
    request_id: UUID,
    decision_id: UUID,
    form: PostedForm,
    by: SecondLook,
    at: AtHouse,
    case: SecondLookCase,
) -> Response:
    """The second person has read the funder's paper: the request is checked again with its money."""

    def act(session: Session) -> None:
        asking_deciding.confirm_decision(
            session,
            request_id=case.request_id,
            decision_id=decision_id,
            case_types=at.case_types,
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(decision_id), act, "checked_again")


@router.post("/requests/{request_id}/funder-decisions/{decision_id}/strike")
def strike(
    request: Request,
    request_id: UUID,
    decision_id: UUID,
    form: PostedForm,
    by: CaseKeeper,
    at: AtHouse,
    case: KeptCase,
) -> Response:
    """It was written down wrongly, and was never in force."""

    def act(session: Session) -> None:
        asking_deciding.strike_decision(
            session,
            request_id=case.request_id,
            decision_id=decision_id,
            reason=text_of(form, "reason"),
            by=by,
            now=at.now(),
        )

    return _done(request, case, by, at, form, str(decision_id), act, "funder_struck")


def _done(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    form: FormData,
    whose: str,
    act: Callable[[Session], None],
    said: str,
) -> Response:
    """Refused, the page comes again with everything as typed; what is not there is not found."""

    def again(refused: Refused) -> Response:
        typed = AskedTyped(whose, form, refused)
        return page_of(request, case, by, at, asked=typed, status=status_of(refused)[0])

    then = go(f"/requests/{case.request_id}#asked", said)
    return done(at, act, then=then, again=again, never_again=(NotFound,), wake=True)


def _day(form: FormData, name: str) -> date:
    return day_read(text_of(form, name), f"/{name}")


def _ids(form: FormData, name: str) -> list[UUID]:
    """What was ticked or chosen. Raises BadInput for anything that is no id."""
    try:
        return [UUID(value) for value in form.getlist(name) if isinstance(value, str) and value]
    except ValueError:
        raise BadInput([Problem(f"/{name}", "Choose from the list.")]) from None


def _asked_for(session: Session, request_id: UUID, source: str, form: FormData) -> dict[str, int]:
    """By line key, in the source's own unit; a line left empty is not asked for. Raises BadInput."""
    seen = explanation(session, request_id)
    units = {t.key: t.unit for s in seen.sources if s.source == source for t in s.lines}
    found, wrong = {}, []
    for name in form:
        if name.startswith("amounts/"):
            key = name.removeprefix("amounts/")
            value, problem = number_of(text_of(form, name), units.get(key, "cents"), f"/amounts/{key}")
            if problem is not None:
                wrong.append(problem)
            elif value:
                found[key] = value
    if wrong:
        raise BadInput(wrong)
    return found
