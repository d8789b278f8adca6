"""The sample families: realistic, entirely fictional. Used by the demo, the features and the tests.

Phones are 555-01xx, e-mail addresses end in example.org; no real case, person or vendor is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Draft = dict[str, Any]
US = {"country": "US"}


@dataclass(frozen=True, slots=True)
class Expected:
    """How a family's story must end."""

    covered_cents: int
    by_stripe_cents: int
    logged_cents: int
    nights_given: int
    sources: int
    people: int
    state: str


@dataclass(frozen=True, slots=True)
class Family:
    letter: str
    title: str
    draft: Draft
    expected: Expected
    answers: dict[str, Any] | None = None


def _place(city: str, state: str, county: str | None = None) -> dict[str, Any]:
    return {"city": city, "state": state, "country": "US", "county": county}


def _contact(language: str, phone: str, email: str | None) -> dict[str, Any]:
    return {
        "language": language,
        "phone": phone,
        "email": email,
        "may_call": True,
        "may_text": True,
        "may_email": email is not None,
        "hours": "any hour",
    }


def _authority(released_by: str, to: str, wish: str) -> dict[str, Any]:
    return {
        "released_by": released_by,
        "released_to": to,
        "called_back": "yes",
        "custody_basis": "parent",
        "protective_order": "no",
        "abuse_suspected": "no",
        "child_wish": wish,
        "decision": "safe_and_lawful",
        "decision_reason": "Custody papers seen; the agency was called back on the number we looked up.",
    }


def _leg(
    key: str,
    who: list[str],
    mode: str,
    ends: tuple[Draft, Draft],
    times: tuple[str, str],
    zones: tuple[str, str],
) -> Draft:
    return {
        "key": key,
        "travelers": who,
        "mode": mode,
        "origin": ends[0],
        "destination": ends[1],
        "departs": times[0],
        "departs_zone": zones[0],
        "arrives": times[1],
        "arrives_zone": zones[1],
    }


def _line(key: str, category: str, what: str, settled: str, payee: str, cents: int, **more: Any) -> Draft:
    return {
        "key": key,
        "category": category,
        "what": what,
        "settled": settled,
        "payee": payee,
        "quote_cents": cents,
        "ceiling_cents": cents,
        **more,
    }


def boy_found_out_of_state(today: date) -> Family:
    """(b) Released to his mother within 24 hours: fares and a night billed, a night given, meals advanced."""
    out, night2, home = (today + timedelta(days=n) for n in (1, 2, 3))
    elpaso, atlanta = _place("El Paso", "TX", "El Paso"), _place("Atlanta", "GA", "Fulton")
    zones = ("America/Denver", "America/New_York")
    draft = {
        "asked_by": {"kind": "family", "name": "Marisol Quintero Vega"},
        "case": {
            "number": "SAMPLE-1002",
            "case_type": "endangered_runaway",
            "child": {
                "name": "Mateo Quintero",
                "birth_date": "2011-03-14",
                "age_when_missing": 15,
                "age_now": 15,
            },
            "located_on": today.isoformat(),
            "located_place": atlanta,
            "recovered": "yes",
            "held_over_24_hours": "no",
            "verifying_agency": "Atlanta sample police desk",
            "report_number": "SP-26-118834",
        },
        "return_authority": _authority("Sample desk officer, Atlanta", "mother", "He wants to go home."),
        "household": {"size": 3, "yearly_income_cents": 2_640_000, "state": "TX"},
        "travelers": [
            {
                "key": "mother",
                "name": "Marisol Quintero Vega",
                "role": "parent",
                "relation": "mother",
                "birth_date": "1986-07-02",
                "readiness": {"identification": "has_id", "phone_for_gate_texts": "+1 915 555 0142"},
                "contact": _contact("es", "+1 915 555 0142", "marisol.quintero@example.org"),
            },
            {
                "key": "child",
                "name": "Mateo Quintero",
                "role": "child",
                "birth_date": "2011-03-14",
                "readiness": {"identification": "no_id", "needs": "ropa y una comida"},
            },
        ],
        "purpose": "bring_child_home",
        "legs": [
            _leg("out", ["mother"], "air", (elpaso, atlanta), (f"{out}T06:05", f"{out}T11:12"), zones),
            _leg(
                "home",
                ["mother", "child"],
                "air",
                (atlanta, elpaso),
                (f"{home}T14:20", f"{home}T15:58"),
                zones[::-1],
            ),
        ],
        "payees": [
            {"key": "airline", "kind": "vendor", "name": "Sample Southern Airways"},
            {"key": "hotel", "kind": "vendor", "name": "Peachtree Sample Inn"},
            {"key": "partner", "kind": "partner", "name": "Sample Hotels Foundation"},
            {
                "key": "mother",
                "kind": "person",
                "name": "Marisol Quintero Vega",
                "traveler": "mother",
                "email": "marisol.quintero@example.org",
                "stripe_consent": True,
            },
        ],
        "cost_lines": [
            _line(
                "fare-mother", "air_fare", "Round trip", "vendor_billed", "airline", 74_240, traveler="mother"
            ),
            _line(
                "fare-child", "air_fare", "One way home", "vendor_billed", "airline", 31_820, traveler="child"
            ),
            _line(
                "night-1",
                "lodging",
                "First night",
                "vendor_billed",
                "hotel",
                17_900,
                place=atlanta,
                night=str(out),
            ),
            _line(
                "night-2",
                "lodging",
                "Second night",
                "partner_gives",
                "partner",
                17_900,
                place=atlanta,
                night=str(night2),
            ),
            _line(
                "meals-mother",
                "meals",
                "Meals, three days",
                "advance",
                "mother",
                21_500,
                traveler="mother",
                place=atlanta,
                first_day=str(out),
                last_day=str(home),
            ),
            _line(
                "meals-child",
                "meals",
                "Meals, two days",
                "advance",
                "mother",
                12_900,
                traveler="child",
                place=atlanta,
                first_day=str(night2),
                last_day=str(home),
            ),
        ],
    }
    ends = Expected(158_360, 34_400, 123_960, 1, 2, 3, "paid")
    return Family("b", "Boy of 15 found out of state, released to his mother", draft, ends)


def father_drives(today: date) -> Family:
    """(d) 640 miles each way; two nights that straddle two rate years; repaid by payout."""
    amarillo, joplin = _place("Amarillo", "TX", "Potter"), _place("Joplin", "MO", "Jasper")
    zones = ("America/Chicago", "America/Chicago")
    draft = {
        "asked_by": {"kind": "family", "name": "Daniel Okafor Reyes"},
        "case": {
            "number": "SAMPLE-1004",
            "case_type": "family_abduction",
            "child": {"name": "Ada Okafor", "birth_date": "2017-01-20", "age_when_missing": 9, "age_now": 9},
            "located_on": "2026-09-29",
            "located_place": joplin,
            "recovered": "yes",
            "held_over_24_hours": "no",
            "verifying_agency": "Jasper County sample sheriff",
            "report_number": "JC-26-004417",
        },
        "return_authority": _authority(
            "Sample county children's division", "father", "She asked for her father."
        ),
        "household": {"size": 3, "yearly_income_cents": 4_100_000, "state": "TX"},
        "travelers": [
            {
                "key": "father",
                "name": "Daniel Okafor Reyes",
                "role": "parent",
                "relation": "father",
                "birth_date": "1984-11-30",
                "readiness": {"identification": "has_id"},
                "contact": _contact("en", "+1 806 555 0117", "daniel.okafor@example.org"),
            },
            {"key": "child", "name": "Ada Okafor", "role": "child", "readiness": {"needs": "car seat"}},
        ],
        "purpose": "bring_child_home",
        "legs": [
            _leg(
                "out", ["father"], "car", (amarillo, joplin), ("2026-09-30T07:00", "2026-09-30T17:30"), zones
            ),
            _leg(
                "home",
                ["father", "child"],
                "car",
                (joplin, amarillo),
                ("2026-10-02T08:00", "2026-10-02T19:00"),
                zones,
            ),
        ],
        "payees": [
            {
                "key": "father",
                "kind": "person",
                "name": "Daniel Okafor Reyes",
                "traveler": "father",
                "email": "daniel.okafor@example.org",
                "stripe_consent": True,
            }
        ],
        "cost_lines": [
            _line(
                "drive", "mileage", "640 miles each way", "repaid", "father", 92_800, miles=1280, leg="out"
            ),
            _line(
                "night-1", "lodging", "Motel", "repaid", "father", 11_800, place=joplin, night="2026-09-30"
            ),
            _line(
                "night-2", "lodging", "Motel", "repaid", "father", 11_800, place=joplin, night="2026-10-01"
            ),
        ],
    }
    ends = Expected(92_800 + 11_000 + 11_300, 115_100, 0, 0, 1, 2, "paid")
    return Family("d", "Father drives 640 miles each way, nights in two rate years", draft, ends)


def above_the_limit(today: date) -> Family:
    """(e) Fares only, income above the limit, no other source: one kind letter."""
    day, back = today + timedelta(days=6), today + timedelta(days=8)
    boise, reno = _place("Boise", "ID", "Ada"), _place("Reno", "NV", "Washoe")
    zones = ("America/Boise", "America/Los_Angeles")
    draft = {
        "asked_by": {"kind": "family", "name": "Helen Brandt"},
        "case": {
            "number": "SAMPLE-1005",
            "case_type": "family_abduction",
            "child": {
                "name": "Jonas Brandt",
                "birth_date": "2014-05-09",
                "age_when_missing": 12,
                "age_now": 12,
            },
            "located_on": today.isoformat(),
            "located_place": reno,
            "recovered": "yes",
            "held_over_24_hours": "no",
            "verifying_agency": "Washoe sample sheriff",
            "report_number": "WS-26-77120",
        },
        "return_authority": _authority("Washoe sample family services", "mother", "He wants to come home."),
        "household": {"size": 3, "yearly_income_cents": 12_000_000, "state": "ID"},
        "travelers": [
            {
                "key": "mother",
                "name": "Helen Brandt",
                "role": "parent",
                "relation": "mother",
                "readiness": {"identification": "has_id"},
                "contact": _contact("en", "+1 208 555 0163", "helen.brandt@example.org"),
            },
            {"key": "child", "name": "Jonas Brandt", "role": "child"},
        ],
        "purpose": "bring_child_home",
        "legs": [
            _leg("out", ["mother"], "air", (boise, reno), (f"{day}T09:00", f"{day}T09:20"), zones),
            _leg(
                "home",
                ["mother", "child"],
                "air",
                (reno, boise),
                (f"{back}T12:00", f"{back}T14:15"),
                zones[::-1],
            ),
        ],
        "payees": [{"key": "airline", "kind": "vendor", "name": "Sample Basin Air"}],
        "cost_lines": [
            _line(
                "fare-mother", "air_fare", "Round trip", "vendor_billed", "airline", 41_800, traveler="mother"
            ),
            _line(
                "fare-child", "air_fare", "One way home", "vendor_billed", "airline", 20_900, traveler="child"
            ),
        ],
    }
    return Family("e", "Fares only, income above the limit", draft, Expected(0, 0, 0, 0, 0, 1, "refused"))


def no_report_number_yet(today: date) -> Family:
    """(f) A question, not a refusal; then answered and paid as an advance by payout."""
    day, back = today + timedelta(days=2), today + timedelta(days=3)
    tulsa, wichita = _place("Tulsa", "OK", "Tulsa"), _place("Wichita", "KS", "Sedgwick")
    zones = ("America/Chicago", "America/Chicago")
    draft = {
        "asked_by": {"kind": "family", "name": "Tanisha Bell"},
        "case": {
            "number": "SAMPLE-1006",
            "case_type": "lost_injured_or_otherwise_missing",
            "child": {"name": "Zora Bell", "birth_date": "2018-08-21", "age_when_missing": 8, "age_now": 8},
            "located_on": today.isoformat(),
            "located_place": wichita,
            "recovered": "yes",
            "held_over_24_hours": "no",
            "verifying_agency": "Sedgwick sample police",
            "report_number": None,
        },
        "return_authority": _authority("Sedgwick sample child services", "mother", "She wants her mother."),
        "household": {"size": 2, "yearly_income_cents": 2_180_000, "state": "OK"},
        "travelers": [
            {
                "key": "mother",
                "name": "Tanisha Bell",
                "role": "parent",
                "relation": "mother",
                "readiness": {"identification": "has_id"},
                "contact": _contact("en", "+1 918 555 0125", "tanisha.bell@example.org"),
            },
            {
                "key": "child",
                "name": "Zora Bell",
                "role": "child",
                "readiness": {"needs": "car seat, a meal"},
            },
        ],
        "purpose": "bring_child_home",
        "legs": [
            _leg("out", ["mother"], "bus", (tulsa, wichita), (f"{day}T08:15", f"{day}T12:05"), zones),
            _leg(
                "home",
                ["mother", "child"],
                "bus",
                (wichita, tulsa),
                (f"{back}T13:30", f"{back}T17:25"),
                zones,
            ),
        ],
        "payees": [
            {
                "key": "mother",
                "kind": "person",
                "name": "Tanisha Bell",
                "traveler": "mother",
                "email": "tanisha.bell@example.org",
                "stripe_consent": True,
            }
        ],
        "cost_lines": [
            _line("bus-mother", "bus_fare", "Round trip", "advance", "mother", 11_200, traveler="mother"),
            _line("bus-child", "bus_fare", "One way home", "advance", "mother", 5_200, traveler="child"),
            _line("taxi", "local_transport", "To and from the stations", "advance", "mother", 3_600),
        ],
    }
    ends = Expected(20_000, 20_000, 0, 0, 1, 2, "paid")
    return Family("f", "No report number yet", draft, ends, answers={"/case/report_number": "SG-26-30981"})


def sample_families(today: date) -> list[Family]:
    """Every sample family, in the order the demo tells them."""
    return [
        boy_found_out_of_state(today),
        father_drives(today),
        above_the_limit(today),
        no_report_number_yet(today),
    ]
