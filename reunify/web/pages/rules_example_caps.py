"""What the tables must give in an example, as rows: which limit, and how much at most. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from reunify.kernel.refusals import Refused
from reunify.kernel.text import cleaned
from reunify.rates.fields import Dictionary
from reunify.rules.examples import CAP, MOST
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownField, ShownProblem
from reunify.web.pages.rules_document import field_id, one_line, show_field
from reunify.web.pages.rules_grid import head_in_words, output_options
from reunify.web.pages.view import text_of

MOST_ROWS, SPARE = 100, 2  # more rows than limits there are
_AMOUNT = "Write dollars like 7500.00, or a whole number"
NOTHING = "nothing"
_LIMITS = (("", "Choose the limit"), *((h.removeprefix("=> "), words) for h, words in output_options() if h))
_WITHOUT = Field(
    "no_cap",
    "If no limit is listed",
    "choice",
    options=(("", "The limits are not checked"), (NOTHING, "The tables must give no limit at all")),
)
_NO_WORDS = Dictionary({}, b"")


class CapsWrong(Refused):
    """Rows that state no limit. `rows`: what is wrong, by the field it stands in."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        super().__init__(" ".join(rows.values()), field=f"/{next(iter(rows))}")
        self.rows = dict(rows)

    @property
    def problems(self) -> list[ShownProblem]:
        return [ShownProblem(field_id(at), "Not saved", said) for at, said in self.rows.items()]


@dataclass(frozen=True, slots=True)
class ShownCap:
    """One row, counted from 1."""

    number: int
    limit: ShownField
    most: ShownField

    @property
    def bad(self) -> bool:
        return bool(self.limit.wrong or self.most.wrong)


@dataclass(frozen=True, slots=True)
class ShownCaps:
    without: ShownField
    rows: list[ShownCap]


def caps_in(form: FormData, held: Any) -> Any:
    """The limits as the file writes them, `{trip_cap: 7500.00}`. Empty: none is given; None: not checked.

    What the example holds already where the form has no such part. Raises CapsWrong, HiddenText, TooLong,
    FieldTwice.
    """
    if _WITHOUT.path not in form:
        return held
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for n in range(MOST_ROWS):
        limit = one_line(text_of(form, f"cap{n}_limit"), f"cap{n}_limit", f"Row {n + 1}")
        most = one_line(text_of(form, f"cap{n}_most"), f"cap{n}_most", f"Row {n + 1}")
        if not limit and not most:
            continue
        told = _amiss(n, limit, most) or _twice(n, limit, found)
        wrong |= told
        if not told:
            found[limit] = most
    if wrong:
        raise CapsWrong(wrong)
    return found if found or text_of(form, _WITHOUT.path) == NOTHING else None


def _amiss(n: int, limit: str, most: str) -> dict[str, str]:
    row = f"Row {n + 1}:"
    if not limit:
        return {f"cap{n}_limit": f"{row} choose which limit this amount is, or empty the row."}
    if not CAP.fullmatch(limit):
        return {f"cap{n}_limit": f"{row} no table gives “{limit}”. Choose a limit from the list."}
    if not most:
        return {f"cap{n}_most": f"{row} write how much the tables give at most, or choose no limit."}
    if not MOST.fullmatch(most):
        return {
            f"cap{n}_most": f"{row} “{most}” is no amount. Write dollars like 7500.00, or a whole number."
        }
    return {}


def _twice(n: int, limit: str, found: Mapping[str, str]) -> dict[str, str]:
    if limit not in found:
        return {}
    return {f"cap{n}_limit": f"Row {n + 1}: this limit is listed above already. State it once."}


def caps_shown(held: Any, form: FormData | None = None, refused: Refused | None = None) -> ShownCaps:
    """As the example states them, or as typed; then rows to fill in."""
    wrong = refused.rows if isinstance(refused, CapsWrong) else {}
    if form is not None:
        rows = [(_typed(form, f"cap{n}_limit"), _typed(form, f"cap{n}_most")) for n in range(MOST_ROWS)]
        while rows and rows[-1] == ("", ""):
            rows.pop()
        without = _typed(form, _WITHOUT.path)
    else:
        stated = held if isinstance(held, Mapping) else {}
        rows = [(str(name), most if isinstance(most, str) else "") for name, most in stated.items()]
        without = NOTHING if isinstance(held, Mapping) and not held else ""
    rows = [*rows, *[("", "")] * SPARE][:MOST_ROWS]
    return ShownCaps(
        show_field(_WITHOUT, without, []),
        [_row(n, limit, most, wrong) for n, (limit, most) in enumerate(rows)],
    )


def _row(n: int, limit: str, most: str, wrong: Mapping[str, str]) -> ShownCap:
    fields = (
        (Field(f"cap{n}_limit", f"Limit {n + 1}", "choice", options=_LIMITS), limit),
        (
            Field(f"cap{n}_most", f"Limit {n + 1}, at most", hint=_AMOUNT),
            most,
        ),
    )
    shown = [show_field(f, value, [wrong[f.path]] if f.path in wrong else []) for f, value in fields]
    return ShownCap(n + 1, *shown)


def caps_in_words(caps: Mapping[str, str] | None) -> tuple[str, ...]:
    """`At most for a trip: 7500.00`, for whoever reads the example."""
    if caps is None:
        return ()
    return tuple(f"{head_in_words(f'=> {c}', _NO_WORDS)}: {most}" for c, most in caps.items()) or (
        "No limit",
    )


def _typed(form: FormData, name: str) -> str:
    value = form.get(name)
    return cleaned(value).strip() if isinstance(value, str) else ""
