"""How old the child of the case is on a day, where what is told of it agrees."""

from __future__ import annotations

from datetime import date

from reunify.intake.form import TravelerRole, TravelRequest

_OLDEST = 40  # years: the form asks no more of the child's age


def age_of_the_child(request: TravelRequest, on: date) -> int | None:
    """Full years on that day by the date of birth; without one, the age told.

    None, so that a person is asked: when two dates of birth are told of the child, or when the age told is
    more than a year off (a birthday may lie between the telling and the day).
    """
    child = request.case.child
    children = [t for t in request.travelers if t.role is TravelerRole.CHILD]
    same = [t.birth_date for t in children if len(children) == 1 or t.name == child.name]
    births = {born for born in (child.birth_date, *same) if born is not None}
    if not births:
        return child.age_now
    born = min(births)
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    agrees = len(births) == 1 and abs(age - child.age_now) <= 1
    return age if agrees and 0 <= age <= _OLDEST else None
