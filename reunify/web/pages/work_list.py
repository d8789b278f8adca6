"""Whose turn it is: every request this person may open, under the people or the machine it waits for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from reunify.approval import envelope_queries as envelopes
from reunify.approval.envelope_queries import Envelope, Review
from reunify.closeout.queries import ToConfirm, to_confirm
from reunify.documents import template_queries
from reunify.documents.template_queries import VersionOfTemplate
from reunify.identity.queries import staff_names
from reunify.intake import cases, disclosures, reach
from reunify.intake.cases import Opening
from reunify.intake.disclosures import ToTell
from reunify.intake.queries import Draft
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight
from reunify.ledger.policy import Cash
from reunify.rates.policy import Organisation
from reunify.referrals import queries as referrals
from reunify.referrals.policy import KEEPS
from reunify.reporting import asks as funders
from reunify.reporting import desk, follow_ups, money_cases, outages, reservations, second_looks, signs
from reunify.reporting import owed as attested
from reunify.reporting import progress as reporting
from reunify.reporting.asks import AskToChase
from reunify.reporting.desk import ToDo
from reunify.reporting.follow_ups import FollowUp
from reunify.reporting.money_cases import MoneyCases
from reunify.reporting.owed import FactsOwed
from reunify.reporting.reservations import Reservation
from reunify.reporting.rules_waiting import waiting_for
from reunify.reporting.second_looks import SecondLook
from reunify.reporting.signs import Signs
from reunify.reporting.undelivered import Undelivered, undelivered
from reunify.reporting.views import pseudonym
from reunify.web import reading
from reunify.web.pages.form_showing import value_at
from reunify.web.pages.rules_listed import Waiting, waiting_lines

_TURNS = (
    (
        "A case manager's turn",
        (
            "cannot_check",
            "question",
            "staff_decision",
            "refusal_to_confirm",
            "no_money_left",
            "lapsed",
            "booking",
            "draft",
        ),
    ),
    ("Finance's turn", ("awaiting_approval", "awaiting_release", "needs_person", "paying")),
    ("Being checked by itself", ("checking",)),
    ("Ended", ("paid", "paid_elsewhere", "refused", "declined", "withdrawn")),
)
MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    id: RequestId
    reference: str
    stage: str
    about: str
    begun: datetime
    by: str
    path: str
    late: bool = False  # something attested was owed by a day that is over


@dataclass(frozen=True, slots=True)
class Turn:
    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class WorkList:
    """`openings`: for a supervisor. `to_tell`: families who have not heard who reads their names.
    `asks`: funders to ask again, and what a funder said, to confirm. `second_looks`: families whom approved
    rules may help after all, however old their request. `rules`: what waits for this person's yes or no to a
    rule, `letters`: to a changed Word file. `closeout`: costs to be moved and money paid back, for a second
    person in finance. `owed`: facts attested whose day is over. `follow_ups`: hand-offs to ask about again.
    `untold`: what reached nobody by phone.
    `running_out`: reservations that are given up unless finance decides. `desk`: bookings to keep or cancel
    in time. `money`: for finance, what nobody can explain yet and the proofs that are overdue."""

    turns: list[Turn]
    openings: list[Opening]
    to_tell: list[ToTell]
    asks: list[AskToChase]
    second_looks: list[SecondLook]
    rules: list[Waiting]
    letters: list[VersionOfTemplate]
    closeout: list[ToConfirm]
    to_sign: list[Envelope]
    to_review: list[Review]
    unchecked: int  # of the others who can help, to be called again
    outages: int  # made in an outage, for finance to ratify, report or bear
    today: date
    running_out: list[Reservation]
    owed: list[FactsOwed]
    follow_ups: list[FollowUp]
    untold: list[Undelivered]
    desk: list[ToDo]
    money: MoneyCases
    names: dict[StaffId, str]


def work_list(
    session: Session,
    *,
    me: Staff,
    org: Organisation | None,
    today: date,
    now: datetime,
    accounts: Collection[Cash],
) -> WorkList:
    """The newest requests in this person's reach; that they were listed is written down. `today`: on the
    organisation's clock, by which what is owed is overdue. `accounts`: ours at Stripe, proved daily."""
    found = reach.requests(session, by=me, now=now, limit=MOST)
    at = signs.of(session, [r.id for r, _ in found])
    openings: list[Opening] = []
    if Role.SUPERVISOR in me.roles:
        openings = cases.openings_to_look_at(session, teams=me.supervises, now=now)
    asks = funders.to_chase(session, me=me, today=today)
    ends = reservations.announced(session, me=me, org=org, today=today) if org else []
    looks = second_looks.owed(session, me=me)
    owed = attested.overdue(session, me=me, today=today)
    follow = follow_ups.due(session, me=me, today=today)
    untold = undelivered(session, me=me)
    people = {r.handled_by for r, _ in found} | {o.opened_by for o in openings}
    people |= {end.handled_by for end in ends} | {one.handled_by for one in owed}
    people |= {one.handled_by for one in follow}
    people |= {ask.handled_by for ask in asks} | {look.handled_by for look in looks}
    people |= {i for one in untold for i in (one.handled_by, one.staff_id) if i}
    booked = [todo for todo in desk.to_do(session, me=me, now=now) if todo.cancel_by is not None]
    people |= {todo.handled_by for todo in booked}
    is_finance = not me.roles.isdisjoint(FINANCE)
    money = money_cases.waiting(session, accounts=accounts, now=now) if is_finance else money_cases.NONE
    people |= {case.owner for case in money.cases if case.owner}
    names = {StaffId(k): v for k, v in staff_names(session, people).items()}
    rows = [_row(r, sight, at[r.id], names, me, today) for r, sight in found]
    whole = [r.id for r, sight in found if sight is Sight.WHOLE]
    reading.many(session, by=me, at=now, subject="work_list", ids=whole)
    own = {me.id, *me.covers} if Role.CASE_MANAGER in me.roles else set()
    handled = [r.id for r, _ in found if r.handled_by in own]
    return WorkList(
        [Turn(title, [row for row in rows if row.stage in its]) for title, its in _TURNS],
        openings,
        disclosures.to_tell(session, request_ids=handled),
        asks,
        looks,
        waiting_lines(waiting_for(session, me=me)),
        template_queries.waiting_for(session, me=me),
        to_confirm(session, me=me, today=today),
        envelopes.to_sign(session, me=me) if is_finance else [],
        envelopes.to_review(session, me=me) if is_finance else [],
        referrals.to_check(session, on=today) if not me.roles.isdisjoint(KEEPS) else 0,
        outages.waiting(session) if is_finance else 0,
        today,
        ends,
        owed,
        follow,
        untold,
        booked,
        money,
        names,
    )


def _row(request: Draft, sight: Sight, at: Signs, names: dict[StaffId, str], me: Staff, today: date) -> Row:
    mine = request.state == "draft" and request.requested_by == me.id
    return Row(
        id=request.id,
        reference=request.reference,
        stage=reporting.stage_of(at),
        about=_about(request, sight),
        begun=request.created_at,
        by=names.get(request.handled_by, ""),
        path=f"/requests/{request.id}" + ("/edit" if mine else ""),
        late=at.owed_by is not None and at.owed_by < today,
    )


def _about(request: Draft, sight: Sight) -> str:
    """First name and case number: enough to find a family, no more. Others read a pseudonym or nothing."""
    if sight is not Sight.WHOLE:
        return pseudonym(request.id) if sight is Sight.MASKED else ""
    content: Any = request.content
    name = value_at(content, "/case/child/name")
    number = value_at(content, "/case/number")
    first = name.split()[0] if isinstance(name, str) and name.strip() else "No name yet"
    return f"{first}, {number}" if isinstance(number, str) and number else first
