"""Which limits, terms, conditions and unit values make sense. Pure."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from reunify.funds import typed
from reunify.funds.policy import Release, given_for
from reunify.kernel.refusals import NotFound, OutOfStep, Refused
from reunify.ledger.policy import BudgetCategory, Scope, Unit

LIMIT_SCOPES = (Scope.TRIP, Scope.FAMILY, Scope.CHILD, Scope.LIFETIME)
MOST_TRANCHES = 366
MOST_MATCH_PERCENT = 1000


class LimitDoesNotFit(Refused):
    """A limit of nothing, or of something that is not counted."""


class TermsDoNotFit(Refused):
    """The terms contradict each other or the source."""


class ValueDoesNotFit(Refused):
    """A value of something that is not given in units."""


class NoSuchCondition(NotFound):
    """The source has no condition with this number."""


class AlreadyLifted(OutOfStep):
    """The funder's approval is kept already."""


class NotYet(Refused):
    """A day that has not come."""


class AsTerms(Protocol):
    """The part of `terms.Terms` that is checked."""

    @property
    def release(self) -> Release: ...
    @property
    def tranches(self) -> int: ...
    @property
    def soonest_first(self) -> bool: ...
    @property
    def minimum_slice(self) -> int: ...
    @property
    def minimum_grant(self) -> int: ...
    @property
    def match_percent(self) -> int: ...


def check_limit(scope: Scope, budget_category: BudgetCategory | None, at_most: int, unit: Unit) -> None:
    """`unit` of the source. Raises LimitDoesNotFit, TooMuch."""
    if scope not in LIMIT_SCOPES:
        raise LimitDoesNotFit("A limit counts for a trip, a family, a child or a lifetime.", field="/scope")
    if scope is Scope.LIFETIME and budget_category is not None:
        raise LimitDoesNotFit(
            "A lifetime limit counts trips, whatever they cost: leave the category out.",
            field="/budget_category",
        )
    if type(at_most) is not int or at_most <= 0:
        raise LimitDoesNotFit("A limit is a whole number above zero.", field="/at_most")
    typed.check_most(at_most, unit, "/at_most")
    only = given_for(unit)
    if only is not None and budget_category not in (None, only):
        raise LimitDoesNotFit(
            f"A source of {unit}s pays for {only} alone, so it has no limit of {budget_category}.",
            field="/budget_category",
        )


def check_terms(terms: AsTerms, *, unit: Unit, ends: date | None, federal: bool, document: str) -> None:
    """`unit` of the source. Raises TermsDoNotFit with the remedy, TooMuch."""
    paced = terms.release is Release.PACED
    if paced and ends is None:
        raise TermsDoNotFit("Tranches need a last day of the period: extend it first.", field="/release")
    if paced and not 2 <= terms.tranches <= MOST_TRANCHES:
        raise TermsDoNotFit(f"Say how many tranches, from 2 to {MOST_TRANCHES}.", field="/tranches")
    if not paced and terms.tranches != 1:
        raise TermsDoNotFit("What is given first come has one tranche.", field="/tranches")
    if federal and terms.soonest_first and not document:
        raise TermsDoNotFit(
            "A federal award is charged for what is allocable to it, never because it lapses soon "
            "(2 CFR 200.405). Name the funder's paper that allows this order, or leave it off.",
            field="/document",
        )
    typed.check_most(terms.minimum_slice, unit, "/minimum_slice")
    typed.check_most(terms.minimum_grant, unit, "/minimum_grant")
    if terms.minimum_slice < 0:
        raise TermsDoNotFit("The least for one line is zero or more.", field="/minimum_slice")
    if terms.minimum_grant < 0:
        raise TermsDoNotFit("The least for one trip is zero or more.", field="/minimum_grant")
    if not 0 <= terms.match_percent <= MOST_MATCH_PERCENT:
        raise TermsDoNotFit(f"A match is 0 to {MOST_MATCH_PERCENT} percent.", field="/match_percent")


def check_value(unit: Unit, cents: int) -> None:
    """Raises ValueDoesNotFit, TooMuch."""
    if unit is Unit.CENTS:
        raise ValueDoesNotFit(
            "Money is worth what it says: only nights and miles are valued.", field="/cents"
        )
    if type(cents) is not int or cents <= 0:
        raise ValueDoesNotFit("A value is above zero.", field="/cents")
    if cents > typed.MOST_VALUE:
        raise typed.TooMuch(
            f"No {unit} is worth more than ${typed.MOST_VALUE // 100:,}: look at the digits.", field="/cents"
        )


def check_has_come(day: date, today: date, pointer: str) -> None:
    """Raises NotYet."""
    if day > today:
        raise NotYet("This day has not come yet: enter it when it has.", field=pointer)
