"""What was approved, as one hash: payees, lines with ceilings, split, rules, letter and templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from reunify.kernel.canonical import digest_of


@dataclass(frozen=True, slots=True)
class ApprovedLine:
    line_key: str
    fund_id: UUID
    category: str
    unit: str
    ceiling: int
    payable: int
    settlement: str
    payee_id: UUID
    payee_version: int


def award_digest(
    *,
    award_id: UUID,
    lines: Iterable[ApprovedLine],
    rules: Iterable[str],
    letter: Mapping[str, Any],
    templates: Mapping[str, str],
) -> str:
    """SHA-256 hex. `rules` are rule-file hashes, `templates` are hashes by `<kind>.<language>`."""
    ordered = sorted(
        (asdict(line) for line in lines), key=lambda line: (line["line_key"], str(line["fund_id"]))
    )
    return digest_of(
        {
            "award": award_id,
            "lines": ordered,
            "rules": sorted(rules),
            "letter": letter,
            "templates": dict(templates),
        }
    )
