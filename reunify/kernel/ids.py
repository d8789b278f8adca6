"""Typed ids, and references a person can read down a phone line."""

from __future__ import annotations

import secrets
from typing import NewType
from uuid import UUID, uuid4

RequestId = NewType("RequestId", UUID)
VersionId = NewType("VersionId", UUID)
PersonId = NewType("PersonId", UUID)
StaffId = NewType("StaffId", UUID)
FundId = NewType("FundId", UUID)
PayeeId = NewType("PayeeId", UUID)
AllocationId = NewType("AllocationId", UUID)
LineId = NewType("LineId", UUID)
AwardId = NewType("AwardId", UUID)
InstructionId = NewType("InstructionId", UUID)
AttemptId = NewType("AttemptId", UUID)
DocumentId = NewType("DocumentId", UUID)
RunId = NewType("RunId", UUID)

# No vowels (no words by accident), none of 0/O, 1/I/L, 2/Z, 5/S, 8/B that a tired ear confuses.
SAFE_ALPHABET = "34679CDFGHJKMNPQRTVWXY"


def new_id() -> UUID:
    """A random id. Made here, not in the database, so that it can bind sealed values to a row."""
    return uuid4()


def new_reference(prefix: str, length: int = 6) -> str:
    """A human reference such as `R-7KQ4MX`."""
    return f"{prefix}-" + "".join(secrets.choice(SAFE_ALPHABET) for _ in range(length))
