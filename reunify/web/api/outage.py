"""Payments made in an outage, without prior approval."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.disbursement.outage_policy import Instrument
from reunify.kernel.text import LongText, SafeText
from reunify.reporting import outages
from reunify.reporting.outages import Outage
from reunify.web import outage_acts, reading
from reunify.web.api.awards import Reason
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.outage_acts import RecordsOutage
from reunify.web.scope import PaidCase

router = APIRouter(tags=["payments"])


class PaidInOutage(BaseModel):
    """`request`: its reference. `payee`: the key of a payee of the request, or `to_whom` in words."""

    model_config = ConfigDict(extra="forbid")
    request: SafeText
    instrument: Instrument
    paid_on: date
    cents: int
    payee: SafeText = ""
    to_whom: SafeText = ""
    reference: SafeText
    why: LongText


class Payment(BaseModel):
    """Which payment of the award it was."""

    model_config = ConfigDict(extra="forbid")
    instruction: UUID


@router.post("/outage-payments", status_code=201)
def record(body: PaidInOutage, by: RecordsOutage, at: AtHouse) -> dict[str, str]:
    """Write down what was paid in an outage; its money is in suspense until two others ratify it."""
    found = outage_acts.record(at, **body.model_dump(), by=by)
    return {"id": str(found), "state": "recorded"}


@router.get("/outage-payments")
def listed(by: Finance, at: AtHouse) -> dict[str, Any]:
    """Open ones, and those reported as not ratifiable, the oldest first."""
    with at.db.work() as session:
        found = outages.listed(session)
        reading.many(session, by=by, at=at.now(), subject="outage_payment", ids=[o.id for o in found])
    return {"outage_payments": [_shown(one) for one in found]}


@router.post("/outage-payments/{outage_id}/proposal")
def propose(
    outage_id: UUID, body: Payment, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """Say, as the first of two, which payment of an award it was. Never who wrote it down."""
    outage_acts.propose(at, outage_id, body.instruction, by)
    return {"state": "proposed"}


@router.post("/outage-payments/{outage_id}/ratification")
def ratify(outage_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Agree, as the second: the award bears it, and nothing pays it again."""
    outage_acts.ratify(at, outage_id, by)
    return {"state": "ratified"}


@router.post("/outage-payments/{outage_id}/return")
def send_back(outage_id: UUID, body: Reason, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """It was not that payment: it waits again."""
    outage_acts.send_back(at, outage_id, body.reason, by)
    return {"state": "recorded"}


@router.post("/outage-payments/{outage_id}/report")
def report(
    outage_id: UUID, body: Reason, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """No award can bear it: it stays in suspense as a finding."""
    outage_acts.report(at, outage_id, body.reason, by)
    return {"state": "reported"}


def _shown(o: Outage) -> dict[str, Any]:
    return {
        "id": str(o.id),
        "request": o.case,
        "instrument": o.instrument.value,
        "paid_on": o.paid_on.isoformat(),
        "cents": o.amount.cents,
        "payee": o.payee_key,
        "state": o.state,
        "recorder": str(o.recorder),
        "recorded_at": o.recorded_at.isoformat(),
        "instruction": str(o.instruction) if o.instruction else None,
    }
