"""The papers about money that a household reads: a payment that reached it, and the end of its trip.

The facts come from the rooms that hold them: disbursement says who was paid, the books what it cost, closeout
what was moved and paid back. How it is said is for `documents`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.allocation.queries import PlanLine
from reunify.approval import letter
from reunify.approval import queries as approval
from reunify.approval.queries import Award
from reunify.disbursement.logging_records import LoggedProofRecord
from reunify.disbursement.outage_records import OutageProof
from reunify.disbursement.records import InstructionLineRecord, InstructionRecord
from reunify.documents import trips
from reunify.documents.closeout_letter import closeout_letter
from reunify.documents.context import Said
from reunify.documents.drafts import Draft
from reunify.documents.paid import PaidLine, Part
from reunify.documents.payment_advice import payment_advice
from reunify.eligibility import queries as eligibility
from reunify.files.evidence_policy import Kind
from reunify.files.evidence_records import Evidence
from reunify.funds import queries as funds
from reunify.identity import queries as people
from reunify.intake import households, outcomes
from reunify.intake import queries as intake
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import FundId, LineId, PayeeId
from reunify.ledger.policy import Unit
from reunify.payees import queries as payees
from reunify.rates.queries import organisation_now
from reunify.reporting import money_left, progress, trip_costs
from reunify.reporting.money_left import ADVICE, CLOSEOUT
from reunify.vault.keepers import Erased


@dataclass(frozen=True, slots=True)
class _Trip:
    """A released award with its request as it was approved; nothing has changed since."""

    award: Award
    lines: tuple[PlanLine, ...]
    content: TravelRequest = field(repr=False)
    signer: str = field(repr=False)
    names: Mapping[FundId, Said]


def advices(session: Session, instruction_id: UUID, *, now: datetime) -> list[Draft]:
    """The advice of this payment, for the household whose payee was paid; none where nobody may read it.

    `revision`: how many payments of it came back before this one, which then says so.
    """
    made = session.get(InstructionRecord, instruction_id)
    trip = _trip(session, made.award_id) if made is not None else None
    left = money_left.standing(session, instruction_id, zone=organisation_now(session, now=now).zone)
    if made is None or trip is None or left is None or made.unit != Unit.CENTS:
        return []
    payee = payees.payee(session, PayeeId(made.payee_id))
    said = next((p for p in trip.content.payees if p.key == payee.key), None)
    household = households.payee_household(said, trip.content) if said is not None else None
    if payee.kind != "person" or household is None:
        return []
    view = households.view_for(trip.content, household)
    language = letter.addressee(view)[1].language
    request_id = trip.award.request_id
    body = payment_advice(
        trips.heading_of(session, request_id, view, signer=trip.signer, now=now),
        language,
        view=view,
        payee=payee.legal_name,
        paid_on=left.on,
        how=left.how,
        lines=_paid_by(session, instruction_id, trip, view),
        again=left.before > 0,
    )
    return [
        Draft(
            request_id,
            trip.award.version_number,
            ADVICE,
            language,
            body,
            award_id=trip.award.id,
            household=household,
            revision=left.before,
            concerning=str(instruction_id),
        )
    ]


def closings(session: Session, award_id: UUID, *, now: datetime) -> list[Draft]:
    """A closing letter for each household for which something was paid, as the books stand; none before the
    trip is over and all of it paid.

    `revision`: the postings of its costs it holds; of the other household's nothing shows.
    """
    trip = _trip(session, award_id)
    today = now.astimezone(organisation_now(session, now=now).zone).date()
    if trip is None or not money_left.is_over(trip.content, today) or not _is_paid(session, trip):
        return []
    found = []
    posted = money_left.postings(session, award_id)
    costs = _costs(session, trip)
    for household in households.households(trip.content):
        view = households.view_for(trip.content, household)
        keys = {line.key for line in view.cost_lines if households.of_cost(line, trip.content) == household}
        paid = [
            PaidLine(line, parts)
            for line in view.cost_lines
            if line.key in keys and (parts := costs.get(line.key))
        ]
        if not paid:
            continue
        found.append(
            _closing(
                session,
                trip,
                household,
                view,
                paid,
                revision=sum(posted.get(line.hold_id, 0) for line in trip.lines if line.line_key in keys),
                now=now,
            )
        )
    return found


def _is_paid(session: Session, trip: _Trip) -> bool:
    request_id = trip.award.request_id
    return progress.stages(session, [request_id]).get(request_id) == "paid"


def _closing(
    session: Session,
    trip: _Trip,
    household: str,
    view: TravelRequest,
    paid: list[PaidLine],
    *,
    revision: int,
    now: datetime,
) -> Draft:
    language = letter.addressee(view)[1].language
    frozen = letter.of_household(trip.award.letter or {}, household) or {}
    by = str(frozen.get("receipts_by") or "")
    body = closeout_letter(
        trips.heading_of(session, trip.award.request_id, view, signer=trip.signer, now=now),
        language,
        view=view,
        lines=paid,
        receipts=_receipts(session, trip, household),
        receipts_by=date.fromisoformat(by) if by else None,
        again=money_left.is_closed(session, trip.award.id, household, before=revision),
    )
    return Draft(
        trip.award.request_id,
        trip.award.version_number,
        CLOSEOUT,
        language,
        body,
        award_id=trip.award.id,
        household=household,
        revision=revision,
    )


def _trip(session: Session, award_id: UUID) -> _Trip | None:
    """None while something quiet stands, after a change people look at first, and once it is erased."""
    award = approval.award(session, award_id)
    if award.state != "released" or not outcomes.goes_on(session, award.request_id):
        return None
    plan = plans.award_plan(session, award.allocation_id)
    try:
        version = intake.newest_version(session, award.request_id)
    except Erased:
        return None
    if version.number != award.version_number or households.unsaid(version.content):
        return None
    asked_by = intake.request(session, award.request_id).requested_by
    signer = people.staff_names(session, [asked_by])[asked_by]
    return _Trip(award, plan.lines, version.content, signer, _names(session, plan.version_id))


def _names(session: Session, version_id: UUID) -> dict[FundId, Said]:
    """What a family may call each fund, in its language where the rules say it."""
    spoken = {
        s.source: s.public_name for s in eligibility.explanation_of_version(session, version_id).sources
    }
    found = {}
    for fund in funds.all_funds(session):
        words = spoken.get(fund.code)
        found[fund.id] = Said(fund.public_name, words.es if words else fund.public_name)
    return found


def _paid_by(session: Session, instruction_id: UUID, trip: _Trip, view: TravelRequest) -> list[PaidLine]:
    """What this one payment was for, in the order of the request."""
    i = InstructionLineRecord
    rows = session.scalars(sa.select(i).where(i.instruction_id == instruction_id).order_by(i.id)).all()
    keys = {line.id: line.line_key for line in trip.lines}
    parts: dict[str, list[Part]] = {}
    for row in rows:
        part = Part(trip.names[FundId(row.fund_id)], cents=row.amount)
        parts.setdefault(keys[LineId(row.allocation_line_id)], []).append(part)
    return [PaidLine(line, parts[line.key]) for line in view.cost_lines if line.key in parts]


def _costs(session: Session, trip: _Trip) -> dict[str, list[Part]]:
    found = trip_costs.by_line(session, trip.award.request_id, trip.lines)
    return {
        key: [Part(trip.names[fund], cents, units) for fund, (cents, units) in borne.items()]
        for key, borne in found.items()
    }


def _receipts(session: Session, trip: _Trip, household: str) -> int:
    """Receipts this household sent through its page; of an only household, also those staff took in for it.

    What shows a payment of ours (a bill, a copy of a check) is none of theirs.
    """
    e, content = Evidence, trip.content
    readers = [
        t.key for t in content.travelers if households.household_of_reader(content, t.key) == household
    ]
    theirs = sa.and_(e.sender == "family", e.reader.in_(readers))
    if len(households.households(content)) == 1:
        ours = [sa.exists().where(proof.evidence_id == e.id) for proof in (LoggedProofRecord, OutageProof)]
        theirs = sa.or_(theirs, sa.and_(e.sender == "staff", ~sa.or_(*ours)))
    asked = sa.select(sa.func.count(e.id)).where(
        e.request_id == trip.award.request_id,
        e.kind == Kind.RECEIPT.value,
        e.state.in_(("not_scanned", "clean")),
        theirs,
    )
    return session.scalar(asked) or 0
