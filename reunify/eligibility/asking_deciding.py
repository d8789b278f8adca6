"""What we do with a funder's decision: record it, put it in force by two people, or strike it.

A no makes no spending authority, so it counts once recorded. Whatever gives or changes a grant waits for a
second person. What changes the answer has the request checked again, with the same facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.eligibility import asking_checks as checks
from reunify.eligibility import asking_force as force
from reunify.eligibility import policy
from reunify.eligibility.asking_policy import ASK_MOVES, DECISION_MOVES, Amounts, Decided, gives_more
from reunify.eligibility.asking_records import FunderAsk, FunderDecision
from reunify.eligibility.asking_rows import (
    ask_of,
    asked_of,
    decision_of,
    grants_of,
    keep_decision,
    next_number,
    noted,
    waits,
)
from reunify.eligibility.records import StaffDecision
from reunify.files import evidence_queries as evidence
from reunify.funds.keeping import kept_as_it_is
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, Problem
from reunify.rates import queries as rates

_READABLE = ("not_scanned", "clean")


@may(Role.CASE_MANAGER)
def record_decision(
    session: Session,
    *,
    request_id: RequestId,
    ask_id: UUID,
    decided: str,
    decided_on: date,
    amounts: Amounts,
    conditions: str,
    evidence_id: UUID | None,
    reference: str,
    case_types: Iterable[str],
    by: Staff,
    now: datetime,
) -> UUID:
    """Keep what the funder said, in all, by budget category. `evidence_id`: its paper, kept here; else
    `reference` says where it is.

    Raises NoSuchAsk, DecisionWaits, BadInput, SourceOver.
    """
    ask = ask_of(session, request_id, ask_id)
    source = kept_as_it_is(session, ask.source)
    _check_none_waits(session, ask)
    paper = None if evidence_id is None else _paper(session, request_id, evidence_id, by)
    today = rates.today(session, now=now)
    before = force.granted_now(session, ask)
    kind, gives = checks.check_decision(
        decided,
        asked=asked_of(session, ask),
        amounts=amounts,
        unit=ask.unit,
        granted_before=bool(before),
        decided_on=decided_on,
        asked_on=ask.asked_on,
        today=today,
        conditions=conditions,
        has_paper=paper is not None,
        reference=reference,
    )
    granted = grants_of(session, ask)
    if gives_more(gives, granted):
        checks.check_source(source, decided_on)
    at_once = kind is Decided.NO and not granted
    decision = FunderDecision(
        id=new_id(),
        ask_id=ask.id,
        request_id=request_id,
        number=next_number(session, ask),
        decided=kind.value,
        decided_on=decided_on,
        conditions=conditions.strip() or None,
        evidence_id=paper,
        reference=reference.strip() or None,
        state=DECISION_MOVES.check(START, "record_no" if at_once else "record").target,
        recorded_by=by.id,
        recorded_for=sorted(by.stands_for),
        recorded_at=now,
    )
    if at_once:
        fund = force.end_the_one_before(session, ask)
        keep_decision(session, decision, gives)
        _answered(session, ask, fund, decision, case_types, by, now)
    else:
        keep_decision(session, decision, gives)
    noted(session, ask, decision, "record_funder_decision", by, now)
    return decision.id


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def confirm_decision(
    session: Session,
    *,
    request_id: RequestId,
    decision_id: UUID,
    case_types: Iterable[str],
    by: Staff,
    now: datetime,
) -> None:
    """A second person has read the paper: it is in force, the ledger follows, the request is checked again.

    Raises NoSuchDecision, AnotherConfirms, WrongState, SourceOver, GrantInUse, BadInput.
    """
    ask, decision = decision_of(session, request_id, decision_id)
    DECISION_MOVES.check(decision.state, "confirm")
    checks.check_second_look(by, decision.recorded_by, decision.recorded_for)
    fund = force.end_the_one_before(session, ask)
    DECISION_MOVES.apply(decision, "confirm")
    decision.confirmed_by, decision.confirmed_for, decision.confirmed_at = by.id, sorted(by.stands_for), now
    session.flush()
    _answered(session, ask, fund, decision, case_types, by, now)
    noted(session, ask, decision, "confirm_funder_decision", by, now)


@may(Role.CASE_MANAGER, Role.SUPERVISOR)
def strike_decision(
    session: Session, *, request_id: RequestId, decision_id: UUID, reason: str, by: Staff, now: datetime
) -> None:
    """It was written down wrongly, and was never in force. It makes no authority, so no second person is
    needed: whoever keeps the case may strike it, their own or a colleague's, and says why.

    Raises NoSuchDecision, WrongState, ReasonMissing.
    """
    ask, decision = decision_of(session, request_id, decision_id)
    DECISION_MOVES.check(decision.state, "strike")
    if len(reason.strip()) < 5 or len(reason) > checks.LONGEST:
        raise policy.ReasonMissing("Write what was wrong, in a sentence.")
    DECISION_MOVES.apply(decision, "strike")
    decision.struck_by, decision.struck_at, decision.struck_reason = by.id, now, reason.strip()
    session.flush()
    noted(session, ask, decision, "strike_funder_decision", by, now)


def _answered(
    session: Session,
    ask: FunderAsk,
    fund: force.Fund,
    decision: FunderDecision,
    case_types: Iterable[str],
    by: Staff,
    now: datetime,
) -> None:
    """The books follow; the funder's word counts for the rules; the same facts are judged with it."""
    ASK_MOVES.apply(ask, "answer")
    session.flush()
    after = force.follow_in_books(session, fund, ask, decision, now)
    word = "met" if any(after.values()) else "not_met"
    session.add(
        StaffDecision(
            id=new_id(),
            request_id=ask.request_id,
            requirement=policy.funder_id(ask.source),
            decision=word,
            about=None,
            reason=f"The funder's decision of {decision.decided_on}, recorded with its paper.",
            decided_by=by.id,
            at=now,
        )
    )
    session.flush()
    request_id = RequestId(ask.request_id)
    intake.check_again(session, request_id=request_id, case_types=case_types, by=by, now=now)


def _check_none_waits(session: Session, ask: FunderAsk) -> None:
    if waits(session, ask):
        raise checks.DecisionWaits("A decision waits for its second look: confirm or strike it first.")


def _paper(session: Session, request_id: RequestId, evidence_id: UUID, by: Staff) -> UUID:
    found = evidence.paper(session, evidence_id=evidence_id, request_id=request_id, by=by)
    if found is None or found.state not in _READABLE:
        raise BadInput([Problem("/evidence", "Choose a paper of this request that can be opened.")])
    return found.id
