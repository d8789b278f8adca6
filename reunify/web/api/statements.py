"""Vendors' bills, for finance's own programs."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.disbursement import statements_queries
from reunify.disbursement.statements import SUBJECT
from reunify.web import reading, statement_acts
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.papers_sent import UploadForm

router = APIRouter(tags=["payments"])


class PaidOn(BaseModel):
    """The day the vendor was paid."""

    model_config = ConfigDict(extra="forbid")
    paid_on: date


@router.post("/statements", status_code=201)
def take_in(by: Finance, at: AtHouse, form: UploadForm) -> dict[str, str]:
    """A form of `vendor`, `billed_on` (a day) and one CSV `file`: locator, amount, date, reference."""
    return {"id": str(statement_acts.take_in(at, form, by=by))}


@router.get("/statements/{statement_id}")
def one(statement_id: UUID, by: Finance, at: AtHouse) -> dict[str, Any]:
    """Each line with its verdict and its stage: to_record, to_verify, paid, case or resolved. No locator."""
    with at.db.work() as session:
        bill, lines = statements_queries.statement(session, statement_id, now=at.now())
        reading.many(session, by=by, at=at.now(), subject=SUBJECT, ids=[bill.id])
    return {
        "id": str(bill.id),
        "total_cents": bill.total.cents,
        "lines": [
            {
                "id": str(line.id),
                "number": line.number,
                "amount_cents": line.amount.cents,
                "verdict": line.verdict.value,
                "stage": line.stage,
                "payment": str(line.payment) if line.payment else None,
                "days": line.days,
            }
            for line in lines
        ],
    }


@router.post("/statements/{statement_id}/record")
def record(statement_id: UUID, body: PaidOn, by: Finance, at: AtHouse) -> dict[str, int]:
    """Every matched line is written down as paid; how many lines that were."""
    return {"lines": statement_acts.record(at, statement_id, body.paid_on, by)}


@router.post("/statements/{statement_id}/verification")
def verify(statement_id: UUID, by: SteppedUpFinance, at: AtHouse) -> dict[str, int]:
    """By another person than wrote them down; how many payments that were."""
    return {"payments": statement_acts.verify(at, statement_id, by)}
