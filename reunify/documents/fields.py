"""Which fields each letter has: dotted paths, `[]` for each item of a list. Kept beside the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from reunify.kernel.refusals import NotFound

KINDS: Final = (
    "approval_letter",
    "refusal_letter",
    "information_request",
    "itinerary",
    "payment_advice",
    "closeout_letter",
)
# Read by no family: made when staff ask, under consents that name whom it tells, and kept as it was told.
FOR_OTHERS: Final = ("funder_request", "partner_request", "minor_request", "supervision_request")
# Every kind a paper is kept of.
KEPT: Final = (*KINDS, *FOR_OTHERS)
# What was said once with these is not said anew; every other paper follows what changes.
NEVER_REVISED: Final = ("approval_letter", "refusal_letter", "information_request")

# Given to every paper that is kept, beside the fields of its kind.
ON_EVERY_PAPER: Final = frozenset({"genuine.code", "genuine.place"})

# What `approval` freezes and signs over (facts, before they are put into a language).
APPROVAL_FACTS: Final[frozenset[str]] = frozenset(
    [
        "reference",
        "dated",
        "organisation.name",
        "organisation.lines[]",
        "organisation.phone_day",
        "organisation.phone_night",
        "addressee.name",
        "addressee.lines[]",
        "signer.name",
        "signer.title_en",
        "signer.title_es",
        "signer.phone",
        "lines[].category",
        "lines[].settled",
        "lines[].payee",
        "lines[].traveler",
        "lines[].night",
        "lines[].first_day",
        "lines[].last_day",
        "lines[].miles#",
        "lines[].ceiling_cents#",
        "lines[].paid_from[].name_en",
        "lines[].paid_from[].name_es",
        "lines[].paid_from[].cents#",
        "lines[].paid_from[].units#",
        "total_cents#",
        "receipts_by",
        "owed[].en",
        "owed[].es",
        "owed[].by",
    ]
)


class KindUnknown(NotFound):
    """There is no letter of that kind."""


def of_kind(folder: Path, kind: str) -> frozenset[str]:
    """The paths that `<kind>.yaml` names; a path ending in `#` is a whole number, every other one text."""
    if kind not in (*KINDS, *FOR_OTHERS):
        raise KindUnknown("Choose one of: " + ", ".join(KINDS) + ".")
    said = yaml.safe_load((folder / f"{kind}.yaml").read_text(encoding="utf-8"))
    return frozenset(str(path) for path in said["fields"])


def approval_letter_fields() -> frozenset[str]:
    """The paths of the frozen approval-letter facts; whole numbers end in `#`."""
    return APPROVAL_FACTS


def problems(expected: frozenset[str], context: Mapping[str, Any]) -> list[str]:
    """Every path that is missing, unknown or of another type, in order. An empty list has nothing missing."""
    found = set(_paths(context, ""))
    empty = {path for path in found if path.endswith("[]!")}
    present = found - empty
    lists = {path.removesuffix("!") for path in empty}
    missing = {
        path
        for path in expected - present
        if not any(path == one or path.startswith(f"{one}.") for one in lists)
    }
    unknown = {one for one in present - expected if not one.endswith("!")}
    unknown |= {one for one in lists if not any(p == one or p.startswith(f"{one}.") for p in expected)}
    return [f"{path.removesuffix('#')} is missing or of the wrong type" for path in sorted(missing)] + [
        f"{path.removesuffix('#')} is not expected" for path in sorted(unknown)
    ]


def _paths(value: Any, at: str) -> Iterable[str]:
    """`a.b`, `a.n#` for whole numbers, `list[].x`, `list[]!` for an empty list."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _paths(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list | tuple):
        if not value:
            yield f"{at}[]!"
        for inner in value:
            yield from _paths(inner, f"{at}[]")
    elif type(value) is int:
        yield f"{at}#"
    elif type(value) is str:
        yield at
    else:
        yield f"{at} ({type(value).__name__})"
