"""A table as somebody outside reads it in a workbook or a CSV: what its columns are, and its rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Cell = str | int | date | None


class Kind(StrEnum):
    """`CENTS`: whole cents, shown as dollars. `COUNT`: a whole number. `TEXT` is never read as a formula."""

    TEXT = "text"
    CENTS = "cents"
    COUNT = "count"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` have one cell for each column: str, whole cents or count, day; None is an empty cell."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
