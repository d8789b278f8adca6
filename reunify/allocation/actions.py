"""Split the payable lines over what is available, and reserve the ceilings: all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from reunify.allocation import enveloped, waits
from reunify.allocation.bridged import waiting_for_funders
from reunify.allocation.case import Limit
from reunify.allocation.enveloped import Offers
from reunify.allocation.ground import Ground, ground
from reunify.allocation.keeping import Kept, keep
from reunify.allocation.limits import Cap, Scopes, caps, caps_of_grants, limits_of_rules
from reunify.allocation.policy import FundsKeptChanging, LineNeed, RuleCap
from reunify.allocation.solving import Solved, solve, wanted_of
from reunify.allocation.told import beside
from reunify.allocation.turns import take_turns_of
from reunify.eligibility.asking import NOTHING_ASKED, Standing
from reunify.kernel.ids import AllocationId, RequestId, VersionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.ledger import queries as books
from reunify.ledger.policy import CapReached, InsufficientFunds

__all__ = ["Scopes", "allocate", "free"]

_TRIES = 4


@may(system=True)
def allocate(
    session: Session,
    *,
    version_id: VersionId,
    scopes: Scopes,
    needs: Sequence[LineNeed],
    by: Actor,
    now: datetime,
    rule_caps: Sequence[RuleCap] = (),
    asked: Standing = NOTHING_ASKED,
    departs_on: date | None = None,
    stopped: Collection[str] = (),
    emergency: bool = False,
) -> AllocationId | None:
    """The split kept and reserved; None if no source has anything left for these lines, then why is kept.

    `asked`: what funders granted to this request, which only it may take, and what they have not decided.
    `departs_on`: local day of the first departure; without it no later part of a source is drawn on.
    `stopped`: codes of sources that pay nothing now, as while their rules are suspended.
    `emergency`: what open envelopes hold is tried first; the split lies wholly inside them or wholly outside.
    The caller holds `enveloped.lock_open` since before it gave anything back.
    Of a fund's own limit and its rules' cap the lower counts. A plan made stale by another request is
    solved again. What a later part of a source would pay is waited for. Raises FundsKeptChanging after
    several times.
    """
    at = ground(session, asked=asked, departs_on=departs_on, now=now)
    take_turns_of(session, at.paced)
    wanted = wanted_of(needs)
    open_now = at.held.keys() - set(stopped)
    usable = [n for n in needs if n.fund_code in open_now and n.ceiling > 0]
    rule_limits = limits_of_rules(usable, at.held, scopes, rule_caps)
    offers = enveloped.offers(session, scopes.trip, now=now) if emergency else enveloped.NONE
    for _ in range(_TRIES):
        counted = caps(session, at.held, scopes, rule_caps, at.on) + caps_of_grants(at.held, asked)
        found, drawn = _solved(session, usable, wanted, at, counted, rule_limits, offers)
        split = found.split
        said = split.certificate() | waiting_for_funders(split, at.held, asked.pending)
        said |= beside(at, usable, found.waits)
        kept = Kept(version_id, scopes, said, now)
        try:
            made = keep(session, kept, found, at, counted, drawn, by=by)
        except (InsufficientFunds, CapReached):
            continue
        if found.waits is not None:
            offered = waits.Offered(tuple(needs), tuple(rule_caps), scopes.travelers, scopes.legs)
            waits.keep_wait(session, kept, found.waits, offered, departs_on=departs_on, on=at.on)
        return made
    raise FundsKeptChanging("Many requests are using these funds right now; this one is tried again.")


def _solved(
    session: Session,
    usable: Sequence[LineNeed],
    wanted: Mapping[str, int],
    at: Ground,
    counted: Sequence[Cap],
    rule_limits: Sequence[Limit],
    offers: Offers,
) -> tuple[Solved, Offers]:
    """With what it draws on: inside the envelopes, unless money outside would give some line more."""
    balances = books.balances(session)
    if not offers:
        return solve(usable, wanted, at, counted, rule_limits, balances), enveloped.NONE
    inside = enveloped.solve_inside(offers, usable, wanted, at, counted, rule_limits, balances)
    if not any(inside.split.uncovered.values()):
        return inside, offers
    found = solve(usable, wanted, at, counted, rule_limits, balances)
    if enveloped.gives_as_much(inside, found):
        return inside, offers
    return found, enveloped.NONE


@may(*FINANCE, system=True)
def free(session: Session, *, request_id: RequestId, ref: str, by: Actor, now: datetime) -> None:
    """What earlier splits of this request still reserve is available again; obligations stay.

    What was drawn from an envelope goes back into it while it is open.
    """
    enveloped.give_up(session, request_id=request_id, ref=ref, by=by, now=now)
