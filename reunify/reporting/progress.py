"""Where a request stands, derived from the rooms it has passed; no state of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.allocation.queries import AwardPlan
from reunify.approval import queries as approval
from reunify.approval.queries import Award, Refusal
from reunify.bookings import queries as bookings
from reunify.bookings.queries import Booking
from reunify.disbursement import queries as disbursement
from reunify.disbursement.queries import Instruction
from reunify.documents import queries as documents
from reunify.documents.queries import Document
from reunify.eligibility import hand_off_queries as hand_offs
from reunify.eligibility.explained import Explanation
from reunify.eligibility.left import explanation_left
from reunify.intake import queries as intake
from reunify.intake.queries import Draft
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import NotFound
from reunify.kernel.sight import Sight
from reunify.reporting import signs
from reunify.reporting.answers import source_json
from reunify.reporting.signs import Signs

TROUBLED = frozenset({"failed", "returned"})


@dataclass(frozen=True, slots=True)
class Progress:
    """`stage` is one word of STAGES; `run` is the Prefect run that checked it, None for "no run"."""

    request: Draft
    number: int
    stage: str
    explanation: Explanation | None
    award: Award | None
    plan: AwardPlan | None
    refusal: Refusal | None
    instructions: tuple[Instruction, ...]
    bookings: tuple[Booking, ...]
    documents: tuple[Document, ...]

    @property
    def checked_at(self) -> datetime | None:
        return self.explanation.at if self.explanation else None

    @property
    def run(self) -> str | None:
        return self.explanation.run if self.explanation else None


STAGES = (
    "draft",
    "checking",
    "cannot_check",
    "question",
    "staff_decision",
    "refusal_to_confirm",
    "refused",
    "paid_elsewhere",
    "no_money_left",
    "awaiting_approval",
    "awaiting_release",
    "booking",
    "paying",
    "needs_person",
    "paid",
    "declined",
    "lapsed",
    "withdrawn",
)


def of(session: Session, *, request_id: UUID) -> Progress:
    """Of an erased case, what was never sealed. Raises NotFound."""
    request = intake.request(session, request_id)
    number = intake.newest_number(session, request_id)
    explanation = _explanation(session, request_id)
    award = approval.newest_award(session, request_id)
    refusal = approval.newest_refusal(session, request_id)
    instructions = tuple(disbursement.of_award(session, award.id)) if award else ()
    booked = tuple(bookings.of_award(session, award.id)) if award else ()
    at = _signs(request, number, explanation, award, refusal, instructions, booked)
    at.helped = at.outcome == "no_source" and hand_offs.helped(session, request_id)
    return Progress(
        request=request,
        number=number,
        stage=stage_of(at),
        explanation=explanation,
        award=award,
        plan=plans.award_plan(session, award.allocation_id) if award else None,
        refusal=refusal,
        instructions=instructions,
        bookings=booked,
        documents=tuple(documents.list_for_request(session, RequestId(request_id))),
    )


def _signs(
    request: Draft,
    number: int,
    explanation: Explanation | None,
    award: Award | None,
    refusal: Refusal | None,
    instructions: Collection[Instruction],
    booked: Collection[Booking],
) -> Signs:
    """What `signs.of` reads for many requests, from the rows one request's progress has read already."""
    at = Signs(request.state, number)
    if explanation is not None:
        at.assessed_number, at.outcome = explanation.number, explanation.outcome
    if award is not None:
        at.award_id, at.award_state, at.award_number = award.id, award.state, award.version_number
    if refusal is not None:
        at.refusal_state, at.refusal_number = refusal.state, refusal.version_number
    at.instruction_states = {made.state for made in instructions} | {
        signs.desk_state(booking) for booking in booked if signs.is_at_desk(booking)
    }
    at.troubled = any(made.trouble is not None and made.state not in signs.AT_REST for made in instructions)
    return at


def _explanation(session: Session, request_id: UUID) -> Explanation | None:
    try:
        return explanation_left(session, request_id)
    except NotFound:
        return None


def stages(session: Session, request_ids: Collection[UUID]) -> dict[UUID, str]:
    """The stage of each request, in six queries however many there are."""
    found = signs.of(session, request_ids)
    return {request_id: stage_of(found[request_id]) for request_id in request_ids if request_id in found}


def stage_of(at: Signs) -> str:
    """One word of STAGES, from the states of the rooms the request has passed."""
    if at.request_state != "submitted":
        return at.request_state
    if at.assessed_number < at.number:
        return "checking"
    if at.outcome == "not_judged":
        return "cannot_check"  # whatever stands on an earlier version waits for a person too
    if at.award_state is not None and (at.award_state != "declined" or at.award_number == at.number):
        return _award_stage(at)
    if at.helped and at.outcome == "no_source" and not _is_refused(at):
        return "paid_elsewhere"
    if at.refusal_state is not None and at.refusal_number == at.number:
        return {"proposed": "refusal_to_confirm", "confirmed": "refused"}[at.refusal_state]
    return {
        "needs_information": "question",
        "needs_staff_decision": "staff_decision",
        "payable": "no_money_left",
        "no_source": "refusal_to_confirm",
    }[at.outcome or "no_source"]


def _is_refused(at: Signs) -> bool:
    return at.refusal_state == "confirmed" and at.refusal_number == at.number


def _award_stage(at: Signs) -> str:
    if at.award_state != "released":
        waiting = {"awaiting_approval": "awaiting_approval", "approved": "awaiting_release"}
        return waiting.get(str(at.award_state), str(at.award_state))
    live = at.instruction_states - {"withdrawn"}
    changed_after_release = at.award_number < at.number
    if live & TROUBLED or at.troubled or changed_after_release:
        return "needs_person"
    if signs.TO_BOOK in live:
        return "booking"
    return "paid" if live == {"settled"} else "paying"


def as_json(progress: Progress, sight: Sight) -> dict[str, Any]:
    """For the API: ids, codes and cents; no names, no case words. Only the whole sight reads the questions
    and the keys people chose for lines, until the case is erased."""
    whole = sight is Sight.WHOLE and progress.request.erased_on is None
    explanation, award, plan, refusal = (
        progress.explanation,
        progress.award,
        progress.plan,
        progress.refusal,
    )
    return {
        "id": progress.request.id,
        "reference": progress.request.reference,
        "number": progress.number,
        "stage": progress.stage,
        "erased_on": progress.request.erased_on,
        "outcome": explanation.outcome if explanation else None,
        "why_not": explanation.why_not if explanation and whole else "",
        "checked_at": progress.checked_at,
        "run": progress.run,
        "answers": {s.source: s.answer for s in explanation.sources} if explanation else {},
        "questions": [{"pointer": q.pointer, "en": q.text.en, "es": q.text.es} for q in explanation.questions]
        if explanation and whole
        else [],
        "sources": [source_json(s) for s in (*explanation.in_order, *explanation.loans)]
        if explanation and whole
        else [],
        "plan": {
            "lines": [
                {
                    "line": p.line_key if whole else str(number),
                    "fund": p.fund_code,
                    "unit": p.unit,
                    "ceiling": p.ceiling,
                }
                for number, p in enumerate(plan.lines, start=1)
            ],
            "uncovered": plan.certificate["uncovered"]
            if whole
            else sum(plan.certificate["uncovered"].values()),
            "binding": plan.certificate["binding"] if whole else {},
        }
        if plan
        else None,
        "award": {
            "id": award.id,
            "state": award.state,
            "ceiling_cents": award.ceiling.cents,
            "small_limit_cents": award.small_limit.cents,
        }
        if award
        else None,
        "refusal": {"id": refusal.id, "state": refusal.state} if refusal else None,
        "instructions": [
            {k: v for k, v in asdict(i).items() if k in ("id", "rail", "unit", "amount", "state", "trouble")}
            for i in progress.instructions
        ],
        "bookings": [
            _booking_json(booking, booking.line_key if whole else str(number))
            for number, booking in enumerate(progress.bookings, start=1)
        ],
        "documents": [
            {"id": d.id, "kind": d.kind, "language": d.language, "formats": d.formats, "run": d.run}
            for d in progress.documents
        ],
    }


def _booking_json(booking: Booking, line: str) -> dict[str, Any]:
    """Neither vendor nor place: who sees the whole case reads them at the desk."""
    return {
        "id": booking.id,
        "line": line,
        "category": booking.category,
        "settlement": booking.settlement,
        "state": booking.state,
        "ceiling_cents": booking.ceiling.cents,
    }
