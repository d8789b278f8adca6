"""Rows of asks and decisions as the verbs need them: found for one request only, kept, and written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.eligibility import asking_checks as checks
from reunify.eligibility.asking_policy import Amounts, AskedLine, totals
from reunify.eligibility.asking_records import (
    FunderAsk,
    FunderAskLine,
    FunderDecision,
    FunderDecisionAmount,
)
from reunify.intake import queries as requests
from reunify.kernel.people import Actor
from reunify.ledger.policy import BudgetCategory


def ask_of(session: Session, request_id: UUID, ask_id: UUID) -> FunderAsk:
    """Its request held until the transaction ends. Raises NoSuchAsk, for another family's too."""
    requests.lock_request(session, request_id)
    found = session.get(FunderAsk, ask_id, populate_existing=True)
    if found is None or found.request_id != request_id:
        raise checks.NoSuchAsk("There is no such ask.")
    return found


def decision_of(session: Session, request_id: UUID, decision_id: UUID) -> tuple[FunderAsk, FunderDecision]:
    """The same for a decision, with its ask. Raises NoSuchDecision."""
    requests.lock_request(session, request_id)
    found = session.get(FunderDecision, decision_id, populate_existing=True)
    if found is None or found.request_id != request_id:
        raise checks.NoSuchDecision("There is no such decision.")
    return session.get_one(FunderAsk, found.ask_id), found


def asked_of(session: Session, ask: FunderAsk) -> dict[BudgetCategory, int]:
    """What was asked for, by budget category."""
    rows = session.scalars(sa.select(FunderAskLine).where(FunderAskLine.ask_id == ask.id))
    return totals(AskedLine(r.line_key, BudgetCategory(r.budget_category), r.amount) for r in rows)


def grants_of(session: Session, ask: FunderAsk) -> dict[BudgetCategory, int]:
    """What this ask's own decision in force grants."""
    rows = session.execute(
        sa.select(FunderDecisionAmount.budget_category, FunderDecisionAmount.amount)
        .join(FunderDecision, FunderDecision.id == FunderDecisionAmount.decision_id)
        .where(FunderDecision.ask_id == ask.id, FunderDecision.state == "in_force")
    )
    return {BudgetCategory(category): amount for category, amount in rows}


def waits(session: Session, ask: FunderAsk) -> bool:
    """Whether a decision on it waits for its second look."""
    waiting = sa.exists().where(FunderDecision.ask_id == ask.id, FunderDecision.state == "waiting")
    return bool(session.scalar(sa.select(waiting)))


def next_number(session: Session, ask: FunderAsk) -> int:
    """Decisions on one ask count from 1."""
    asked = sa.select(sa.func.max(FunderDecision.number)).where(FunderDecision.ask_id == ask.id)
    return int(session.scalar(asked) or 0) + 1


def keep_decision(session: Session, decision: FunderDecision, gives: Amounts) -> None:
    """With what it grants in each budget category, in all."""
    session.add(decision)
    session.flush()
    for category, amount in sorted(gives.items()):
        session.add(
            FunderDecisionAmount(decision_id=decision.id, budget_category=category.value, amount=amount)
        )
    session.flush()


def noted(
    session: Session, ask: FunderAsk, decision: FunderDecision, moved: str, by: Actor, now: datetime
) -> None:
    """The audit row: which decision of which source, and nothing of the family."""
    detail: dict[str, Any] = {"source": ask.source, "decided": decision.decided, "decision": str(decision.id)}
    audit.record(
        session, by=by, at=now, subject="request", subject_id=ask.request_id, moved=moved, detail=detail
    )
