"""One move of a version: it follows the newest one, names whom people count as, and is audited."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import brought_in, sessions
from reunify.kernel.ids import StaffId
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Staff, System
from reunify.rates.policy import OrganisationNotSetUp
from reunify.rates.queries import organisation
from reunify.rules import policy
from reunify.rules.policy import MOVES, NoSuchVersion, SecondAtCommandLine, SecondPersonNeeded
from reunify.rules.records import RuleInForce, RuleMove, RuleVersion

_LOCKS = 20_012  # the trigger of migration 0010 takes the same
_IN_FORCE = 20_013  # and this, while it changes what is in force
_TYPED: Final = "reunify.rules.typed"  # in session.info: whether one may type for both people


def lock_source(session: Session, source: str) -> None:
    """Whoever changes this source's rules waits for whoever does so already."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, sa.func.hashtext(source))))


def keep_in_force(session: Session) -> None:
    """What is in force stays so until this transaction ends; a change under way is waited for.

    Taken before the request's row: an approval takes it first too, then the requests it owes a second look.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_IN_FORCE)))


def typed_here(session: Session, *, for_both: bool) -> None:
    """Everything moved in this session is typed at the command line, without a passkey, and says so.

    `for_both`: the second of two people may be typed for here too, where the first one was (a demo).
    """
    session.info[_TYPED] = for_both


def check_not_both_typed(session: Session, asked: RuleMove) -> None:
    """Raises SecondAtCommandLine."""
    if asked.typed and session.info.get(_TYPED) is False:
        raise SecondAtCommandLine(
            "The first of the two was typed at the command line. The second person signs in and does it on "
            "the page Rules, with a passkey."
        )


def locked(session: Session, sha256: str) -> RuleVersion:
    """Raises NoSuchVersion."""
    found = session.get(RuleVersion, sha256)
    if found is None:
        raise NoSuchVersion("There is no such version of any rules.")
    lock_source(session, found.source)
    return found


def newest(session: Session, sha256: str) -> RuleMove:
    """Every version has one: it is written with it."""
    asked = sa.select(RuleMove).where(RuleMove.sha256 == sha256).order_by(RuleMove.sequence.desc()).limit(1)
    return session.scalars(asked).one()


def submitted(session: Session, sha256: str) -> RuleMove:
    """How it came into review last: with which examples, and when."""
    asked = sa.select(RuleMove).where(RuleMove.sha256 == sha256, RuleMove.verb.in_(("submit", "register")))
    return session.scalars(asked.order_by(RuleMove.sequence.desc()).limit(1)).one()


def authors(session: Session, sha256: str) -> set[UUID]:
    """Everyone who wrote what was submitted, and whom they stood for; nobody where the release ships it."""
    asked = sa.select(RuleMove.authors).where(RuleMove.sha256 == sha256, RuleMove.verb == "submit")
    return {one for listed in session.scalars(asked) for one in listed}


def pending(session: Session, sha256: str, verb: str) -> RuleMove | None:
    """What one person asked with this verb since the version last changed its state or it was withdrawn."""
    changed = sa.select(sa.func.max(RuleMove.sequence)).where(
        RuleMove.sha256 == sha256,
        sa.or_(
            RuleMove.from_state.is_distinct_from(RuleMove.to_state),
            RuleMove.verb == policy.WITHDRAWN_BY.get(verb),
        ),
    )
    asked = sa.select(RuleMove).where(
        RuleMove.sha256 == sha256, RuleMove.verb == verb, RuleMove.sequence > changed.scalar_subquery()
    )
    return session.scalars(asked.order_by(RuleMove.sequence.desc()).limit(1)).first()


def asks(moves: Iterable[RuleMove]) -> list[RuleMove]:
    """`moves`: of one version, the oldest first. What waits for a second person: asked since it last changed
    its state and not withdrawn, each verb once, the newest first. Pure.
    """
    found: dict[str, RuleMove] = {}
    for move in moves:
        if move.from_state != move.to_state or move.moved_by is None:
            found = {}
        elif move.verb in policy.WITHDRAWN_BY.values():
            found = {asked: m for asked, m in found.items() if policy.WITHDRAWN_BY.get(asked) != move.verb}
        else:
            found[move.verb] = move
    return sorted(found.values(), key=lambda m: m.sequence, reverse=True)


def in_force(session: Session, source: str) -> list[RuleInForce]:
    """Its versions that answer, the oldest first."""
    asked = sa.select(RuleInForce).where(RuleInForce.source == source).order_by(RuleInForce.effective_from)
    return list(session.scalars(asked.execution_options(populate_existing=True)))


def today(session: Session, now: datetime) -> date:
    """On the organisation's clock; the world's while it is not set up."""
    try:
        zone = organisation(session, on=now.date()).zone
    except OrganisationNotSetUp:
        return now.date()
    return now.astimezone(zone).date()


def askers(session: Session, asked: RuleMove, now: datetime) -> set[UUID]:
    """The first of two people, with everyone they counted as then or count as now."""
    assert asked.moved_by is not None  # only the release moves without a person, and it asks nobody
    today = sessions.standing(session, asked.moved_by, now=now)
    return {asked.moved_by, *asked.moved_for, *today.selves}


def check_second(
    session: Session,
    by: Staff,
    *,
    others: Collection[UUID],
    first: Collection[UUID],
    author: bool,
    now: datetime,
) -> None:
    """`others`: all the first person counts as; `first`: those of them who acted.

    Raises SecondPersonNeeded, AuthorMayNotApprove.
    """
    policy.check_apart(by, others=others, author=author)
    for one in sorted(first):
        if brought_in.lately(session, by.id, StaffId(one), now=now):
            raise SecondPersonNeeded(brought_in.SAID)


def write(
    session: Session,
    sha256: str,
    verb: str,
    *,
    before: str | None,
    who: Actor,
    now: datetime,
    reason: str = "",
    **more: Any,
) -> RuleMove:
    """`before`: the state it is in, None for a new one. Raises WrongState."""
    move = MOVES.check(before or START, verb)
    row = RuleMove(
        sha256=sha256,
        verb=verb,
        from_state=before,
        to_state=move.target,
        moved_by=None if isinstance(who, System) else who.id,
        moved_for=sorted(who.stands_for) if isinstance(who, Staff) else [],
        reason=reason,
        typed=_TYPED in session.info,
        at=now,
        **more,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        by=who,
        at=now,
        subject="rule_version",
        subject_id=subject(sha256),
        moved=Moved(verb, before or "", move.target),
        detail={"sha256": sha256, **({"typed": True} if row.typed else {})},
    )
    return row


def subject(sha256: str) -> UUID:
    """A version as the audit trail names it: the first half of its fingerprint."""
    return UUID(hex=sha256[:32])
