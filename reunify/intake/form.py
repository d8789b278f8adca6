"""The travel-assistance request as it is told to us. A draft may be incomplete; a version may not.

`None` means "not known yet": it becomes a question, never a refusal.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reunify.kernel.text import LongText, SafeText

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,30}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s<>\"]{1,64}@[^@\s<>\"]{1,180}\.[^@\s<>\"]{2,20}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ().-]{7,20}$")]
Cents = Annotated[int, Field(ge=0, le=10_000_000)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
YesNoUnknown = Literal["yes", "no", "unknown"]
Language = Literal["en", "es"]
Zip = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Airport = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
# `2026-11-26 lunch`: given by somebody else on that day; `carrier` and `hotel` (complimentary) cost nothing.
ProvidedMeal = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2} (breakfast|lunch|dinner)( (carrier|hotel))?$"),
]


class Part(BaseModel):
    """Refuses fields it does not know, so that a misspelt one is never silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Asker(StrEnum):
    FAMILY = "family"
    CHILD_WELFARE_AGENCY = "child_welfare_agency"
    LAW_ENFORCEMENT = "law_enforcement"
    TRIBAL_LAW_ENFORCEMENT = "tribal_law_enforcement"
    STATE_DEPARTMENT = "state_department"


class TravelerRole(StrEnum):
    CHILD = "child"
    PARENT = "parent"
    GUARDIAN = "guardian"
    COMPANION = "companion"
    CASEWORKER = "caseworker"
    OFFICER = "officer"


class Purpose(StrEnum):
    BRING_CHILD_HOME = "bring_child_home"
    ATTEND_HEARING = "attend_hearing"
    VISIT_CHILD = "visit_child"


class Mode(StrEnum):
    AIR = "air"
    BUS = "bus"
    RAIL = "rail"
    CAR = "car"
    LOCAL = "local"


class Category(StrEnum):
    """The closed list of cost categories."""

    AIR_FARE = "air_fare"
    BUS_FARE = "bus_fare"
    RAIL_FARE = "rail_fare"
    LOCAL_TRANSPORT = "local_transport"
    MILEAGE = "mileage"
    LODGING = "lodging"
    MEALS = "meals"
    TRAVEL_DOCUMENTS = "travel_documents"
    UNACCOMPANIED_MINOR_FEE = "unaccompanied_minor_fee"


class FareException(StrEnum):
    """Why a fare above economy is needed: the five reasons of 2 CFR 200.475 (TR-003)."""

    CIRCUITOUS_ROUTING = "circuitous_routing"
    UNREASONABLE_HOURS = "unreasonable_hours"
    PROLONGED_TRAVEL = "prolonged_travel"
    OFFSETS_SAVINGS = "offsets_savings"
    MEDICAL_NEED = "medical_need"


class Settlement(StrEnum):
    """How a cost line is settled."""

    ORGANISATION_BOOKS = "organisation_books"
    VENDOR_BILLED = "vendor_billed"
    PARTNER_GIVES = "partner_gives"
    ADVANCE = "advance"
    REPAID = "repaid"


class AskedBy(Part):
    kind: Asker
    name: SafeText
    organisation: SafeText | None = None


class Place(Part):
    city: SafeText
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    county: SafeText | None = None
    zip: Zip | None = None


class Child(Part):
    name: SafeText
    birth_date: date | None = None
    age_when_missing: Annotated[int, Field(ge=0, le=20)]
    age_now: Annotated[int, Field(ge=0, le=40)]


class Case(Part):
    number: SafeText
    case_type: Slug  # a value of the field dictionary (eligibility_rules/_fields.yaml), never a constant
    child: Child
    located_on: date | None = None
    located_place: Place | None = None
    recovered: YesNoUnknown = "unknown"  # located is not yet recovered
    recovered_on: date | None = None
    recovered_place: Place | None = None
    held_over_24_hours: YesNoUnknown = "unknown"  # by authorities out of state; weekends and holidays apart
    verifying_agency: SafeText | None = None
    report_number: SafeText | None = None


class ReturnAuthority(Part):
    """Is it safe and lawful to bring this child to this adult? Never waivable."""

    released_by: SafeText | None = None  # agency or officer who releases the child
    released_to: Key | None = None  # traveler key of the adult
    called_back: YesNoUnknown = "unknown"  # on a number we looked up ourselves
    custody_basis: Literal["parent", "guardian", "court_order", "agency_custody"] | None = None
    protective_order: YesNoUnknown = "unknown"
    abuse_suspected: YesNoUnknown = "unknown"
    child_wish: LongText | None = None
    suitability_finding: LongText | None = None  # of a companion who is neither parent nor guardian
    decision: Literal["safe_and_lawful", "not_safe_or_lawful"] | None = None  # a person's judgement
    decision_reason: LongText | None = None


class Household(Part):
    size: Annotated[int, Field(ge=1, le=30)] | None = None
    yearly_income_cents: Annotated[int, Field(ge=0, le=10_000_000_000)] | None = None
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None


class SafeContact(Part):
    """How this person may be reached without harm."""

    language: Language = "en"
    interpreter: bool = False
    phone: Phone | None = None
    email: Email | None = None
    address: LongText | None = None
    may_call: bool = False
    may_text: bool = False
    may_leave_voicemail: bool = False
    may_email: bool = False
    may_post: bool = False
    hours: SafeText | None = None  # in the person's own words; what counts is the next three
    safe_from: ClockTime | None = None
    safe_until: ClockTime | None = None
    zone: SafeText | None = None
    seen_by_others: YesNoUnknown = "unknown"
    who_else_sees_it: SafeText | None = None
    address_protected: bool = False  # the other household never learns where this person is


class Readiness(Part):
    identification: Literal["has_id", "no_id", "passport", "consulate_letter", "unknown"] = "unknown"
    phone_for_gate_texts: Phone | None = None
    mobility: SafeText | None = None
    medicines: SafeText | None = None
    needs: SafeText | None = None  # car seat, clothes, a meal for the child


class Traveler(Part):
    key: Key
    name: SafeText  # exactly as on the ID
    role: TravelerRole
    relation: SafeText | None = None
    birth_date: date | None = None
    readiness: Readiness = Readiness()
    contact: SafeContact | None = None
    household: Key | None = None  # only where two households share the child; a child may belong to both


class Leg(Part):
    """Times are local to each end, with the IANA zone of that end."""

    key: Key
    travelers: Annotated[list[Key], Field(min_length=1)]
    mode: Mode
    origin: Place
    destination: Place
    departs: datetime
    departs_zone: SafeText
    arrives: datetime
    arrives_zone: SafeText
    carrier: SafeText | None = None
    nonstop: YesNoUnknown = "unknown"
    connections: Annotated[list[Airport], Field(max_length=6)] = []  # where it changes planes
    us_flag: YesNoUnknown = "unknown"  # flown by a United States carrier
    note: SafeText | None = None  # who meets whom, gate, platform
    household: Key | None = None  # of two, whose plan it stands in, where its travelers do not say


class PayeeSaid(Part):
    """Who is to be paid, as told; `stripe_consent` is the payee's own written yes."""

    key: Key
    kind: Literal["person", "vendor", "partner"]
    name: SafeText
    traveler: Key | None = None
    email: Email | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    stripe_consent: bool = False


class CostLine(Part):
    """One cost. `ceiling_cents` is quote plus contingency: approval is not-to-exceed."""

    key: Key
    category: Category
    what: SafeText
    settled: Settlement
    payee: Key
    quote_cents: Cents
    ceiling_cents: Cents
    traveler: Key | None = None
    leg: Key | None = None
    place: Place | None = None  # lodging and meals
    night: date | None = None  # lodging: one line per room-night
    first_day: date | None = None  # meals
    last_day: date | None = None  # meals
    miles: Annotated[int, Field(ge=1, le=10_000)] | None = None  # mileage
    tax_cents: Cents = 0  # the part of the quote that is tax
    provided_meals: Annotated[list[ProvidedMeal], Field(max_length=180)] = []  # meals
    actual_expense: bool = False  # lodging and meals: asks for more than the published rate
    fare_class: Literal["economy", "above_economy"] | None = None  # air fares
    fare_exception: FareException | None = None
    units: Annotated[int, Field(ge=1, le=10_000_000)] | None = None  # airline miles a partner gives
    household: Key | None = None  # of two, whose cost it is, where traveler and payee do not say


class TravelRequest(Part):
    """The whole request. `household` is absent when an agency asks.

    `told` holds what a rule asks for and the form has no place of its own for: a fact of the dictionary
    (eligibility_rules/_fields.yaml, pointer /told/<fact>), as that dictionary writes its values.
    """

    asked_by: AskedBy
    case: Case
    return_authority: ReturnAuthority = ReturnAuthority()
    household: Household | None = None
    travelers: Annotated[list[Traveler], Field(min_length=1, max_length=20)]
    purpose: Purpose
    legs: Annotated[list[Leg], Field(min_length=1, max_length=40)]
    payees: Annotated[list[PayeeSaid], Field(min_length=1, max_length=20)]
    cost_lines: Annotated[list[CostLine], Field(min_length=1, max_length=60)]
    foreign_approval: SafeText | None = None  # the funder's prior approval of foreign travel: its reference
    told: dict[Slug, SafeText] = {}
