"""Legs that an earlier plan told a household and that its plan has no more: taken back in calendars. Pure.

A calendar that was imported keeps what a later file does not name, and rings for a flight nobody takes.
"""

from __future__ import annotations

from collections.abc import Iterable

from reunify.intake import households
from reunify.intake.form import Leg, TravelRequest


def dropped(view: TravelRequest, earlier: Iterable[TravelRequest], household: str) -> list[Leg]:
    """`view`: what the household may read now; `earlier`: whole requests its plans were of, the oldest first.

    Each leg as it was told last.
    """
    kept = {leg.key for leg in view.legs}
    found: dict[str, Leg] = {}
    for request in earlier:
        if household in households.households(request):
            told = households.view_for(request, household).legs
            found |= {leg.key: leg for leg in told if leg.key not in kept}
    return list(found.values())
