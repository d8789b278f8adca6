"""One family's trip, shared by the document tests. Holds no tests."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import fields as dataclass_fields
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from reunify.bookings.queries import Booking
from reunify.documents import context, itinerary
from reunify.documents.closeout_letter import closeout_letter
from reunify.documents.context import Addressee, Deadline, Heading, Organisation, Reason, Said, Signer
from reunify.documents.itinerary import Contact
from reunify.documents.paid import PaidLine, Part
from reunify.documents.payment_advice import How, payment_advice
from reunify.documents.stays import Address
from reunify.intake.form import Language, TravelRequest
from reunify.kernel.ids import AwardId, RequestId, StaffId
from reunify.referrals.policy import Entry, Kind, Referral

TEMPLATES = Path(__file__).parents[2] / "document_templates"

# Neutral: printed. Specific: on no paper, so that a test which prints it fails.
SUPPORT = [
    Referral(
        UUID(int=1),
        Entry(
            Kind.FOOD,
            True,
            "Prairie Table: a hot meal",
            "Mesa de la Pradera: comida caliente",
            "1-800-555-0171",
            "7 a.m. to 9 p.m.",
            "de 7 a.m. a 9 p.m.",
            "",
            ("en",),
        ),
        date(2026, 10, 1),
        StaffId(UUID(int=2)),
    ),
    Referral(
        UUID(int=3),
        Entry(
            Kind.PEER_SUPPORT,
            False,
            "Parents who have been through it",
            "Padres que ya pasaron por esto",
            "1-800-555-0173",
            "evenings",
            "por la tarde",
            "GA",
            ("en", "es"),
        ),
        date(2026, 10, 1),
        StaffId(UUID(int=2)),
    ),
]
HEADING = Heading(
    reference="R-7KQ4MX",
    dated=date(2026, 11, 5),
    organisation=Organisation(
        "Homeward Family Travel",
        ["120 Prairie Street, Alexandria, VA 22314", "homeward.example"],
        "1-800-555-0142",
        "1-800-555-0143",
    ),
    addressee=Addressee("Rosa Peña", ["4410 Montana Avenue", "El Paso, TX 79903"]),
    signer=Signer(
        "Ana Ruiz", "Family travel coordinator", "Coordinadora de viajes", "1-800-555-0142, ext. 4"
    ),
    support=SUPPORT,
)
FAMILY_FUND = {"name_en": "Family Travel Fund", "name_es": "Fondo de Viaje Familiar"}
PARTNER_NIGHTS = {"name_en": "Partner Hotel Nights", "name_es": "Noches de Hotel Solidarias"}
ROAD_FUND = {"name_en": "Open Road Fund", "name_es": "Fondo Camino Abierto"}


def trip(**changed: Any) -> TravelRequest:
    """A mother flies out alone and home with her son; a hotel night billed, meals as an advance."""
    out: dict[str, Any] = {
        "key": "elp-atl",
        "travelers": ["mother"],
        "mode": "air",
        "origin": {"city": "El Paso", "state": "TX"},
        "destination": {"city": "Atlanta", "state": "GA"},
        "departs": "2026-11-06T06:00",
        "departs_zone": "America/Denver",
        "arrives": "2026-11-06T11:05",
        "arrives_zone": "America/New_York",
        "carrier": "Delta Air Lines",
        "note": "A county worker waits with Luis Peña Ortiz at baggage claim",
    }
    home = out | {
        "key": "atl-elp",
        "travelers": ["mother", "child"],
        "origin": out["destination"],
        "destination": out["origin"],
        "departs": "2026-11-07T09:40",
        "departs_zone": "America/New_York",
        "arrives": "2026-11-07T11:15",
        "arrives_zone": "America/Denver",
        "note": None,
    }
    money = {"quote_cents": 14250, "ceiling_cents": 14250}
    said: dict[str, Any] = {
        "asked_by": {"kind": "family", "name": "Rosa Peña"},
        "case": {
            "number": "C-1",
            "case_type": "endangered_runaway",
            "child": {"name": "Luis Peña Ortiz", "age_when_missing": 15, "age_now": 15},
        },
        "return_authority": {"released_to": "mother"},
        "travelers": [
            {
                "key": "mother",
                "name": "Rosa María Peña",
                "role": "parent",
                "readiness": {"identification": "has_id", "medicines": "insulin"},
            },
            {
                "key": "child",
                "name": "Luis Peña Ortiz",
                "role": "child",
                "readiness": {"needs": "A warm coat"},
            },
        ],
        "purpose": "bring_child_home",
        "legs": [home, out],
        "payees": [
            {"key": "air", "kind": "vendor", "name": "Delta Air Lines"},
            {"key": "inn", "kind": "vendor", "name": "Peachtree Inn"},
            {"key": "mother", "kind": "person", "name": "Rosa María Peña", "traveler": "mother"},
        ],
        "cost_lines": [
            money
            | {
                "key": "a1",
                "category": "air_fare",
                "what": "fare",
                "settled": "vendor_billed",
                "payee": "air",
            },
            money
            | {
                "key": "h1",
                "category": "lodging",
                "what": "night",
                "settled": "vendor_billed",
                "payee": "inn",
                "night": "2026-11-06",
            },
            money
            | {
                "key": "m1",
                "category": "meals",
                "what": "meals",
                "settled": "advance",
                "payee": "mother",
                "first_day": "2026-11-06",
                "last_day": "2026-11-07",
            },
            money
            | {"key": "x9", "category": "bus_fare", "what": "bus", "settled": "advance", "payee": "mother"},
        ],
    }
    return TravelRequest.model_validate(said | changed)


def booking(line_key: str, **changed: Any) -> Booking:
    """One ticketed booking of the trip's lines."""
    nobody = UUID(int=0)
    blank: dict[str, Any] = dict.fromkeys(one.name for one in dataclass_fields(Booking))
    said: dict[str, Any] = {
        "id": nobody,
        "award_id": AwardId(nobody),
        "request_id": RequestId(nobody),
        "line_key": line_key,
        "state": "ticketed",
        "late_arrival": False,
        "revision": 1,
    }
    return Booking(**(blank | said | changed))


SEAT = booking(
    "a1",
    vendor="Prairie Air",
    vendor_phone="1-800-555-0177",
    vendor_address="Gate desk B",
    locator="QK7P2M",
)
ROOM = booking(
    "h1",
    vendor="Inn on Main",
    vendor_phone="404-555-0100",
    vendor_address="9 Main Street\nAtlanta, GA",
    locator="88412",
    late_arrival=True,
)


def plan(
    language: Language, request: TravelRequest, *bookings: Booking, arranged: Sequence[str] = ("a1", "h1")
) -> dict[str, Any]:
    return itinerary.itinerary(
        HEADING, language, request=request, arranged=arranged, contacts=[], bookings=list(bookings)
    )


def frozen(**changed: Any) -> dict[str, Any]:
    """The facts of an approval letter as the approval room freezes them."""
    plain = {"traveler": "", "night": "", "first_day": "", "last_day": "", "miles": 0}
    return {
        "reference": "R-7KQ4MX",
        "dated": "2026-11-05",
        "organisation": {
            "name": "Homeward Family Travel",
            "lines": ["Alexandria, VA 22314"],
            "phone_day": "1-800-555-0142",
            "phone_night": "",
        },
        "addressee": {"name": "Rosa Peña", "lines": []},
        "signer": {
            "name": "Ana Ruiz",
            "title_en": "Coordinator",
            "title_es": "Coordinadora",
            "phone": "555-0142",
        },
        "lines": [
            plain
            | {
                "category": "air_fare",
                "settled": "vendor_billed",
                "payee": "Delta Air Lines",
                "traveler": "Luis",
                "ceiling_cents": 128450,
                "paid_from": [FAMILY_FUND | {"cents": 128450, "units": 0}],
            },
            plain
            | {
                "category": "lodging",
                "settled": "partner_gives",
                "payee": "Peachtree Inn",
                "night": "2026-11-06",
                "ceiling_cents": 0,
                "paid_from": [PARTNER_NIGHTS | {"cents": 0, "units": 1}],
            },
            plain
            | {
                "category": "mileage",
                "settled": "repaid",
                "payee": "Rosa Peña",
                "miles": 1280,
                "ceiling_cents": 92800,
                "paid_from": [
                    FAMILY_FUND | {"cents": 90000, "units": 0},
                    ROAD_FUND | {"cents": 2800, "units": 0},
                ],
            },
        ],
        "total_cents": 221250,
        "receipts_by": "2026-12-05",
        "owed": [{"en": "The report number.", "es": "El número de reporte.", "by": "2026-11-20"}],
    } | changed


def paid_lines(*keys: str) -> list[PaidLine]:
    """Lines of the trip, paid as quoted by two funds; the hotel gave its night."""
    family, road = (Said(f["name_en"], f["name_es"]) for f in (FAMILY_FUND, ROAD_FUND))
    shares = {
        "h1": [Part(Said(PARTNER_NIGHTS["name_en"], PARTNER_NIGHTS["name_es"]), units=1)],
        "m1": [Part(family, 10000), Part(road, 4250)],
    }
    lines = {line.key: line for line in trip().cost_lines}
    return [PaidLine(lines[key], shares.get(key, [Part(family, 14250)])) for key in keys]


def contexts(language: Language, heading: Heading = HEADING) -> dict[str, dict[str, Any]]:
    """Every kind of letter, filled in."""
    return {
        "approval_letter": context.approval_letter(frozen(), language),
        "refusal_letter": context.refusal_letter(
            heading,
            language,
            can_do=[Said("Look with you for a bus, which may cost less.", "Buscar con usted un autobús.")],
            reasons=[
                Reason(
                    Said("Family Travel Fund", "Fondo de Viaje Familiar"),
                    Said(
                        "This fund is for incomes under a set amount.", "Este fondo es para ingresos menores."
                    ),
                )
            ],
            deadlines=[
                Deadline(
                    Said("To ask us to look again", "Para pedir que lo veamos otra vez"),
                    date(2026, 12, 20),
                    Said("illness or late papers", "enfermedad o papeles tardíos"),
                )
            ],
        ),
        "information_request": context.information_request(
            heading,
            language,
            questions=[Said("What is the number of the police report?", "¿Cuál es el número del reporte?")],
            by=date(2026, 11, 8),
        ),
        "itinerary": itinerary.itinerary(
            heading,
            language,
            request=trip(),
            arranged=["a1", "h1", "m1"],
            contacts=[
                Contact(Said("County office", "Oficina del condado"), "404-555-0188", Said("day", "de día"))
            ],
            addresses=[
                Address(
                    Said("Peachtree Inn", "Peachtree Inn"), ["200 Peachtree Street"], "404-555-0190", "inn"
                ),
                Address(Said("Where you meet Luis", "Donde encuentra a Luis"), ["10 Main Street"]),
            ],
        ),
        "payment_advice": payment_advice(
            heading,
            language,
            view=trip(),
            payee="Rosa María Peña",
            paid_on=date(2026, 11, 4),
            how=How.BANK,
            lines=paid_lines("m1", "x9"),
            again=True,
        ),
        "closeout_letter": closeout_letter(
            heading,
            language,
            view=trip(),
            lines=paid_lines("a1", "h1", "m1", "x9"),
            receipts=2,
            receipts_by=date(2026, 12, 5),
            again=True,
        ),
    }


def text_of(docx: bytes) -> str:
    """Every word of a Word document, a line for each paragraph, header and footer included."""
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        parts = [
            file.read(name).decode() for name in file.namelist() if re.match(r"word/(doc|head|foot)", name)
        ]
    paragraphs = re.findall(r"<w:p[ >].*?</w:p>", "".join(parts), re.DOTALL)
    lines = ["".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", p)) for p in paragraphs]
    plain = "\n".join(line for line in lines if line)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        plain = plain.replace(entity, character)
    return plain.replace("\u2011", "-")  # a hyphen at which no line breaks
