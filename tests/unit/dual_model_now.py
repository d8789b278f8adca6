"""What the dual-control model remembers of one award and its payment, and the people in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple
from uuid import UUID

from reunify.kernel.ids import StaffId
from reunify.kernel.moves import START, Moves
from reunify.kernel.people import Role, Staff

NAMES = ("ana", "ben", "carla", "dora", "eve")
IDS = {name: StaffId(UUID(int=n + 1)) for n, name in enumerate(NAMES)}
NAME_OF = {id_: name for name, id_ in IDS.items()}
# Who is on call for money in the night.
ON_CALL = "ben"
Loan = tuple[str, str]  # who stands in, and for whom
Asked = tuple[int, int]  # after how many attempts, and for which bank account


class Scope(NamedTuple):
    """How far the histories of one exploration go. `changers`: who may change the request; everybody, if
    none is named. `night`: with an envelope and its review."""

    names: tuple[str, ...] = ("ana", "ben", "carla")
    changers: tuple[str, ...] = ()
    changes: int = 1
    attempts: int = 1
    banks: int = 0
    loans: int = 0
    logs: int = 2
    night: bool = False


class Now(NamedTuple):
    """`wrote`: who wrote the request. `newest`: how often payee or amount changed. `checked`: the version the
    award was made from; `approved_as`, `instructed_as`: what was approved, and what is paid.

    `attempts`: state and bank account of each, None until one is known. `broken`: what no history may come to
    and this one did.
    """

    scope: Scope
    wrote: frozenset[str] = frozenset({"ana"})
    newest: int = 0
    checked: int = 0
    loan: Loan | None = None
    stood: frozenset[Loan] = frozenset()
    award: str = "awaiting_approval"
    approved_by: frozenset[str] | None = None  # with whom they stood for
    approver: str | None = None
    releaser: str | None = None
    approved_as: int | None = None
    envelope: str = START
    signers: frozenset[str] = frozenset()
    first_signer: str | None = None
    enveloped: bool = False
    alone: bool = False
    review: str = START
    bank: int = 0
    instruction: str = START
    instructed_as: int | None = None
    attempts: tuple[tuple[str, int | None], ...] = ()
    asked: Asked | None = None
    anew_by: frozenset[str] | None = None  # the first of two, with whom they stood for
    anew: frozenset[Asked] = frozenset()
    logged: str = START
    recorder: frozenset[str] = frozenset()
    logs: int = 0
    broken: frozenset[str] = frozenset()

    @property
    def authors(self) -> frozenset[str]:
        """Who wrote it, and whomever one of them has stood for."""
        return self.wrote | {lender for receiver, lender in self.stood if receiver in self.wrote}

    def person(self, name: str) -> Staff:
        return _person(name, self.loan)

    def selves(self, name: str) -> frozenset[str]:
        """As the judge counts them, whatever the house says."""
        return frozenset({name, self.loan[1]}) if self.loan and self.loan[0] == name else frozenset({name})

    def breaks(self, found: bool, words: str) -> frozenset[str]:
        return self.broken | {words} if found else self.broken


@cache
def _person(name: str, loan: Loan | None) -> Staff:
    lent = frozenset({IDS[loan[1]]}) if loan and loan[0] == name else frozenset[StaffId]()
    return Staff(IDS[name], name, frozenset(Role), stands_for=lent)


@cache
def ids(names: frozenset[str]) -> frozenset[StaffId]:
    return frozenset(IDS[name] for name in names)


Step = tuple[str, str]  # the verb, and who ("" for the house, Stripe and the family)
Does = Callable[[Now, str], Now | None]  # where it leads; None where it says nothing

TWO_PARTS = "whoever asked also approved or released"
ONE_PERSON = "one person approved and released"
ONE_SIGNED = "one person signed an envelope twice"
OWN_REVIEW = "whoever had a part in it also reviewed it"
ONE_VERIFIED = "one person recorded and verified"
OWN_VERIFIED = "whoever asked also verified"
ONE_ANEW = "one person approved a payment anew, twice"
OWN_ANEW = "whoever asked approved a payment anew"
OLD_APPROVAL = "a changed payee or amount was paid on the old approval"
OTHER_BANK = "another bank account was paid without two people"
UNRELEASED = "paid without a release"
UNREVIEWED = "released alone and nobody reviews it"
TWICE = "two payments that may both be made"


def target(moves: Moves, state: str, verb: str) -> str | None:
    """Where the table leads, or nowhere: quicker than being refused in words."""
    return moves.check(state, verb).target if moves.can(state, verb) else None


def lend_to(receiver: str) -> Does:
    """Somebody lends a role to this colleague, who stands in for them from now on."""

    def does(now: Now, lender: str) -> Now | None:
        if lender == receiver or now.loan or len(now.stood) >= now.scope.loans:
            return None
        loan = (receiver, lender)
        return now._replace(loan=loan, stood=now.stood | {loan})

    return does


def end_loan(now: Now, _: str) -> Now | None:
    return now._replace(loan=None) if now.loan else None
