"""What the rules in force make impossible, known before a request is frozen. Pure."""

from __future__ import annotations

from reunify.intake import told
from reunify.intake.form import TravelRequest
from reunify.kernel.refusals import Problem
from reunify.rules.model import Rulebooks, covering

_BASIS = "travel_start"  # the one day a form always tells


def problems(request: TravelRequest, books: Rulebooks | None) -> list[Problem]:
    """A day of travel no rules of our own sources cover, and told facts they do not know; none while no rules
    are approved."""
    if books is None:
        return []
    return [*_of_days(request, books), *told.check(request.told, books.dictionary)]


def _of_days(request: TravelRequest, books: Rulebooks) -> list[Problem]:
    """As `Rulebooks.chosen` will take them. A source judged by another day may answer: it is left to it."""
    ours = [versions for versions in books.versions.values() if versions[-1].held]
    if not ours or any(book.basis != _BASIS for versions in ours for book in versions):
        return []
    first = min(range(len(request.legs)), key=lambda i: request.legs[i].departs)
    day = request.legs[first].departs.date()
    if any(covering(versions, {_BASIS: day}) for versions in ours):
        return []
    remedy = "No rules of our own sources cover this day. Correct it, or have rules of that day approved."
    return [Problem(f"/legs/{first}/departs", remedy)]
