"""Somebody in finance who decided no award, and so may find that a cost is no duplicate."""

from __future__ import annotations

from reunify.kernel.may import FINANCE
from reunify.kernel.people import Staff
from reunify.sandbox.people import DemoPerson, hire
from tests.integration.closeout_world import Closing

FINN = DemoPerson("finn", "Finn Adler", "tundra-lemon-31", frozenset(FINANCE))


def finn_joins(closing: Closing) -> Staff:
    with closing.work() as session:
        staff_id = hire(session, FINN, now=closing.town.clock())
    closing.staff[FINN.username] = Staff(staff_id, FINN.name, FINN.roles)
    return closing.staff[FINN.username]
