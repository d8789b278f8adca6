"""Which roles one person may hold together: every pair, and why not, in words."""

from __future__ import annotations

from itertools import combinations

import pytest

from reunify.identity import roles
from reunify.kernel.people import Role

CM, SUP, FA, FR = Role.CASE_MANAGER, Role.SUPERVISOR, Role.FINANCE_APPROVER, Role.FINANCE_RELEASER
FM, RA, AUD, ADM = Role.FUND_MANAGER, Role.RULES_AUTHOR, Role.AUDITOR, Role.ADMINISTRATOR
# Written out by hand, so that the table in the code is judged by another one.
TOGETHER = {frozenset(pair) for pair in [(CM, SUP), (CM, RA), (SUP, RA), (FA, FR), (FM, RA), (ADM, RA)]}
PAIRS = [frozenset(pair) for pair in combinations(Role, 2)]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "+".join(sorted(pair)))
def test_every_pair_of_roles_is_allowed_or_refused_as_the_table_says(pair: frozenset[Role]) -> None:
    if pair in TOGETHER:
        roles.check_together(pair)
        return
    with pytest.raises(roles.RolesDoNotMix) as refused:
        roles.check_together(pair)
    said = str(refused.value)
    assert all(role.value.replace("_", " ") in said for role in pair)
    assert "Take one of the two away" in said
    assert refused.value.field == "/roles"


def test_one_wrong_pair_among_many_roles_is_enough() -> None:
    assert not roles.mix({FA, FR, FM})
    assert roles.mix({CM, SUP, RA})
    assert not roles.mix({CM, SUP, RA, FR})


@pytest.mark.parametrize("role", Role)
def test_every_role_alone_is_allowed(role: Role) -> None:
    roles.check_some({role})


def test_nobody_is_kept_without_a_role() -> None:
    with pytest.raises(roles.NoRole, match="at least one"):
        roles.check_some(set())
