"""Which roles one person may not hold together, and why. Pure; the staff table says it again as CHECKs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reunify.kernel.people import Role
from reunify.kernel.refusals import Refused

CASES = frozenset({Role.CASE_MANAGER, Role.SUPERVISOR})
FINANCE = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})


class RolesDoNotMix(Refused):
    """One person would stand on both sides of a control."""


class NoRole(Refused):
    """A person without a role could sign in and see nothing."""


@dataclass(frozen=True, slots=True)
class Apart:
    """No role of `one` goes with one of `other`. `name` is the table's CHECK, `because` is told to people."""

    name: str
    one: frozenset[Role]
    other: frozenset[Role]
    because: str


# Segregation of duties: 2 CFR 200.303 (internal controls); nobody holds both ends of the same dollar.
APART = (
    Apart(
        "cases_apart_from_money",
        CASES,
        FINANCE | {Role.FUND_MANAGER},
        "whoever enters or leads cases never decides on money",
    ),
    Apart(
        "auditor_only_reads",
        frozenset({Role.AUDITOR}),
        frozenset(Role) - {Role.AUDITOR},
        "an auditor only reads",
    ),
    Apart(
        "administrator_apart",
        frozenset({Role.ADMINISTRATOR}),
        CASES | FINANCE | {Role.FUND_MANAGER},
        "whoever gives out roles holds none that touches cases or money",
    ),
    Apart(
        "rules_apart_from_paying",
        frozenset({Role.RULES_AUTHOR}),
        FINANCE,
        "whoever writes the rules does not pay by them",
    ),
    Apart(
        "funds_apart_from_paying",
        frozenset({Role.FUND_MANAGER}),
        FINANCE,
        "whoever says what a fund may spend neither approves nor releases its payments",
    ),
)


def check_together(roles: Collection[Role]) -> None:
    """Raises RolesDoNotMix naming the first pair that may not be held by one person."""
    held = frozenset(roles)
    for apart in APART:
        one, other = _first(held & apart.one), _first(held & apart.other)
        if one and other:
            raise RolesDoNotMix(
                f"One person cannot be {_said(one)} and {_said(other)}: {apart.because}. "
                "Take one of the two away, or give it to somebody else.",
                field="/roles",
            )


def check_some(roles: Collection[Role]) -> None:
    """Raises NoRole, RolesDoNotMix."""
    if not roles:
        raise NoRole("Give at least one role.", field="/roles")
    check_together(roles)


def mix(roles: Collection[Role]) -> bool:
    """True if one person may hold them all."""
    try:
        check_together(roles)
    except RolesDoNotMix:
        return False
    return True


def apart_sql(apart: Apart) -> str:
    """The same as a CHECK on the `roles` JSON array of the staff table."""
    return f"NOT (roles ?| {_array(apart.one)} AND roles ?| {_array(apart.other)})"


def known_sql() -> str:
    """A CHECK: the array holds our roles and nothing else."""
    listed = ", ".join(f'"{role}"' for role in Role)
    return f"roles <@ '[{listed}]'::jsonb AND jsonb_typeof(roles) = 'array'"


def _array(roles: Iterable[Role]) -> str:
    return "array[" + ", ".join(f"'{role}'" for role in sorted(roles)) + "]"


def _first(roles: frozenset[Role]) -> Role | None:
    return min(roles, default=None)


def _said(role: Role) -> str:
    words = role.value.replace("_", " ")
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
