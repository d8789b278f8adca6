"""The lines 10a-10k of the Federal Financial Report (SF-425): what each is, and how it is worked out. Pure.

All figures are whole cents, cumulative from the start of the award through the last day reported. Only money
counts: nights and miles given in kind are in books of their own and never in these lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound, OutOfStep
from reunify.ledger.policy import Account, Book


class NotFederal(NotFound):
    """Only a federal award is reported on this form."""


class NothingNew(OutOfStep):
    """The report prepared last still says what the ledger says."""


class ToBeRestated(OutOfStep):
    """The ledger has changed since the report was prepared."""


class BooksDisagree(OutOfStep):
    """Two ways to the same figure give two figures: nothing is reported from such books."""


class NoSuchReport(NotFound):
    """No such report was prepared."""


class Line(StrEnum):
    """The lines of box 10 that an award without program income fills in."""

    A = "10a"
    B = "10b"
    C = "10c"
    D = "10d"
    E = "10e"
    F = "10f"
    G = "10g"
    H = "10h"
    I = "10i"  # noqa: E741 - the form calls it so
    J = "10j"
    K = "10k"


TITLES: Final[Mapping[Line, str]] = {
    Line.A: "Cash receipts",
    Line.B: "Cash disbursements",
    Line.C: "Cash on hand",
    Line.D: "Total federal funds authorized",
    Line.E: "Federal share of expenditures",
    Line.F: "Federal share of unliquidated obligations",
    Line.G: "Total federal share",
    Line.H: "Unobligated balance of federal funds",
    Line.I: "Total recipient share required",
    Line.J: "Recipient share of expenditures",
    Line.K: "Remaining recipient share to be provided",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Which entries of the award's own a line sums. `sign`: the contra accounts count the other way round."""

    book: Book
    accounts: tuple[Account, ...]
    sign: int = 1


# 10c, 10g and 10h are worked out from other lines; their entries are the second way to the same figure.
SOURCES: Final[Mapping[Line, Source]] = {
    Line.A: Source(Book.ACTUAL, (Account.GRANT_REVENUE,), -1),
    Line.B: Source(Book.ACTUAL, (Account.EXPENSE, Account.BANK_FEES)),
    Line.C: Source(Book.ACTUAL, (Account.CASH_STRIPE, Account.CASH_BANK, Account.CASH_CARD)),
    Line.D: Source(Book.BUDGET, (Account.AUTHORIZED,), -1),
    Line.E: Source(Book.BUDGET, (Account.EXPENDED,)),
    Line.F: Source(Book.BUDGET, (Account.OBLIGATED,)),
    Line.G: Source(Book.BUDGET, (Account.EXPENDED, Account.OBLIGATED)),
    Line.H: Source(Book.BUDGET, (Account.AVAILABLE, Account.RESERVED)),
}


# Where what happened by the last day reported and is dated later says that a figure is behind the facts.
FACTS: Final = (Line.A, Line.B, Line.C, Line.E)


def effects(sums: Mapping[Account, int]) -> dict[Line, int]:
    """What entries with these sums (cents, by account) add to each line of the award's own entries."""
    return {
        line: source.sign * sum(sums.get(account, 0) for account in source.accounts)
        for line, source in SOURCES.items()
    }


@dataclass(frozen=True, slots=True)
class Figures:
    """Whole cents. What the rest is worked out from; a report keeps exactly these.

    `match_percent`: for every 100 of the award, so many must come from others (a dated term of the source).
    """

    receipts: int
    disbursements: int
    authorized: int
    expended: int
    obligated: int
    recipient_expended: int
    match_percent: int

    @property
    def recipient_required(self) -> int:
        """Rounded up to the cent: a required share is never reported short."""
        return -(-self.authorized * self.match_percent // 100)

    def __getitem__(self, line: Line) -> int:
        spent = self.expended + self.obligated
        return {
            Line.A: self.receipts,
            Line.B: self.disbursements,
            Line.C: self.receipts - self.disbursements,
            Line.D: self.authorized,
            Line.E: self.expended,
            Line.F: self.obligated,
            Line.G: spent,
            Line.H: self.authorized - spent,
            Line.I: self.recipient_required,
            Line.J: self.recipient_expended,
            Line.K: self.recipient_required - self.recipient_expended,
        }[line]


def figures(sums: Mapping[Account, int], *, recipient_expended: int, match_percent: int) -> Figures:
    """From the sums of all entries by account. Raises BooksDisagree."""
    found = effects(sums)
    made = Figures(
        receipts=found[Line.A],
        disbursements=found[Line.B],
        authorized=found[Line.D],
        expended=found[Line.E],
        obligated=found[Line.F],
        recipient_expended=recipient_expended,
        match_percent=match_percent,
    )
    wrong = [line for line, cents in found.items() if made[line] != cents]
    if wrong:
        raise BooksDisagree(
            f"The entries of {' and '.join(wrong)} do not sum to what the other lines give: nothing is "
            "reported before `reunify ledger check` says that the books agree."
        )
    return made


def worked_out(line: Line, of: Figures) -> str:
    """The arithmetic of a line, `10a - 10b = $300.00 - $120.00`; of the others, which entries they sum."""

    def shown(left: Line, sign: str, right: Line) -> str:
        return f"{left} {sign} {right} = {Money(of[left])} {sign} {Money(of[right])}"

    match line:
        case Line.C:
            return shown(Line.A, "-", Line.B)
        case Line.G:
            return shown(Line.E, "+", Line.F)
        case Line.H:
            return shown(Line.D, "-", Line.G)
        case Line.I:
            if not of.match_percent:
                return "The award asks no share of us"
            return f"{of.match_percent}% of 10d = {of.match_percent}% of {Money(of[Line.D])}, rounded up"
        case Line.K:
            return shown(Line.I, "-", Line.J)
    return _SUMMED[line]


_SUMMED: Final[Mapping[Line, str]] = {
    Line.A: "Drawn down from the funder",
    Line.B: "Paid, with bank fees, less what came back",
    Line.D: "Authorized, with every amendment posted by then",
    Line.E: "Spent, with bank fees, less what came back",
    Line.F: "Obligated and not yet paid; a reservation is not an obligation",
    Line.J: "Spent on this award's trips from money that is not federal",
}
