"""What we show of asks and decisions on a request's own page, and what a new ask may rest on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.consent import queries as consents
from reunify.consent.policy import RecipientKind
from reunify.consent.queries import Ask
from reunify.eligibility.asking_policy import AskedLine, totals
from reunify.eligibility.asking_records import (
    FunderAsk,
    FunderAskConsent,
    FunderAskLine,
    FunderDecision,
    FunderDecisionAmount,
)
from reunify.intake import signers
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import StaffId
from reunify.ledger.policy import BudgetCategory


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What the funder said, in all. `conditions` and `reference` never show in a `repr`."""

    id: UUID
    number: int
    decided: str
    decided_on: date
    amounts: dict[BudgetCategory, int]
    conditions: str | None = field(repr=False)
    evidence_id: UUID | None
    reference: str | None = field(repr=False)
    state: str
    recorded_by: StaffId | None
    recorded_for: frozenset[StaffId]
    recorded_at: datetime
    confirmed_by: StaffId | None
    struck_reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskView:
    """One ask with its decisions, the oldest first. `consents`: how many it rests on."""

    id: UUID
    source: str
    unit: str
    number: int
    asked_on: date
    how: str
    reference: str = field(repr=False)
    names_family: bool
    departs_on: date | None
    answer_due: date
    state: str
    asked_by: StaffId
    lines: tuple[AskedLine, ...]
    consents: int
    decisions: tuple[DecisionView, ...]

    @property
    def asked(self) -> dict[BudgetCategory, int]:
        return totals(self.lines)

    @property
    def waiting(self) -> DecisionView | None:
        return next((d for d in self.decisions if d.state == "waiting"), None)

    @property
    def in_force(self) -> DecisionView | None:
        return next((d for d in self.decisions if d.state == "in_force"), None)


def of_request(session: Session, request_id: UUID) -> list[AskView]:
    """Every ask of a request, the oldest first: one statement where there is none, else three.

    Raises vault's Erased.
    """
    told = sa.select(sa.func.count()).where(FunderAskConsent.ask_id == FunderAsk.id).scalar_subquery()
    rows = session.execute(
        sa.select(FunderAsk, told)
        .where(FunderAsk.request_id == request_id)
        .order_by(FunderAsk.asked_on, FunderAsk.recorded_at, FunderAsk.id)
    ).all()
    if not rows:
        return []
    lines: dict[UUID, list[AskedLine]] = {}
    for line in session.scalars(
        sa.select(FunderAskLine)
        .where(FunderAskLine.ask_id.in_([ask.id for ask, _ in rows]))
        .order_by(FunderAskLine.line_key)
    ):
        said = AskedLine(line.line_key, BudgetCategory(line.budget_category), line.amount)
        lines.setdefault(line.ask_id, []).append(said)
    decisions = _decisions(session, request_id)
    return [_view(ask, count, lines[ask.id], decisions.get(ask.id, [])) for ask, count in rows]


def consents_of(session: Session, ask_id: UUID) -> list[UUID]:
    """The consents (questions of its request) that an ask rests on."""
    c = FunderAskConsent
    return list(
        session.scalars(sa.select(c.consent_ask_id).where(c.ask_id == ask_id).order_by(c.consent_ask_id))
    )


def consents_naming(
    session: Session, request_id: UUID, content: TravelRequest, *, names: set[str], now: datetime
) -> list[tuple[Ask, str]]:
    """What the family agreed this funder may be told, whole and in force, each with whom it is about."""
    found = []
    for one in consents.asks(session, request_id):
        named = " ".join(one.recipient.name.split()).casefold() in {n.casefold() for n in names}
        if one.recipient.kind is not RecipientKind.FUNDER or not named:
            continue
        needed = signers.needed_for(content, one.about, on=now.date())
        if one.state(needed, now) == "agreed":
            found.append((one, signers.called(content, one.about)))
    return found


def _decisions(session: Session, request_id: UUID) -> dict[UUID, list[DecisionView]]:
    d, amount = FunderDecision, FunderDecisionAmount
    rows = session.execute(
        sa.select(d, amount.budget_category, amount.amount)
        .outerjoin(amount, amount.decision_id == d.id)
        .where(d.request_id == request_id)
        .order_by(d.ask_id, d.number)
    ).all()
    amounts: dict[UUID, dict[BudgetCategory, int]] = {}
    for row, category, cents in rows:
        of = amounts.setdefault(row.id, {})
        if category is not None:
            of[BudgetCategory(category)] = cents
    found: dict[UUID, list[DecisionView]] = {}
    for row in dict.fromkeys(row for row, _, _ in rows):
        found.setdefault(row.ask_id, []).append(_decision(row, amounts[row.id]))
    return found


def _decision(row: FunderDecision, amounts: dict[BudgetCategory, int]) -> DecisionView:
    return DecisionView(
        id=row.id,
        number=row.number,
        decided=row.decided,
        decided_on=row.decided_on,
        amounts=amounts,
        conditions=row.conditions,
        evidence_id=row.evidence_id,
        reference=row.reference,
        state=row.state,
        recorded_by=StaffId(row.recorded_by) if row.recorded_by else None,
        recorded_for=frozenset(map(StaffId, row.recorded_for)),
        recorded_at=row.recorded_at,
        confirmed_by=StaffId(row.confirmed_by) if row.confirmed_by else None,
        struck_reason=row.struck_reason,
    )


def _view(ask: FunderAsk, told: int, lines: list[AskedLine], decisions: list[DecisionView]) -> AskView:
    return AskView(
        id=ask.id,
        source=ask.source,
        unit=ask.unit,
        number=ask.number,
        asked_on=ask.asked_on,
        how=ask.how,
        reference=ask.reference,
        names_family=ask.names_family,
        departs_on=ask.departs_on,
        answer_due=ask.answer_due,
        state=ask.state,
        asked_by=StaffId(ask.asked_by),
        lines=tuple(lines),
        consents=told,
        decisions=tuple(decisions),
    )
