"""How much a request needs scarce money, as points with their parts. Pure.

It orders requests that wait for the same paced fund, after those that leave before its next tranche; it
refuses nobody. Staff read it, a family never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reunify.rates.fields import FactValue
from reunify.rates.need_factors import Factor, NeedParameters

NOT_KNOWN = "not known yet"


@dataclass(frozen=True, slots=True)
class NeedScore:
    """`parts`: (what is looked at, what is known of it, its points), in the order of the parameters.

    `unknown`: the labels of what nobody has told yet; each counts with its stated middle points.
    """

    points: int
    parts: tuple[tuple[str, str, int], ...]
    most: int
    unknown: tuple[str, ...] = ()
    source: str = ""
    effective_from: date | None = None


def score(values: Mapping[str, FactValue], parameters: NeedParameters, *, on: date) -> NeedScore:
    """`values`: facts by name; a name that is absent, or None, is unknown. `on`: from when days count."""
    parts, unknown = [], []
    for factor in parameters.factors:
        counted = _counted(factor, values.get(factor.fact), on)
        points = factor.weight * _points(factor, counted)
        parts.append((factor.label, _shown(counted), points))
        if counted is None:
            unknown.append(factor.label)
    return NeedScore(
        points=sum(points for _, _, points in parts),
        parts=tuple(parts),
        most=sum(factor.most for factor in parameters.factors),
        unknown=tuple(unknown),
        source=parameters.source,
        effective_from=parameters.effective_from,
    )


def _counted(factor: Factor, value: FactValue, on: date) -> int | str | None:
    """A whole number, or one of the answers; None where it is unknown, or fits the factor no more."""
    if factor.days:
        return (value - on).days if isinstance(value, date) else None
    if factor.values is not None:
        said = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        return said if isinstance(said, str) and said in factor.values else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _points(factor: Factor, counted: int | str | None) -> int:
    if counted is None:
        return factor.unknown
    if isinstance(counted, str):
        return (factor.values or {})[counted]
    return next((points for up_to, points in factor.bands if counted <= up_to), factor.above)


def _shown(counted: int | str | None) -> str:
    if counted is None:
        return NOT_KNOWN
    return counted.replace("_", " ") if isinstance(counted, str) else f"{counted:,}"
