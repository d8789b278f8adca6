"""Who acts: staff, a family, a program with a token, or the system itself. Passed into every verb."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from reunify.kernel.ids import StaffId
from reunify.kernel.refusals import NotAllowed


class Role(StrEnum):
    CASE_MANAGER = "case_manager"
    SUPERVISOR = "supervisor"  # sees the team's cases, hands them over, covers for its case managers
    FINANCE_APPROVER = "finance_approver"
    FINANCE_RELEASER = "finance_releaser"
    FUND_MANAGER = "fund_manager"
    RULES_AUTHOR = "rules_author"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in person.

    `stands_for`: colleagues whose roles this person holds by delegation just now; dual control counts
    them and this person as one, and nobody reads more by it. `covers`: of these, the case managers whose
    role is lent: their cases count as this person's. `supervises`: the teams this person leads, the own one
    and a lender's. `proved_at`: when the person last proved a passkey in this session. `through`: the
    program that enters in this person's name with a token; never the person themselves.
    """

    id: StaffId
    name: str
    roles: frozenset[Role]
    team: str | None = None
    stands_for: frozenset[StaffId] = frozenset()
    covers: frozenset[StaffId] = frozenset()
    supervises: frozenset[str] = frozenset()
    proved_at: datetime | None = field(default=None, compare=False)
    through: Service | None = None

    @property
    def selves(self) -> frozenset[StaffId]:
        """Everyone this person counts as where two different people are needed."""
        return self.stands_for | {self.id}


@dataclass(frozen=True, slots=True)
class System:
    """A flow or a command acting by rule, never by judgement."""

    name: str
    id: None = None
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Family:
    """A family member who opened the private link. `reader`: which traveler of the request, by key."""

    id: UUID
    name: str = "family"
    roles: frozenset[Role] = frozenset()
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A program with an API token: it may do what its scopes say, and never decides about money."""

    id: UUID
    name: str
    scopes: frozenset[str]
    roles: frozenset[Role] = frozenset()


Actor = Staff | System | Family | Service


def written_by(by: Actor) -> str:
    """Who acted, without a name: `staff:<id>`, `service:<id>`, `family:<id>` or `system:<name>`."""
    match by:
        case Staff(through=Service() as program):
            return f"service:{program.id}"
        case Staff():
            return f"staff:{by.id}"
        case Family():
            return f"family:{by.id}"
        case Service():
            return f"service:{by.id}"
        case System():
            return f"system:{by.name}"


def check_role(by: Actor, *roles: Role) -> None:
    """Raise NotAllowed unless the person holds one of the roles."""
    if not by.roles.intersection(roles):
        needed = " or ".join(r.value.replace("_", " ") for r in roles)
        article = "an" if needed[0] in "aeiou" else "a"
        raise NotAllowed(f"Only {article} {needed} can do this.")
