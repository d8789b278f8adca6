"""Free words that may tell one household where the other is, and what stands in their place. Pure."""

from __future__ import annotations

from typing import Any, Final

from reunify.intake.form import Leg, Traveler, TravelerRole

# In place of words that may tell where somebody is: our papers say to call us.
ASK_US: Final = "@ask_us"
_FREE: Final = ("mobility", "medicines", "needs")


def own(traveler: Traveler, secrets: list[str]) -> Traveler:
    """What was told of one's own may repeat where the other is."""
    told = traveler.readiness
    ready = {name: getattr(told, name) for name in _FREE}
    kept = {
        n: ASK_US if text and any(_holds(text, s) for s in secrets) else text for n, text in ready.items()
    }
    return traveler.model_copy(update={"readiness": told.model_copy(update=kept)})


def unreachable(traveler: Traveler, *, hides: bool) -> Traveler:
    ready = traveler.readiness.model_copy(update={"phone_for_gate_texts": None})
    if traveler.role is not TravelerRole.CHILD:
        ready = type(ready)()
    kept: dict[str, Any] = {"contact": None, "readiness": ready}
    if hides:
        words = {name: ASK_US if getattr(ready, name) else None for name in _FREE}
        kept |= {"readiness": ready.model_copy(update=words), "relation": None}
    return traveler.model_copy(update=kept)


def without(leg: Leg, secrets: list[str]) -> Leg:
    told = {"note": leg.note, "carrier": leg.carrier}
    kept: dict[str, Any] = {
        name: None if text and any(_holds(text, secret) for secret in secrets) else text
        for name, text in told.items()
    }
    return leg.model_copy(update=kept)


def _holds(text: str, secret: str) -> bool:
    """Also in other spelling: `(208) 555-0100` holds `208-555-0100`."""
    digits, wanted = ("".join(c for c in s if c.isdigit()) for s in (text, secret))
    if len(wanted) >= 7 and wanted[-7:] in digits:
        return True
    return " ".join(secret.casefold().split()) in " ".join(text.casefold().split())
