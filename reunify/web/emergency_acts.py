"""The first act of the night, once for the page and the API: submitted, and what can wait attested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reunify.bootstrap import House
from reunify.eligibility import attesting
from reunify.eligibility.attesting import Owed
from reunify.eligibility.costs_per_diem import MOST_TAX_PERCENT
from reunify.intake import tonight
from reunify.intake.tonight_actions import Submitted, submit_tonight
from reunify.intake.tonight_costs import Terms
from reunify.kernel.people import Staff
from reunify.rates.published import published
from reunify.rates.queries import organisation_now
from reunify.rules import queries as rules


@dataclass(frozen=True, slots=True)
class Filed:
    """`owed`: what was attested, with the day by which it must be in."""

    submitted: Submitted
    owed: list[Owed]


def submit(at: House, said: dict[str, Any], by: Staff, *, going_on: str = "") -> Filed:
    """Raises OverlapsAnother without a reason to go on (`going_on`), BadInput with each problem at its
    answer; then nothing is kept."""
    answers = tonight.read(said)
    with at.db.work(wake=True) as session:
        now = at.now()
        org = organisation_now(session, now=now)
        submitted = submit_tonight(
            session,
            answers=answers,
            terms=Terms(published(), org.fare_contingency_percent, MOST_TAX_PERCENT),
            case_types=at.case_types,
            by=by,
            now=now,
            going_on=going_on,
        )
        owed = attesting.attest_what_can_wait(
            session,
            request_id=submitted.request_id,
            content=submitted.content,
            organisation=org,
            rulebooks=rules.in_force(session),
            reason=_reason(answers),
            by=by,
            now=now,
        )
    return Filed(submitted, owed)


def _reason(answers: tonight.Answers) -> str:
    return (
        f"Told on the telephone in the emergency by {answers.return_authority.released_by} and by "
        f"{answers.return_authority.released_to}; it can wait, the flight of "
        f"{answers.departs:%H:%M} cannot."
    )
