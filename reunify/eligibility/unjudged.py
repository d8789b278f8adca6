"""A version no rule can judge: kept with the sentence that says why, so that somebody owns it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from reunify.audit.actions import record
from reunify.eligibility import queries
from reunify.eligibility.assessment import AssessmentOutcome
from reunify.eligibility.records import AssessmentRecord
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import RequestId, VersionId, new_id
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.rates.fields import Words
from reunify.rules.answers import Question
from reunify.rules.model import NoRulesForDate

_STAFF: Final = ("staff",)
_MEND: Final = Words("What should stand here instead?", "¿Qué debe decir aquí?")


@may(system=True)
def keep_unjudged(
    session: Session,
    *,
    version_id: VersionId,
    request_id: RequestId,
    number: int,
    content: TravelRequest,
    wrong: Refused,
    by: Actor,
    now: datetime,
    run: str | None,
) -> bool:
    """Why this version got no answer, and where a case manager can mend it. False: it has an answer."""
    if queries.assessed(session, [version_id]):
        return False
    asked = [question.content() for question in to_mend(wrong, content)]
    kept = AssessmentRecord(
        id=new_id(),
        request_id=request_id,
        version_id=version_id,
        number=number,
        outcome=AssessmentOutcome.NOT_JUDGED.value,
        asks_family=False,
        questions={"blocking": asked, "elsewhere": [], "why_not": str(wrong)},
        at=now,
        run=run,
    )
    session.add(kept)
    session.flush()
    detail = {"version": number, "why": type(wrong).__name__}
    record(
        session, by=by, at=now, subject="request", subject_id=request_id, moved="keep_unjudged", detail=detail
    )
    return True


def to_mend(wrong: Refused, content: TravelRequest) -> list[Question]:
    """The places of the request that made it impossible, as questions to staff; none if it is the rules."""
    if isinstance(wrong, NoRulesForDate):
        return list(_days(content))
    if wrong.field is None:
        return []
    return [_question(wrong.field, _MEND)]


def _days(content: TravelRequest) -> Iterator[Question]:
    """Every day of the trip: they move together."""
    for i, _ in enumerate(content.legs):
        text = Words(f"Leg {i + 1}: when is it?", f"Tramo {i + 1}: ¿cuándo es?")
        yield from (_question(f"/legs/{i}/{name}", text) for name in ("departs", "arrives"))
    for i, line in enumerate(content.cost_lines):
        text = Words(f"Cost {i + 1}: on which day?", f"Gasto {i + 1}: ¿qué día?")
        told = [name for name in ("night", "first_day", "last_day") if getattr(line, name) is not None]
        yield from (_question(f"/cost_lines/{i}/{name}", text) for name in told)


def _question(pointer: str, text: Words) -> Question:
    return Question(pointer.rpartition("/")[2], pointer, text, _STAFF, "no")
