"""When a trip begins, as everybody who plans around it counts. Pure."""

from __future__ import annotations

from datetime import date

from reunify.intake.form import TravelRequest


def departs_on(request: TravelRequest) -> date | None:
    """The local day of the first departure; None where no leg is told yet."""
    return min((leg.departs.date() for leg in request.legs), default=None)
