"""A whole source asks staff instead of answering, from the second two people agreed; and answers again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.rules import moving, policy
from reunify.rules.approving import second
from reunify.rules.policy import AlreadyAsked, NobodyAsked, NoSuchSource, NothingSuspended, NothingToSuspend
from reunify.rules.records import RuleInForce


@may(Role.RULES_AUTHOR)
def ask_suspension(session: Session, *, source: str, reason: str, by: Staff, now: datetime) -> None:
    """The first of two people. Raises NoSuchSource, NothingToSuspend, AlreadyAsked, ReasonNeeded."""
    _ask(session, source, "approved", "ask_suspension", reason, by, now)


@may(Role.RULES_AUTHOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
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
    asked = [
        (row, pending)
        for row in _standing(session, source, state)
        if (pending := moving.pending(session, row.sha256, policy.ASKED_FOR[verb])) is not None
    ]
    if not asked:
        raise NobodyAsked("Nobody has asked for this, or it was done meanwhile. Ask first; another confirms.")
    for row, pending in asked:
        people = second(session, pending, by, now)
        moving.write(session, row.sha256, verb, before=state, who=by, now=now, **people)


def _standing(session: Session, source: str, state: str) -> list[RuleInForce]:
    moving.lock_source(session, source)
    rows = moving.in_force(session, source)
    if not rows:
        raise NoSuchSource("No rules of this source are in force. See `reunify rules status`.")
    return [row for row in rows if row.state == state]
