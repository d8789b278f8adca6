"""A key of the request is a place, not a human: what a new version says of people named before. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from reunify.intake import households
from reunify.intake.form import Traveler, TravelRequest


def not_the_same(before: TravelRequest, after: TravelRequest) -> dict[str, list[str]]:
    """Traveler key -> what is another now: name, role, household, or that nobody is named by it."""
    now = {t.key: t for t in after.travelers}
    found = {t.key: _changes(t, now.get(t.key)) for t in before.travelers}
    return {key: changes for key, changes in found.items() if changes}


def _changes(before: Traveler, after: Traveler | None) -> list[str]:
    if after is None:
        return ["no longer named"]
    told = {
        "name": before.name != after.name,
        "role": before.role != after.role,
        "household": households.household_of(before) != households.household_of(after),
    }
    return [what for what, differs in told.items() if differs]


def keep_no_ones_consent(before: Mapping[str, Any], draft: Any, answered: Collection[str]) -> None:
    """In `draft`, a payee of another name or e-mail has agreed only if these answers say so anew."""
    people = {p["key"]: (p["name"], p.get("email")) for p in before["payees"]}
    payees = draft.get("payees") if isinstance(draft, dict) else None
    for i, payee in enumerate(payees if isinstance(payees, list) else []):
        if not isinstance(payee, dict) or not isinstance(payee.get("key"), str):
            continue
        person = people.get(payee["key"])
        another = person is not None and person != (payee.get("name"), payee.get("email"))
        anew = {"/payees", f"/payees/{i}", f"/payees/{i}/stripe_consent"}.intersection(answered)
        if another and not anew:
            payee["stripe_consent"] = False
