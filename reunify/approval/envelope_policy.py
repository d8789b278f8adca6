"""Who may sign an envelope, when one person may approve and release, who reviews it and until when. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from reunify.eligibility.asking_policy import working_days_after
from reunify.funds.policy import FundKind
from reunify.funds.queries import Fund
from reunify.identity.duties import OFFICE_OPENS, Span
from reunify.kernel.may import FINANCE
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Staff, check_role
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.text import is_safe
from reunify.ledger.policy import BudgetCategory, Unit

ENVELOPE_MOVES = Moves(
    "envelope",
    Move(START, "propose", "proposed", "finance"),
    Move("proposed", "sign", "in_force", "another finance person"),
    Move("proposed", "withdraw", "withdrawn", "finance"),
    Move("in_force", "close", "closed", "finance"),
    Move("in_force", "expire", "expired", "flow"),
)
REVIEW_MOVES = Moves(
    "review of a night decision",
    Move(START, "open", "due", "system"),
    Move("due", "agree", "agreed", "a third finance person"),
    Move("due", "refuse", "refused", "a third finance person"),
    Move("refused", "bear", "borne", "flow"),
)
LONGEST: Final = timedelta(days=31)
MOST_CENTS: Final = 100_000_000  # a million dollars: more for a night is a digit too many
_SHORTEST, _LONGEST = 3, 2_000  # characters of a reason


class EnvelopeDoesNotFit(Refused):
    """Amounts, limit or times that no envelope has."""


class FundBearsNoEnvelope(Refused):
    """The source holds no cents, or is not open, or ends before the envelope."""

    field = "/fund"


class SignedByOnePerson(NotAllowed):
    """The second signature is another person's."""


class EnvelopesOverlap(Refused):
    """Of one source one envelope is open at a time."""

    field = "/starts_at"


class NoSuchEnvelope(NotFound):
    """There is no such envelope."""


class NoSuchReview(NotFound):
    """No night decision on this award waits for a review."""


class ReviewedByAThird(NotAllowed):
    """Whoever reviews neither wrote, approved, released nor signed."""


class EnvelopeReasonNeeded(Refused):
    """An end or a no carries a reason."""

    field = "/reason"


class EnvelopeOver(OutOfStep):
    """Its time is over."""


def check_signer(by: Actor) -> Staff:
    """Finance people sign. Raises NotAllowed."""
    if not isinstance(by, Staff):
        raise NotAllowed("A person signs an envelope, never a rule.")
    check_role(by, *FINANCE)
    return by


def check_second(by: Actor, signed_by: UUID, signed_for: Collection[UUID]) -> Staff:
    """Raises SignedByOnePerson, NotAllowed."""
    person = check_signer(by)
    if person.id == signed_by:
        raise SignedByOnePerson("You signed first: a colleague in finance must sign second.")
    if not person.selves.isdisjoint({signed_by, *signed_for}):
        raise SignedByOnePerson(
            "You and whoever signed first stand in for the same person: another colleague must sign second."
        )
    return person


def check_amounts(amounts: Mapping[BudgetCategory, int], per_request: Money) -> None:
    """Cents above zero, and no request may take more than all of it. Raises EnvelopeDoesNotFit."""
    if not amounts:
        raise EnvelopeDoesNotFit("Say how much it holds of at least one category.", field="/amounts")
    for category, cents in amounts.items():
        if not 0 < cents <= MOST_CENTS:
            raise EnvelopeDoesNotFit(
                f"An envelope holds from one cent to {Money(MOST_CENTS)} of a category.",
                field=f"/amounts/{category}",
            )
    if not 0 < per_request.cents <= sum(amounts.values()):
        raise EnvelopeDoesNotFit(
            "The limit of one request is above zero, and no more than the envelope holds.",
            field="/per_request_cents",
        )


def check_span(span: Span, *, now: datetime) -> None:
    """Raises EnvelopeDoesNotFit."""
    if span.ends_at <= span.starts_at:
        raise EnvelopeDoesNotFit("It ends before it begins. Check both times.", field="/ends_at")
    if span.ends_at - span.starts_at > LONGEST:
        raise EnvelopeDoesNotFit(
            f"One envelope is open for {LONGEST.days} days at most: sign a new one then.", field="/ends_at"
        )
    if span.ends_at <= now:
        raise EnvelopeDoesNotFit("This envelope would be over already.", field="/ends_at")


def check_fund(fund: Fund, *, through: date) -> None:
    """Held in cents, open, and in its period until the envelope ends. Raises FundBearsNoEnvelope."""
    if fund.kind is not FundKind.HELD or fund.unit is not Unit.CENTS:
        raise FundBearsNoEnvelope(f"{fund.name} holds no money of ours: choose a source that does.")
    if fund.state != "open":
        raise FundBearsNoEnvelope(f"{fund.name} is {fund.state}: choose a source that is open.")
    if fund.period_end is not None and through > fund.period_end:
        raise FundBearsNoEnvelope(
            f"The period of {fund.name} ends on {fund.period_end.isoformat()}: end the envelope before."
        )


def check_reason(reason: str) -> str:
    """Raises EnvelopeReasonNeeded."""
    said = reason.strip()
    if not _SHORTEST <= len(said) <= _LONGEST or not is_safe(said):
        raise EnvelopeReasonNeeded(f"Say why, in plain words of at most {_LONGEST} characters.")
    return said


def why_not_alone(*, enveloped: bool, open_now: bool, on_call: Collection[UUID], by: Actor) -> str | None:
    """Why this person may not approve and release in one act, in words; None if they may."""
    if not enveloped:
        return ""  # a colleague releases it, as by day
    if not open_now:
        return "Its envelope is no longer open."
    if by.id is None or by.id not in on_call:
        return "Its envelope is for whoever is on call for money, and that is not you now."
    return None


def review_due(decided: datetime) -> date:
    """The next working day that begins after the decision. `decided`: on the organisation's clock.

    Monday to Friday, as in `working_days_after`: a holiday counts, so it is due early rather than late.
    """
    day = decided.date()
    if decided.time() < OFFICE_OPENS and day.weekday() < 5:
        return day
    return working_days_after(day, 1)


def check_reviewer(by: Actor, *, barred: Collection[UUID]) -> Staff:
    """A third person in finance, and nobody they stand for had a part in it.

    Raises ReviewedByAThird, NotAllowed.
    """
    if not isinstance(by, Staff):
        raise NotAllowed("A person reviews a night decision, never a rule.")
    check_role(by, *FINANCE)
    if not by.selves.isdisjoint(barred):
        raise ReviewedByAThird(
            "You, or a colleague you stand in for, wrote the request, decided on it or signed its envelope: "
            "a third person in finance must review it."
        )
    return by


def can_review(by: Actor, *, barred: Collection[UUID]) -> bool:
    """For pages: show the buttons or not."""
    try:
        check_reviewer(by, barred=barred)
    except NotAllowed:
        return False
    return True
