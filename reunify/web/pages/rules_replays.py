"""What a version would have answered in the past: counts, money, and whose answer would be another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.eligibility.replay_caps import left_out_words
from reunify.eligibility.replay_report import with_words
from reunify.intake.reach import reach
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.kernel.sight import Sight
from reunify.reporting.views import pseudonym
from reunify.rules import queries
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.pages.labels import label
from reunify.web.pages.rules_editing import Sha256
from reunify.web.pages.rules_showing import chart_of, counts_of, matrix_of, money_moved
from reunify.web.pages.view import organisation_now, staff_page

router = APIRouter(include_in_schema=False)
# Who proves rules, who checks how they are proved, and whose team looks again at what flips to yes.
Reader = Annotated[Staff, Depends(staff(Role.RULES_AUTHOR, Role.AUDITOR, Role.SUPERVISOR))]
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Turn:
    """One requirement that came out otherwise."""

    id: str
    was: str
    now: str
    name: str
    cite: str


@dataclass(frozen=True, slots=True)
class Flip:
    """`case` is its reference only where `address` may be opened by whoever reads."""

    case: str
    address: str
    was: str
    now: str
    money: str = ""


@router.get("/rules/versions/{sha256}/replay")
def show(request: Request, sha256: Sha256, by: Reader, at: AtHouse) -> Response:
    """References only of cases this person may open; no fact of any family."""
    with at.db.work() as session:
        org = organisation_now(session, at)
        version = queries.version(session, sha256)
        replay = version.replay
        report: dict[str, Any] = (replay.report if replay else None) or {}
        report = with_words(report, version.row.rulebook)
        flips = [_flip(session, f, _unit(report), by, at) for f in report.get("flips", [])[:MOST_SHOWN]]
        samples = [_sample(s) for s in report.get("samples", [])]
        if replay is not None and report:
            reading.one(session, by=by, at=at.now(), subject="rule_replay", subject_id=replay.id)
    name = version.row.rulebook.name if version.row.rulebook else version.row.source
    return staff_page(
        request,
        "rules/replay.html",
        me=by,
        org=org,
        version=version.row,
        name=name,
        replay=replay,
        report=counts_of(report),
        matrix=matrix_of(report),
        left_out=left_out_words(report.get("caps_not_counted", [])),
        chart=chart_of(report, {version.row.source: name}),
        flips=flips,
        samples=samples,
        more=max(0, int(report.get("flips_total", 0)) - len(flips)),
    )


def _unit(report: dict[str, Any]) -> str:
    return next((str(row["unit"]) for row in report.get("by_fund", [])), "cents")


def _flip(session: Session, flip: dict[str, Any], unit: str, by: Staff, at: House) -> Flip:
    case, address = _case(session, str(flip["request_id"]), by, at)
    return Flip(case, address, str(flip["from"]), str(flip["to"]), money_moved(flip, unit))


@dataclass(frozen=True, slots=True)
class Sample:
    """What came out otherwise together, and for how many families."""

    was: str
    now: str
    families: int
    because: tuple[Turn, ...]


def _sample(sample: dict[str, Any]) -> Sample:
    turns = tuple(
        Turn(str(b["id"]), label(str(b["from"])), label(str(b["to"])), str(b["name"]), _cited(b["cite"]))
        for b in sample["because"]
    )
    return Sample(str(sample["from"]), str(sample["to"]), int(sample["families"]), turns)


def _cited(cite: Any) -> str:
    if isinstance(cite, dict):
        return f"{cite.get('doc', '')}, {cite.get('at', '')}"
    return str(cite or "")


def _case(session: Session, request_id: str, by: Staff, at: House) -> tuple[str, str]:
    """Reference and address, or a name that leads nowhere."""
    try:
        seen = reach(session, UUID(request_id), by=by, now=at.now())
    except NotFound:
        return pseudonym(UUID(request_id)), ""
    if seen.sight in (Sight.WHOLE, Sight.MONEY):
        return seen.reference, f"/requests/{seen.request_id}"
    return pseudonym(UUID(request_id)), ""
