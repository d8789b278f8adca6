"""Payments made in an outage, without prior approval."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from reunify.disbursement.outage_policy import Instrument
from reunify.kernel.text import LongText, SafeText
from reunify.reporting import outages
from reunify.reporting.outages import Outage
from reunify.web import outage_acts, reading
from reunify.web.api.awards import Reason
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.outage_acts import OutageCase, RecordsOutage
from reunify.web.papers_sent import UploadForm
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


class Payments(BaseModel):
    """Which payments of awards it was, each whole. `reason`: why no award can bear what is left over."""

    model_config = ConfigDict(extra="forbid")
    instructions: list[UUID] = Field(min_length=1, max_length=60)
    reason: SafeText = ""


@router.post("/outage-payments", status_code=201)
def record(body: PaidInOutage, by: RecordsOutage, at: AtHouse) -> dict[str, str]:
    """Write down what was paid in an outage; its money is in suspense until two others ratify it."""
    found = outage_acts.record(at, **body.model_dump(), by=by)
    return {"id": str(found), "state": "recorded"}


@router.post("/outage-payments/{outage_id}/paper", status_code=201)
def attach_paper(
    outage_id: UUID, by: RecordsOutage, at: AtHouse, case: OutageCase, form: UploadForm
) -> dict[str, str]:
    """One photo or PDF (part `files`) of the check, slip or receipt: nobody ratifies without one."""
    outage_acts.attach_paper(at, form, outage_id=outage_id, request_id=case.request_id, by=by)
    return {"proof": "paper"}


@router.get("/outage-payments")
def listed(by: Finance, at: AtHouse) -> dict[str, Any]:
    """Open ones, then those reported as not ratifiable and those borne since; of each the oldest first."""
    with at.db.work() as session:
        found = outages.listed(session)
        reading.many(session, by=by, at=at.now(), subject="outage_payment", ids=[o.id for o in found])
    return {"outage_payments": [_shown(one) for one in found]}


@router.post("/outage-payments/{outage_id}/proposal")
def propose(
    outage_id: UUID, body: Payments, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """Say, as the first of two, which payments of awards it was. Never who wrote it down."""
    outage_acts.propose(at, outage_id, body.instructions, body.reason, by)
    return {"state": "proposed"}


@router.post("/outage-payments/{outage_id}/ratification")
def ratify(outage_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Agree, as the second: the award bears it, nothing pays it again, and what is left over is reported."""
    return {"state": outage_acts.ratify(at, outage_id, by)}


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


@router.post("/outage-payments/{outage_id}/strike")
def strike(
    outage_id: UUID, body: Reason, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """It was not paid, or not so: it leaves suspense. Never by who wrote it down."""
    outage_acts.strike(at, outage_id, body.reason, by)
    return {"state": "struck"}


@router.post("/outage-payments/{outage_id}/bearing")
def bear(outage_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Put what no award can bear on the organisation's own money. Never who reported it."""
    outage_acts.bear(at, outage_id, by)
    return {"state": "borne"}


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
        "instructions": [str(instruction) for instruction in o.parts],
        "rest_cents": o.rest.cents,
        "papers": len(o.papers),
    }
