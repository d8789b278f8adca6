"""The dated factors and weights of the need score, read whole or refused with the file and the row.

They are set by the organisation, as the file says; which day's version holds is a matter of its own dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from reunify.rates.closed_yaml import Reader, RuleFileBroken, read
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rates.parameter_rows import FOLDER
from reunify.rates.places import rules_folder

FILE = "need_score.yaml"
SOURCES_THAT_MAY_PAY = "sources_that_may_pay"  # worked out from the answers: no field of the dictionary
MOST = 100  # of a weight, and of the points of one band
_WHOLE = re.compile(r"-?\d{1,10}")


@dataclass(frozen=True, slots=True)
class Factor:
    """`bands`: (up to and including, points) in order, then `above`; or `values`: points by answer.

    `days`: the fact is a date, and what counts is the days from today to it. `unknown`: the points while
    nobody has told it. Points are taken times `weight`.
    """

    fact: str
    label: str
    weight: int
    unknown: int
    bands: tuple[tuple[int, int], ...] = ()
    above: int = 0
    values: Mapping[str, int] | None = None
    days: bool = False

    @property
    def most(self) -> int:
        """The most points it can give, weighted."""
        return self.weight * max(_all_points(self.bands, self.above, self.values))


@dataclass(frozen=True, slots=True)
class NeedParameters:
    """One version. `source` says who set it."""

    effective_from: date
    source: str
    factors: tuple[Factor, ...]


class NoNeedScore(RuleFileBroken):
    """No version of the need score holds on a day."""


@lru_cache(maxsize=4)
def need_versions(folder: Path | None = None) -> tuple[NeedParameters, ...]:
    """Every version of the rules folder, the oldest first, loaded once per process. Raises RuleFileBroken."""
    return read_need(folder or rules_folder())


def read_need(folder: Path) -> tuple[NeedParameters, ...]:
    """The same, read anew from this rules folder. Raises RuleFileBroken."""
    try:
        body = (folder / FOLDER / FILE).read_bytes()
    except OSError:
        raise RuleFileBroken(FILE, "whole file", "no such file", f"the factors under {FOLDER}/") from None
    return load_need(body, load_dictionary((folder / "_fields.yaml").read_bytes()))


def need_parameters(on: date, folder: Path | None = None) -> NeedParameters:
    """The version in force on the day. Raises NoNeedScore, RuleFileBroken."""
    held = [version for version in need_versions(folder) if version.effective_from <= on]
    if not held:
        raise NoNeedScore(FILE, "`versions`", f"none in force on {on}", "a version from an earlier day on")
    return held[-1]


def load_need(body: bytes, words: Dictionary) -> tuple[NeedParameters, ...]:
    """Raises RuleFileBroken naming the version, the factor and the word that is wrong."""
    top = Reader(read(body, FILE), FILE, "top")
    found = [_version(n, row, words) for n, row in enumerate(top.items("versions"), start=1)]
    top.done()
    days = [version.effective_from for version in found]
    if not found or days != sorted(set(days)):
        said = "none" if not found else "days out of order"
        raise top.broken("versions", said, "one version or more, each from a later day on")
    return tuple(found)


def _version(number: int, row: Any, words: Dictionary) -> NeedParameters:
    part = Reader(row, FILE, f"version {number}")
    day = part.text("effective_from")
    try:
        starts = date.fromisoformat(day) if len(day) == len("2026-01-01") else None
    except ValueError:
        starts = None
    if starts is None:
        raise part.broken("effective_from", f"`{day[:40]}`", "a date like 2026-01-01")
    source = part.text("source")
    rows = enumerate(part.items("factors"), start=1)
    factors = tuple(_factor(Reader(f, FILE, f"version {number}, row {n}"), words) for n, f in rows)
    part.done()
    if not factors:
        raise part.broken("factors", "none", "one factor or more")
    twice = next((f.fact for f in factors if [g.fact for g in factors].count(f.fact) > 1), None)
    if twice:
        raise part.broken("factors", f"`{twice}` twice", "each fact once")
    return NeedParameters(starts, source, factors)


def _factor(part: Reader, words: Dictionary) -> Factor:
    fact = part.text("fact")
    kind = _kind(part, fact, words)
    label, weight = part.text("label"), _whole(part, "weight", 1, MOST)
    bands: tuple[tuple[int, int], ...] = ()
    above, values = 0, None
    if kind in ("yes_no", "choice"):
        values = _values(part, ("yes", "no") if kind == "yes_no" else tuple(words[fact].values))
    else:
        bands, above = _bands(part)
    unknown = _whole(part, "unknown", 0, MOST)
    part.done()
    points = _all_points(bands, above, values)
    if not min(points) < unknown < max(points):
        allowed = f"points between {min(points)} and {max(points)}: unknown is not no"
        raise part.broken("unknown", f"`{unknown}`", allowed)
    return Factor(fact, label, weight, unknown, bands, above, values, kind == "date")


def _kind(part: Reader, fact: str, words: Dictionary) -> str:
    if fact == SOURCES_THAT_MAY_PAY:
        return "integer"
    if fact not in words.fields:
        allowed = f"a field of _fields.yaml, or {SOURCES_THAT_MAY_PAY}"
        raise part.broken("fact", f"`{fact[:60]}`, which is not known", allowed)
    return words[fact].type


def _bands(part: Reader) -> tuple[tuple[tuple[int, int], ...], int]:
    """Rising, without a gap: the last begins where the one before it ends."""
    *rising, last = [
        Reader(row, FILE, f"{part.where}, band {n}") for n, row in enumerate(part.items("bands"), start=1)
    ] or [Reader({}, FILE, f"{part.where}, band 1")]
    found: list[tuple[int, int]] = []
    for band in rising:
        found.append((_whole(band, "up_to"), _whole(band, "points", 0, MOST)))
        band.done()
        if len(found) > 1 and found[-1][0] <= found[-2][0]:
            raise band.broken("up_to", f"`{found[-1][0]}`", f"more than {found[-2][0]}")
    begins, points = _whole(last, "above"), _whole(last, "points", 0, MOST)
    last.done()
    if not found or begins != found[-1][0]:
        allowed = str(found[-1][0]) if found else "a band with `up_to` before it"
        raise last.broken("above", f"`{begins}`", allowed)
    return tuple(found), points


def _values(part: Reader, answers: tuple[str, ...]) -> dict[str, int]:
    said = part.part("values")
    found = {answer: _whole(said, answer, 0, MOST) for answer in answers}
    said.done()
    return found


def _whole(part: Reader, key: str, low: int | None = None, high: int | None = None) -> int:
    written = part.text(key)
    allowed = "a whole number" + (f", {low} to {high}" if low is not None else "")
    if not _WHOLE.fullmatch(written):
        raise part.broken(key, f"`{written[:40]}`", allowed)
    number = int(written)
    if low is not None and high is not None and not low <= number <= high:
        raise part.broken(key, f"`{number}`", allowed)
    return number


def _all_points(
    bands: tuple[tuple[int, int], ...], above: int, values: Mapping[str, int] | None
) -> list[int]:
    return list(values.values()) if values is not None else [*(points for _, points in bands), above]
