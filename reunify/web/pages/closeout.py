"""After a trip is paid: where each cost lies, what is asked to be moved, and what came back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.allocation.bridged import Bridged, bridged
from reunify.approval.behind import authors_of
from reunify.bootstrap import House
from reunify.closeout import dollar, policy, queries
from reunify.closeout.policy import IN_WORDS
from reunify.closeout.queries import Recovery, Transfer
from reunify.closeout.spent import costs, spent
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.identity.queries import staff_names
from reunify.intake.reach import Reach
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from reunify.kernel.sight import Sight
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.errors import status_of
from reunify.web.pages.closeout_fields import (
    BACK,
    MOVE,
    Typed,
    back_fields,
    line_words,
    move_fields,
    shown,
    summary,
)
from reunify.web.pages.view import holds, organisation_now, staff_page, today
from reunify.web.scope import EVERY_SIGHT, case_at

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(staff(*FINANCE, Role.AUDITOR))]
ReadCase = Annotated[Reach, Depends(case_at(Reader, *EVERY_SIGHT))]


@router.get("/transfers")
def list_transfers(request: Request, by: Reader, at: AtHouse) -> Response:
    """What waits for a second person, and what was decided; requests by their reference alone."""
    with at.db.work() as session:
        org = organisation_now(session, at)
        this_day = today(org, at)
        waiting = queries.transfers(session, today=this_day, states=["asked"])
        done = queries.transfers(session, today=this_day, states=["confirmed", "turned_down", "withdrawn"])
        context = _names(session, [*waiting, *done])
        reading.many(
            session, by=by, at=at.now(), subject="cost_transfers", ids=[t.id for t in (*waiting, *done)]
        )
    return staff_page(
        request,
        "closeout/transfers.html",
        me=by,
        org=org,
        waiting=waiting,
        done=done,
        reasons=IN_WORDS,
        most=queries.MOST,
        **context,
    )


@router.get("/recoveries")
def list_recoveries(request: Request, by: Reader, at: AtHouse) -> Response:
    """What came back from elsewhere: to be verified, and verified or struck."""
    with at.db.work() as session:
        org = organisation_now(session, at)
        waiting = queries.recoveries(session, states=["recorded"])
        done = queries.recoveries(session, states=["verified", "struck"])
        context = _names(session, [*waiting, *done])
        reading.many(
            session, by=by, at=at.now(), subject="cost_recoveries", ids=[r.id for r in (*waiting, *done)]
        )
    return staff_page(
        request,
        "closeout/recoveries.html",
        me=by,
        org=org,
        waiting=waiting,
        done=done,
        most=queries.MOST,
        **context,
    )


@router.get("/requests/{request_id}/costs")
def show(
    request: Request,
    request_id: UUID,
    by: Reader,
    at: AtHouse,
    case: ReadCase,
    hold: str = "",
    to: str = "",
) -> Response:
    """Where each dollar of the request lies. `hold`, `to`: a proposal to fill the form with."""
    return page_of(request, case, by, at, proposal=(hold, to))


def page_of(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    *,
    typed: Typed | None = None,
    proposal: tuple[str, str] = ("", ""),
) -> Response:
    """The page of one request's costs; a form that was refused comes again as it was typed."""
    with at.db.work() as session:
        org = organisation_now(session, at)
        context = _about(session, case, by, at, today(org, at), typed, proposal)
        reading.one(
            session,
            by=by,
            at=at.now(),
            subject="request_costs",
            subject_id=case.request_id,
            sight=case.sight,
        )
    status = 200 if typed is None else status_of(typed.refused)[0]
    return staff_page(request, "closeout/costs.html", me=by, org=org, status=status, case=case, **context)


def _about(
    session: Session,
    case: Reach,
    by: Staff,
    at: House,
    this_day: date,
    typed: Typed | None,
    proposal: tuple[str, str],
) -> dict[str, Any]:
    lines = spent(session, case.request_id)
    where = costs(session, lines)
    moves = queries.transfers_of(session, case.request_id, today=this_day)
    backs = queries.recoveries_of(session, case.request_id)
    told = case.sight is not Sight.MASKED
    mine = told and holds(by, *FINANCE)
    decided = bridged(session, case.request_id, this_day) if mine else ()
    sources = funds.all_funds(session)
    late = any(policy.is_late(cost.of.posted_on, this_day) for cost in where)
    start = _proposed(decided, proposal)
    asking = shown(move_fields(where, sources, late=late), typed, MOVE, start) if mine and where else []
    recording = (
        shown(back_fields(lines, sources, this_day), typed, BACK, FormData()) if mine and lines else []
    )
    authors = authors_of(session, case.request_id, at.now()) if mine and (moves or backs) else set()
    return {
        "costs": where,
        "left": {cost.hold_id: policy.days_left(cost.of.posted_on, this_day) for cost in where},
        "histories": dollar.steps(session, lines),
        "line_words": line_words,
        "bridged": [b for b in decided if b.movable],
        "by_hold": {cost.hold_id: cost for cost in where},
        "moves": moves,
        "backs": backs,
        "line_of": {line.line.id: line for line in lines},
        "words": queries.words_of(session, case.request_id) if told and moves else {},
        "papers": queries.papers_of(session, case.request_id) if told and backs else {},
        "cannot": _cannot(moves, backs, by, authors) if mine else {},
        "reasons": IN_WORDS,
        "questions": policy.LATE_QUESTIONS,
        "asking": asking,
        "ask_open": start != FormData() or (typed is not None and typed.whose == MOVE),
        "recording": recording,
        "back_open": typed is not None and typed.whose == BACK,
        "typed": typed,
        "problems": summary([*asking, *recording], typed),
        "is_mine": mine,
        **_names(session, [*moves, *backs], sources),
    }


def _names(session: Session, rows: list[Any], sources: list[Fund] | None = None) -> dict[str, Any]:
    """Of sources and of staff; nobody else is named."""
    known = funds.all_funds(session) if sources is None else sources
    people = {who for row in rows for who in (_first(row), row.ended_by) if who is not None}
    return {
        "names": staff_names(session, people),
        "funds": {fund.id: fund.name for fund in known},
    }


def _first(row: Transfer | Recovery) -> UUID:
    return row.asked_by if isinstance(row, Transfer) else row.recorded_by


def _cannot(
    moves: list[Transfer], backs: list[Recovery], by: Staff, authors: set[Any]
) -> dict[UUID, str | None]:
    """For each that waits: None if this person may be its second, else why not, in words."""
    found: dict[UUID, str | None] = {}
    waits = [(t.id, t.asked_by, t.asked_for) for t in moves if t.state == "asked"]
    waits += [(r.id, r.recorded_by, r.recorded_for) for r in backs if r.state == "recorded"]
    for one, first, first_for in waits:
        try:
            policy.check_second(by, first, first_for, authors=authors)
            found[one] = None
        except NotAllowed as reason:
            found[one] = str(reason)
    return found


def _proposed(decided: tuple[Bridged, ...], proposal: tuple[str, str]) -> FormData:
    """What a funder decided after our money had paid, as the form begins."""
    for b in decided:
        if (str(b.hold_id), b.to_code) == proposal and b.movable:
            said = {
                "cost": str(b.hold_id),
                "amount": f"{b.movable // 100}.{b.movable % 100:02d}",
                "to": b.to_code,
                "category": b.budget_category.value,
                "reason": policy.Reason.FUNDER_DECIDED.value,
            }
            return FormData([(f"/{MOVE}/{name}", value) for name, value in said.items()])
    return FormData()
