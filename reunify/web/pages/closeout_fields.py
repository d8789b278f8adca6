"""The forms about what was spent: move a cost, write down what came back; how typed words are read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from starlette.datastructures import FormData

from reunify.closeout.policy import IN_WORDS, LATE_QUESTIONS, Late
from reunify.closeout.spent import Cost, Spent
from reunify.funds.policy import FundKind, NoSuchFund
from reunify.funds.queries import Fund
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.refusals import BadInput, Problem, Refused
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.form_reading import MONEY_REMEDY
from reunify.web.pages.form_showing import ShownField, ShownProblem, short_form
from reunify.web.pages.labels import label
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import amount, text_of

MOVE, BACK = "move", "back"  # what the fields of the two forms begin with
_CHOOSE = ("", "Choose")
_ACCOUNTS: Options = ((Cash.BANK.value, "The organisation's bank"), (Cash.STRIPE.value, "Stripe"))


@dataclass(frozen=True, slots=True)
class Typed:
    """A form of the page that was refused: which (`move`, `back`, or the id of what was to be ended), what
    was typed, and why."""

    whose: str
    form: FormData = field(repr=False)
    refused: Refused

    @property
    def problems(self) -> list[Problem]:
        """Under the form's own pointers. A refusal that names no field stands at the first."""
        if isinstance(self.refused, BadInput):
            found = self.refused.problems
        else:
            first = {MOVE: "/cost", BACK: "/line"}.get(self.whose, "/reason")
            if isinstance(self.refused, NoSuchFund):
                first = {MOVE: "/to", BACK: "/source"}.get(self.whose, first)
            found = [Problem(self.refused.field or first, str(self.refused))]
        return [Problem(f"/{self.whose}{p.pointer}", p.remedy) for p in found]


def line_words(line: Spent) -> str:
    """`Line 2, bus fare`: nothing of what the family told."""
    return f"Line {line.number}, {label(line.line.category).lower()}"


def move_fields(costs: Sequence[Cost], sources: Sequence[Fund], *, late: bool) -> tuple[Field, ...]:
    """`late`: the clock of one of the costs has run out, so that its three questions may be owed."""
    spent: Options = tuple(
        (
            str(c.hold_id),
            f"{line_words(c.of)}: {amount(c.free)} from {c.fund.name}, {label(c.budget_category)}",
        )
        for c in costs
        if c.free
    )
    to: Options = tuple((f.code, f.name) for f in sources if _may_bear(f))
    categories: Options = tuple((c.value, label(c.value)) for c in BudgetCategory)
    reasons: Options = tuple((r.value, words) for r, words in IN_WORDS.items())
    asked = (
        Field(f"{MOVE}/cost", "Which cost", "choice", options=(_CHOOSE, *spent), needed=True),
        Field(f"{MOVE}/amount", "How much of it (dollars)", "dollars", needed=True),
        Field(f"{MOVE}/to", "To which source", "choice", options=(_CHOOSE, *to), needed=True),
        Field(f"{MOVE}/category", "Budget category there", "choice", options=categories, needed=True),
        Field(f"{MOVE}/reason", "Reason", "choice", options=(_CHOOSE, *reasons), needed=True),
        Field(
            f"{MOVE}/justification",
            "Why it belongs there",
            "long",
            "At least 20 characters; name nobody. That money is about to lapse is never a reason "
            "(2 CFR 200.405(c)).",
            needed=True,
        ),
    )
    if not late:
        return asked
    return asked + tuple(
        Field(f"{MOVE}/{name}", question, "long", "Only for a cost posted more than 90 days ago")
        for name, question in LATE_QUESTIONS.items()
    )


def back_fields(lines: Sequence[Spent], sources: Sequence[Fund], today: date) -> tuple[Field, ...]:
    spent: Options = tuple((str(line.line.id), line_words(line)) for line in lines)
    payers: Options = tuple((f.code, f.name) for f in sources if f.kind is FundKind.ELSEWHERE)
    return (
        Field(f"{BACK}/line", "For which line", "choice", options=(_CHOOSE, *spent), needed=True),
        Field(f"{BACK}/source", "Who paid back", "choice", options=(_CHOOSE, *payers), needed=True),
        Field(f"{BACK}/amount", "How much (dollars)", "dollars", needed=True),
        Field(f"{BACK}/cash", "Arrived in", "choice", options=_ACCOUNTS, needed=True),
        Field(
            f"{BACK}/happened_on",
            "Arrived on",
            "date",
            "Also a day whose books are closed",
            start=today.isoformat(),
            needed=True,
        ),
        Field(f"{BACK}/bank_reference", "Number on the bank's line", needed=True),
        Field(
            f"{BACK}/evidence", "The paper that says what it is for", hint="And where it is kept", needed=True
        ),
    )


def shown(fields: Sequence[Field], typed: Typed | None, whose: str, start: FormData) -> list[ShownField]:
    """As typed where this form was refused; else beginning with `start`."""
    if typed is not None and typed.whose == whose:
        return short_form(typed.form, fields, typed.problems)
    return short_form(start, fields, [])


def summary(fields: Collection[ShownField], typed: Typed | None) -> list[ShownProblem]:
    """For the top of the page: each problem with the field it stands at."""
    if typed is None:
        return []
    at = {f.name: f for f in fields}
    return [
        ShownProblem(at[p.pointer].id, at[p.pointer].label, p.remedy)
        if p.pointer in at
        else ShownProblem(*_of_ending(typed), p.remedy)
        for p in typed.problems
    ]


def _of_ending(typed: Typed) -> tuple[str, str]:
    """Where the page shows what was wrong about an ask or an entry that was to be ended, and its name."""
    if "finding" in typed.form:
        return (
            f"finding-{typed.whose}",
            "Your finding" if typed.refused.field != "/amount" else "Confirming it",
        )
    if "reason" in typed.form:
        return f"end-{typed.whose}", "Reason"
    return f"verify-{typed.whose}", "Verifying it"


def _may_bear(fund: Fund) -> bool:
    return fund.kind is not FundKind.ELSEWHERE and fund.unit is Unit.CENTS and fund.state == "open"


def late_of(form: FormData) -> Late:
    return Late(**{name: text_of(form, f"/{MOVE}/{name}") for name in LATE_QUESTIONS})


def id_in(form: FormData, name: str, whose: str) -> UUID:
    """Raises BadInput."""
    try:
        return UUID(text_of(form, f"/{whose}/{name}"))
    except ValueError:
        raise BadInput([Problem(f"/{name}", "Choose from the list.")]) from None


def code_in(form: FormData, name: str, whose: str) -> str:
    """Of a source. Raises BadInput."""
    if code := text_of(form, f"/{whose}/{name}"):
        return code
    raise BadInput([Problem(f"/{name}", "Choose from the list.")])


def cents_in(form: FormData, whose: str) -> int:
    """Raises BadInput."""
    try:
        return Money.parse(text_of(form, f"/{whose}/amount")).cents
    except NotMoney:
        raise BadInput([Problem("/amount", MONEY_REMEDY)]) from None


def day_in(form: FormData, name: str, whose: str) -> date:
    """Raises NotRead."""
    return day_read(text_of(form, f"/{whose}/{name}"), f"/{name}")


def category_in(form: FormData) -> BudgetCategory:
    """Raises BadInput."""
    try:
        return BudgetCategory(text_of(form, f"/{MOVE}/category"))
    except ValueError:
        raise BadInput([Problem("/category", "Choose from the list.")]) from None


def cash_in(form: FormData) -> Cash:
    """Raises BadInput."""
    try:
        return Cash(text_of(form, f"/{BACK}/cash"))
    except ValueError:
        raise BadInput([Problem("/cash", "Choose from the list.")]) from None
