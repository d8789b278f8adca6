"""What is refused when a funder is asked or its decision recorded, each in its own words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from reunify.consent.policy import Needed, Standing
from reunify.eligibility.asking_policy import BY_PEOPLE, Amounts, Decided, How, in_words
from reunify.eligibility.explained import SourceView
from reunify.funds.queries import Fund
from reunify.kernel.people import Staff
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound, OutOfStep, Problem, Refused
from reunify.kernel.text import is_safe
from reunify.ledger.policy import BudgetCategory

LONGEST = 2_000


class NoSuchAsk(NotFound):
    """There is no such ask, or it is another request's."""


class NoSuchDecision(NotFound):
    """There is no such decision, or it is another request's."""


class NotWorthAsking(Refused):
    """The source is not one that is asked, or its rules do not find this request worth asking for."""

    field = "/source"


class AskedAlready(OutOfStep):
    """The funder has not answered yet."""


class DecisionWaits(OutOfStep):
    """A decision already waits for its second look."""


class AnotherConfirms(NotAllowed):
    """The second look is another person's."""


class GrantInUse(OutOfStep):
    """A grant cannot fall below what is reserved, obligated or spent of it."""


class FunderNotNamed(NotAllowed):
    """The consent names another recipient than this funder."""


class ToldWithoutLeave(NotAllowed):
    """The letter went out before the family had agreed to it."""


class SourceOver(OutOfStep):
    """The source is closed, or its period does not cover the day."""


def check_worth_asking(source: SourceView | None) -> SourceView:
    """Raises NotWorthAsking."""
    if source is None or source.kind != "asked":
        raise NotWorthAsking("Choose a source whose funder decides family by family.")
    if not source.may_pay:
        raise NotWorthAsking("By its rules this source cannot pay yet. Decide what is still open, then ask.")
    return source


def check_ask(
    source: SourceView,
    *,
    asked_on: date,
    begun: date,
    today: date,
    how: str,
    reference: str,
    amounts: Mapping[str, int],
) -> None:
    """`amounts` by line key. `begun`: the day the request was begun. Raises BadInput with every problem."""
    may = {line.key: line.ceiling for line in source.lines if line.outcome == "payable"}
    wrong = [*_day("/asked_on", asked_on, today), *_text("/reference", reference, least=2)]
    if asked_on < begun:
        wrong.append(Problem("/asked_on", f"The request was begun on {begun.isoformat()}: look at the day."))
    if how not in list(How):
        wrong.append(Problem("/how", "Say how it went to the funder."))
    if not amounts:
        wrong.append(Problem("/amounts", "Ask for at least one line."))
    for key, amount in sorted(amounts.items()):
        most = may.get(key)
        if most is None:
            wrong.append(Problem(f"/amounts/{key}", "This source may not pay this line: leave it empty."))
        elif not 0 < amount <= most:
            said = in_words(most, source.unit or "cents")
            wrong.append(Problem(f"/amounts/{key}", f"Ask for at most {said}, what its rules allow."))
    if wrong:
        raise BadInput(wrong)


def check_decision(
    decided: str,
    *,
    asked: Amounts,
    amounts: Amounts,
    unit: str,
    granted_before: bool,
    decided_on: date,
    asked_on: date,
    today: date,
    conditions: str,
    has_paper: bool,
    reference: str,
) -> tuple[Decided, dict[BudgetCategory, int]]:
    """The decision and what it grants. Full grants what was asked; no and withdrawn grant nothing.

    Raises BadInput with every problem.
    """
    wrong = [*_day("/decided_on", decided_on, today), *_text("/conditions", conditions)]
    wrong += _text("/reference", reference)
    if decided_on < asked_on:
        wrong.append(Problem("/decided_on", "A funder cannot decide before it was asked: look at the day."))
    if decided not in BY_PEOPLE or (decided == Decided.WITHDRAWN and not granted_before):
        wrong.append(Problem("/decided", "Choose what the funder decided."))
    if not has_paper and len(reference.strip()) < 2:
        wrong.append(Problem("/reference", "Choose the funder's paper among those here, or say where it is."))
    given = {category: amount for category, amount in amounts.items() if amount}
    if decided == Decided.FULL and given not in ({}, dict(asked)):
        wrong.append(Problem("/decided", "Other amounts than were asked are a partial decision."))
    if decided in (Decided.NO, Decided.WITHDRAWN) and given:
        wrong.append(Problem("/decided", "A no has no amounts: leave them empty, or choose partial."))
    if decided == Decided.PARTIAL:
        wrong += _partial(given, asked, unit)
    if wrong:
        raise BadInput(wrong)
    granted = {Decided.FULL: dict(asked), Decided.PARTIAL: given}
    return Decided(decided), granted.get(Decided(decided), {})


def _partial(given: Amounts, asked: Amounts, unit: str) -> list[Problem]:
    if not given:
        return [Problem("/decided", "Write what was granted, by budget category.")]
    wrong = []
    for category, amount in sorted(given.items()):
        most = asked.get(category, 0)
        if not 0 < amount <= most:
            said = f"At most {in_words(most, unit)} was asked for {category}. For more, ask once more."
            wrong.append(Problem(f"/amounts/{category}", said))
    return wrong


def may_look_second(by: Staff, recorded_by: UUID | None, recorded_for: Iterable[UUID]) -> bool:
    """Two people, as wherever spending authority is made; whom one stands in for counts as that one.

    `recorded_by` None: a flow wrote it, and no such decision waits.
    """
    return recorded_by is not None and by.selves.isdisjoint({recorded_by, *recorded_for})


def check_second_look(by: Staff, recorded_by: UUID | None, recorded_for: Iterable[UUID]) -> None:
    """Raises AnotherConfirms."""
    if recorded_by == by.id:
        raise AnotherConfirms(
            "You recorded this decision. A colleague who may see the case reads the paper and confirms it."
        )
    if not may_look_second(by, recorded_by, recorded_for):
        raise AnotherConfirms(
            "One of you stood in for the other, or for the same colleague, when this was recorded: you count "
            "as one person. Another colleague who may see the case reads the paper and confirms it."
        )


def check_source(fund: Fund, on: date) -> None:
    """Nothing is asked of a source, and it gives nothing more, once it is closed or its period is over.

    A frozen one may still be answered: its money waits with it. `on`: the day it was asked or it decided.
    Raises SourceOver.
    """
    if fund.state == "closed":
        raise SourceOver(f"{fund.name} is closed, so it grants nothing. Find another source for this family.")
    if on < fund.period_start or (fund.period_end is not None and on > fund.period_end):
        last = "" if fund.period_end is None else f" to {fund.period_end.isoformat()}"
        raise SourceOver(
            f"The period of {fund.name} runs from {fund.period_start.isoformat()}{last}, and "
            f"{on.isoformat()} is outside it. Look at the day, or have the funder's extension entered."
        )


def check_had_leave(given: Iterable[tuple[datetime, Standing]], needed: Needed, told_at: datetime) -> None:
    """`given`: the answers to one question with when each was given, the oldest first. `told_at`: the end of
    the day the letter went out, or now. Raises ToldWithoutLeave unless the consent was whole then."""
    then = {one.giver: one for at, one in given if at <= told_at}
    agreed = [
        giver
        for giver, one in then.items()
        if one.answer == "yes"
        and one.ends_at is not None
        and told_at < one.ends_at
        and (one.revoked_at is None or told_at < one.revoked_at)
    ]
    if needed.missing(agreed) or not needed.givers:
        raise ToldWithoutLeave(
            f"On {told_at.date().isoformat()} the family had not agreed that this funder is told: what the "
            "letter told went out without leave. Tell your supervisor; if the day is wrong, correct it.",
            field="/told",
        )


def check_names_funder(recipient: str, names: Collection[str]) -> None:
    """A consent for one recipient says nothing of another. Raises FunderNotNamed."""
    if _plain(recipient) not in {_plain(name) for name in names}:
        raise FunderNotNamed(
            f"This consent names {recipient}, not this funder. Ask the family for one that names it.",
            field="/told",
        )


def check_not_below(after: Amounts, used: Amounts, *, unit: str) -> None:
    """Raises GrantInUse with the amounts."""
    short = [
        f"{category}: {in_words(amount, unit)} is reserved, obligated or spent, "
        f"{in_words(after.get(category, 0), unit)} would be left"
        for category, amount in sorted(used.items())
        if amount > after.get(category, 0)
    ]
    if short:
        raise GrantInUse(f"The grant is in use. {'; '.join(short)}. Free it or move the cost first.")


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _day(pointer: str, day: date, today: date) -> list[Problem]:
    return [Problem(pointer, "This day has not come yet: write the day it happened.")] if day > today else []


def _text(pointer: str, text: str, *, least: int = 0) -> list[Problem]:
    if len(text.strip()) < least:
        return [Problem(pointer, "Write the letter's own number, or where it is kept.")]
    if len(text) > LONGEST or not is_safe(text.replace("\r\n", "\n")):
        return [Problem(pointer, f"Write it in plain text of at most {LONGEST:,} characters.")]
    return []
