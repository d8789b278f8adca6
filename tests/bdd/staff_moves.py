"""What happens to people in a story: they come, move to other work, cover for each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from reunify.identity import delegation, queries, staffing
from reunify.kernel.people import Role, Staff
from reunify.sandbox.people import DemoPerson
from tests.integration.people_world import agreed, standing

OLGA = DemoPerson("olga", "Olga Brandt", "tundra-lemon-17", frozenset({Role.ADMINISTRATOR}))


def hired(story: Any, *people: DemoPerson) -> None:
    for person in people:
        story.town.hire(person)


def acting(session: Session, who: str, now: datetime) -> Staff:
    """The person as their next request would find them."""
    return standing(session, queries.staff_id(session, who), now)


def lend(story: Any, lender: str, receiver: str, role: Role) -> None:
    now = story.town.clock()
    with story.town.house.db.work() as session:
        delegation.lend(
            session,
            lender_id=queries.staff_id(session, lender),
            receiver_id=queries.staff_id(session, receiver),
            role=role,
            starts_at=now,
            ends_at=now + timedelta(days=2),
            by=acting(session, lender, now),
            now=now,
        )


def moves_to(story: Any, who: str, *held: Role) -> None:
    """Olga, who must have been hired, changes the person's roles, and a colleague confirms."""
    now = story.town.clock()
    with story.town.house.db.work() as session:
        staffing.change_roles(
            session,
            staff_id=queries.staff_id(session, who),
            held=set(held),
            by=acting(session, "olga", now),
            now=now,
        )
        agreed(session, now)
