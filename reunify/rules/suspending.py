"""A whole source asks staff instead of answering, from the second two people agreed; and answers again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.rules import moving, policy
from reunify.rules.approving import second
from reunify.rules.policy import AlreadyAsked, NobodyAsked, NoSuchSource, NothingSuspended, NothingToSuspend
from reunify.rules.records import RuleInForce, RuleMove


@may(Role.RULES_AUTHOR)
def ask_suspension(session: Session, *, source: str, reason: str, by: Staff, now: datetime) -> None:
    """The first of two people. Raises NoSuchSource, NothingToSuspend, AlreadyAsked, ReasonNeeded."""
    _ask(session, source, "approved", "ask_suspension", reason, by, now)


@may(*policy.STOPS)
def confirm_suspension(session: Session, *, source: str, by: Staff, now: datetime) -> None:
    """The second: from this commit on the source asks staff. Raises NobodyAsked, SecondPersonNeeded,
    SecondAtCommandLine."""
    _confirm(session, source, "approved", "confirm_suspension", by, now)


@may(Role.RULES_AUTHOR)
def ask_resumption(session: Session, *, source: str, reason: str, by: Staff, now: datetime) -> None:
    """The first of two people. Raises NoSuchSource, NothingSuspended, AlreadyAsked, ReasonNeeded."""
    _ask(session, source, "suspended", "ask_resumption", reason, by, now)


@may(Role.RULES_AUTHOR)
def confirm_resumption(session: Session, *, source: str, by: Staff, now: datetime) -> None:
    """The second: from this commit on the rules answer again. Raises NobodyAsked, SecondPersonNeeded,
    SecondAtCommandLine."""
    _confirm(session, source, "suspended", "confirm_resumption", by, now)


@may(Role.RULES_AUTHOR)
def withdraw_suspension_ask(session: Session, *, source: str, reason: str, by: Staff, now: datetime) -> None:
    """By whoever asked, or a colleague: nobody confirms it any more, and the rules answer on.

    Raises NoSuchSource, NobodyAsked, ReasonNeeded.
    """
    _withdraw(session, source, "approved", "ask_suspension", reason, by, now)


@may(Role.RULES_AUTHOR)
def withdraw_resumption_ask(session: Session, *, source: str, reason: str, by: Staff, now: datetime) -> None:
    """By whoever asked, or a colleague: nobody confirms it any more, and the rules stay suspended.

    Raises NoSuchSource, NobodyAsked, ReasonNeeded.
    """
    _withdraw(session, source, "suspended", "ask_resumption", reason, by, now)


def _ask(session: Session, source: str, state: str, verb: str, reason: str, by: Staff, now: datetime) -> None:
    said = policy.check_reason(reason)
    rows = _standing(session, source, state)
    if not rows:
        if state == "approved":
            raise NothingToSuspend("The rules of this source are suspended already.")
        raise NothingSuspended("The rules of this source are not suspended.")
    fresh = [row for row in rows if moving.pending(session, row.sha256, verb) is None]
    if not fresh:
        raise AlreadyAsked("A colleague has asked for this already. Another person must confirm it.")
    for row in fresh:
        moving.write(session, row.sha256, verb, before=state, who=by, now=now, reason=said)


def _confirm(session: Session, source: str, state: str, verb: str, by: Staff, now: datetime) -> None:
    asked = _asked(session, source, state, policy.ASKED_FOR[verb])
    if not asked:
        raise NobodyAsked("Nobody has asked for this, or it was done meanwhile. Ask first; another confirms.")
    for row, pending in asked:
        people = second(session, pending, by, now)
        moving.write(session, row.sha256, verb, before=state, who=by, now=now, **people)


def _withdraw(
    session: Session, source: str, state: str, verb: str, reason: str, by: Staff, now: datetime
) -> None:
    said = policy.check_reason(reason)
    asked = _asked(session, source, state, verb)
    if not asked:
        raise NobodyAsked("There is nothing to withdraw: nobody has asked, or it was done meanwhile.")
    for row, _ in asked:
        undo = policy.WITHDRAWN_BY[verb]
        moving.write(session, row.sha256, undo, before=state, who=by, now=now, reason=said)


def _asked(session: Session, source: str, state: str, verb: str) -> list[tuple[RuleInForce, RuleMove]]:
    """The versions of the source for which this waits for a second person."""
    return [
        (row, pending)
        for row in _standing(session, source, state)
        if (pending := moving.pending(session, row.sha256, verb)) is not None
    ]


def _standing(session: Session, source: str, state: str) -> list[RuleInForce]:
    moving.lock_source(session, source)
    rows = moving.in_force(session, source)
    if not rows:
        raise NoSuchSource("No rules of this source are in force. See `reunify rules status`.")
    return [row for row in rows if row.state == state]
