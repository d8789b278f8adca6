"""Which of two households may read a sentence built on a fact, by the fact's place in the request. Pure.

Where one household shares nothing, all is theirs. Of two, an income is read by the household that told it
alone, and what nobody has said whose it is by neither.
"""

from __future__ import annotations

from collections.abc import Iterable

from reunify.intake import households
from reunify.intake.form import Asker, TravelRequest

_SHARED = ("case", "purpose")  # of the child, and of the trip both were told of


def may_read(pointers: Iterable[str], request: TravelRequest, household: str) -> bool:
    """`pointers`: of every fact the sentence stands on."""
    if len(households.households(request)) == 1:
        return not households.unsaid(request)
    return all(_may_read(pointer, request, household) for pointer in pointers)


def _may_read(pointer: str, request: TravelRequest, household: str) -> bool:
    match pointer.strip("/").split("/")[0]:
        case "household":
            return of_income(request) == household
        case "return_authority":  # what was found about the adult the child is released to
            released = request.return_authority.released_to is not None
            return released and households.primary(request) == household
        case "legs":
            return all(households.of_leg(leg, request) == {household} for leg in request.legs)
        case "cost_lines":
            return all(households.of_cost(line, request) == household for line in request.cost_lines)
        case part:
            return part in _SHARED


def of_income(request: TravelRequest) -> str | None:
    """The household of whoever asked, by name among the travelers; None where that is nobody or an agency."""
    if request.asked_by.kind is not Asker.FAMILY:
        return None
    told = request.asked_by.name.casefold().strip()
    found = {households.household_of(t) for t in request.travelers if t.name.casefold().strip() == told}
    return found.pop() if len(found) == 1 else None
