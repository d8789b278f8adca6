"""On which days what was booked is used: as the version that was approved says of each cost line."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.bookings.policy import Days
from reunify.intake import queries as intake
from reunify.intake.form import CostLine, TravelRequest


def days_of(session: Session, lines: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Days]:
    """By award and line key. Two statements, and the families' keys. Raises vault's Erased.

    A night ends on the morning after. What names neither a night, a leg nor days of its own, such as a fare
    there and back, is used from its traveler's first departure to the last arrival.
    """
    versions = approval.versions_of(session, {award for award, _ in lines})
    contents: dict[UUID, TravelRequest] = {
        version.id: version.content for version in intake.versions_called(session, set(versions.values()))
    }
    found: dict[tuple[UUID, str], Days] = {}
    for award, key in lines:
        content = contents[versions[award]]
        for line in content.cost_lines:
            if line.key == key:
                found[award, key] = _of_line(line, content)
    return found


def _of_line(line: CostLine, content: TravelRequest) -> Days:
    if line.night:
        return Days(line.night, line.night + timedelta(days=1))
    if line.first_day and line.last_day:
        return Days(line.first_day, line.last_day)
    own = [leg for leg in content.legs if leg.key == line.leg]
    legs = own or [leg for leg in content.legs if line.traveler in (None, *leg.travelers)] or content.legs
    return Days(min(leg.departs.date() for leg in legs), max(leg.arrives.date() for leg in legs))
