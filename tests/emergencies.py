"""What a case manager types at night for the boy in Atlanta: every test begins from here."""

from __future__ import annotations

import copy
from typing import Any

_ANSWERS: dict[str, Any] = {
    "case_number": "SAMPLE-1007",
    "case_type": "endangered_runaway",
    "child_name": "Mateo Quintero",
    "child_birth_date": "2011-03-14",
    "child_place": "Atlanta, GA 30303",
    "held_over_24_hours": "no",
    "adult_birth_date": "1986-07-02",
    "adult_phone": "+1 915 555 0142",
    "adult_language": "es",
    "adult_home": "El Paso, TX 79901",
    "departs": "2026-11-26T06:05",
    "seat_cents": 31820,
    "return_authority": {
        "released_by": "Sample desk officer, Atlanta",
        "released_to": "Marisol Quintero Vega",
        "custody_basis": "parent",
        "called_back": "yes",
        "protective_order": "no",
        "abuse_suspected": "no",
        "decision": "safe_and_lawful",
        "decision_reason": "Called back on the number we looked up; he wants to go home.",
    },
}


def night_answers(**changed: Any) -> dict[str, Any]:
    """The twelve and the return authority; `changed` by name, of the authority as `authority={...}`."""
    said = copy.deepcopy(_ANSWERS)
    said["return_authority"] |= changed.pop("authority", {})
    return said | changed


def typed(said: dict[str, Any]) -> dict[str, str]:
    """The same as the page posts it."""
    flat = {f"/{k}": str(v) for k, v in said.items() if k not in ("return_authority", "seat_cents")}
    flat |= {f"/return_authority/{k}": str(v) for k, v in said["return_authority"].items()}
    return flat | {"/seat_cents": f"{said['seat_cents'] // 100}.{said['seat_cents'] % 100:02d}"}
