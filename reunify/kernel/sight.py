"""How much of a family's case a person sees: by role, by whose case it is, and by what was granted."""

from __future__ import annotations

from enum import StrEnum

from reunify.kernel.ids import StaffId
from reunify.kernel.people import Actor, Role, Staff


class Sight(StrEnum):
    """From all to nothing. What each shows is in `reporting/views.py`, in one place."""

    WHOLE = "whole"  # the case as the family told it
    MONEY = "money"  # amounts, payees' names, funds, dates; nothing the family told
    MASKED = "masked"  # amounts and outcomes under a pseudonym
    NONE = "none"  # as if the case did not exist


_FINANCE = frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER})


def may_see_case(by: Actor, owner: StaffId, team: str | None) -> bool:
    """The whole case: whoever handles it, their team, its supervisor. Without a team, only its owner.

    Whoever covers for the owner reads as they do; to count as one person where two are needed opens nothing.
    """
    if not isinstance(by, Staff):
        return False
    if Role.CASE_MANAGER in by.roles and (owner == by.id or owner in by.covers):
        return True
    if team is None:
        return False
    return (Role.CASE_MANAGER in by.roles and team == by.team) or leads(by, team)


def leads(by: Staff, team: str | None) -> bool:
    """A supervisor of this team, by their own role or by its supervisor's lent one."""
    return Role.SUPERVISOR in by.roles and team is not None and team in by.supervises


def sight_of(by: Actor, *, owner: StaffId, team: str | None, submitted: bool, granted: bool = False) -> Sight:
    """The widest of what the person's roles give.

    `submitted`: a draft is its team's alone. `granted`: an emergency opening or a disclosure of true names
    is in force for this person and this case.
    """
    if granted or may_see_case(by, owner, team):
        return Sight.WHOLE
    if submitted and by.roles & _FINANCE:
        return Sight.MONEY
    if submitted and Role.AUDITOR in by.roles:
        return Sight.MASKED
    return Sight.NONE
