"""Who acts: a member of staff, or the system itself. Passed into every verb."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from reunify.kernel.ids import StaffId
from reunify.kernel.refusals import NotAllowed


class Role(StrEnum):
    CASE_MANAGER = "case_manager"
    FINANCE_APPROVER = "finance_approver"
    FINANCE_RELEASER = "finance_releaser"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in person."""

    id: StaffId
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class System:
    """A flow or a command acting by rule, never by judgement."""

    name: str
    id: None = None
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Family:
    """A family member who opened the private link."""

    id: UUID
    name: str = "family"
    roles: frozenset[Role] = frozenset()


Actor = Staff | System | Family


def check_role(by: Actor, *roles: Role) -> None:
    """Raise NotAllowed unless the person holds one of the roles."""
    if not by.roles.intersection(roles):
        needed = " or ".join(r.value.replace("_", " ") for r in roles)
        raise NotAllowed(f"Only a {needed} can do this.")
