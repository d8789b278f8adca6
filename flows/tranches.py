"""The next part of a scarce source was released: whoever was short of it is tried again, in turn."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from flows.work import Work
from reunify.allocation import actions as allocation
from reunify.allocation import queries as plans
from reunify.allocation import waits
from reunify.allocation.turns import take_turn, take_turns_of_paced
from reunify.allocation.waits import Waiting
from reunify.approval import actions as approval
from reunify.approval import queries as awards
from reunify.approval.queries import Award
from reunify.bootstrap import House
from reunify.db import Database
from reunify.eligibility import asking
from reunify.eligibility.judged import last_judged
from reunify.funds.changing import today
from reunify.intake import outcomes
from reunify.intake import queries as intake
from reunify.intake.queries import Version
from reunify.kernel.ids import AllocationId, VersionId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.rates.queries import organisation_now
from reunify.reporting import scarce
from reunify.rules import queries as rules
from reunify.rules.model import Rulebooks

BY = System("tranches")
VERBS = (approval.replace_open, allocation.free, allocation.allocate, approval.open_award)
_OPEN = "awaiting_approval"
_DAY = timedelta(days=1)


class _NothingMore(Exception):
    """The next part brought nothing beyond what stands. `left`: when the part after it begins."""

    def __init__(self, left: date | None) -> None:
        self.left = left
        super().__init__("nothing more")


def work(house: House) -> Work:
    return Work("try_again", partial(find, house), partial(run, house), acts_as=BY, verbs=VERBS)


def find(house: House, db: Database, limit: int) -> list[UUID]:
    """Versions whose day has come and whose award nobody has decided on, in turn; and those that wait no
    more."""
    with db.read() as session:
        try:
            found = scarce.due(session, on=today(session, house.now()))
        except Refused:  # the organisation is not set up, so nothing waits
            return []
        return [*found, *scarce.ended(session)][:limit]


def run(house: House, ids: list[UUID], run: str | None) -> int:
    """One transaction for each: whoever comes first takes first."""
    return sum(_try_again(house, version_id) for version_id in ids)


def _try_again(house: House, version_id: UUID) -> int:
    now = house.now()
    with house.db.work() as session:
        rules.keep_in_force(session)
        if scarce.has_ended(session, version_id):
            waits.end_wait(session, VersionId(version_id))
            return 1
        version = intake.lock_newest_version(session, version_id)
        waiting = waits.waiting(session, version_id)
        on = today(session, now)
        if version is None or waiting is None or waiting.next_on > on:
            return 0
        if outcomes.is_quiet(session, version.request_id):
            return 0
        standing = awards.newest_award(session, version.request_id)
        if standing is not None and standing.version_number < version.number:
            standing = None  # what became of an older version's award is over
        if standing is not None and standing.state != _OPEN:
            return 0  # a person decided meanwhile
        books = rules.in_force_if_any(session)
        if books is None:
            return 0  # nothing can be answered, so nothing is acted on
        child = intake.child_of(session, version.request_id)
        take_turn(session, child)
        take_turns_of_paced(session, on)
        offered = waiting.offered
        scopes = allocation.Scopes(version.request_id, child, offered.travelers, offered.legs)
        stopped = _stopped(session, books, waiting)
        try:
            with session.begin_nested():
                waits.put_off(session, version.id, on + _DAY if stopped else None)
                _split_anew(session, version, waiting, scopes, standing, stopped, on, now)
        except _NothingMore as found:
            waits.put_off(session, version.id, found.left)
        return 1


def _stopped(session: Session, books: Rulebooks, waiting: Waiting) -> frozenset[str]:
    """Sources whose rules were suspended after they answered. What a person said while they were stands, as
    long as that suspension lasts."""
    suspended = books.suspended & {need.fund_code for need in waiting.offered.needs}
    if not suspended:
        return frozenset()
    then = last_judged(session, waiting.request_id).suspended
    return frozenset(s for s in suspended if then.get(s) != books.suspensions.get(s))


def _split_anew(
    session: Session,
    version: Version,
    waiting: Waiting,
    scopes: allocation.Scopes,
    standing: Award | None,
    stopped: Collection[str],
    on: date,
    now: datetime,
) -> None:
    """What stands makes way only for more than it gives. Raises _NothingMore, and all is as it was.

    `stopped`: sources whose rules were suspended meanwhile; they pay nothing, and are tried again each day.
    """
    approval.replace_open(session, request_id=version.request_id, by=BY, now=now)
    ref = f"tranche:{version.id}:{on}"
    allocation.free(session, request_id=version.request_id, ref=ref, by=BY, now=now)
    made = allocation.allocate(
        session,
        version_id=version.id,
        scopes=scopes,
        needs=waiting.offered.needs,
        rule_caps=scarce.caps_now(session, waiting.offered.rule_caps, scopes),
        asked=asking.standing(session, version.request_id, on),
        departs_on=waiting.departs_on,
        stopped=stopped,
        by=BY,
        now=now,
    )
    if standing is not None:
        _check_gives_more(session, version, made, standing.allocation_id, on)
    if made is not None:
        organisation = organisation_now(session, now=now)
        approval.open_award(
            session, version=version, allocation_id=made, organisation=organisation, by=BY, now=now
        )


def _check_gives_more(
    session: Session, version: Version, made: AllocationId | None, standing: AllocationId, on: date
) -> None:
    """What a family was told it would get is never taken for another line's sake: then the next day is tried.

    Raises _NothingMore.
    """
    left = waits.waits_of(session, [version.id]).get(version.id)
    if made is None:
        raise _NothingMore(left)
    before, after = _open(session, standing), _open(session, made)
    more = [before.get(line, 0) - after.get(line, 0) for line in before.keys() | after.keys()]
    if max(more, default=0) <= 0:
        raise _NothingMore(left)
    if min(more) < 0:
        raise _NothingMore(on + _DAY)


def _open(session: Session, allocation_id: AllocationId) -> dict[str, int]:
    """By line, in its own unit."""
    found: dict[str, int] = plans.award_plan(session, allocation_id).certificate["uncovered"]
    return found
