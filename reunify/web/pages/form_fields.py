"""The request form, field by field: one table that both shows it and reads it back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from reunify.intake.form import Asker, Category, Mode, Purpose, Settlement, TravelerRole
from reunify.web.pages.labels import label

Kind = Literal[
    "text", "long", "date", "moment", "money", "whole", "choice", "tick", "several", "zone", "email", "phone"
]
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is under its group, as in `child/name`. `start` is what an untouched field holds."""

    path: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    options: Options = ()
    names: Literal["", "travelers", "legs", "payees", "case_types"] = ""  # options from elsewhere
    start: str = ""
    needed: bool = False
    part: str = ""  # the heading of the foldable part it stands in


@dataclass(frozen=True, slots=True)
class Group:
    """`pointer` empty: the request itself. With `one`, a list of such things."""

    pointer: str
    title: str
    intro: str
    fields: tuple[Field, ...]
    one: str = ""
    key: str = ""  # how new keys begin
    at_first: int = 1


def _options(values: type[StrEnum], **named: str) -> Options:
    return (("", "Choose"), *((v.value, named.get(v.value) or label(v.value)) for v in values))


def _listed(**named: str) -> Options:
    return (("", "Choose"), *named.items())


YES_NO: Options = (("unknown", "Not known yet"), ("yes", "Yes"), ("no", "No"))


def _yes_no(path: str, name: str, hint: str = "", part: str = "") -> Field:
    return Field(path, name, "choice", hint, YES_NO, start="unknown", part=part)


def _place(under: str, *, needed: bool = False, part: str = "", county: bool = True) -> tuple[Field, ...]:
    fields = (
        Field(f"{under}/city", "City", needed=needed, part=part),
        Field(f"{under}/state", "State", hint="Two letters, like TX", part=part),
        Field(f"{under}/country", "Country", hint="Two letters", start="US", part=part),
    )
    return (*fields, Field(f"{under}/county", "County", part=part)) if county else fields


_CUSTODY = _listed(
    parent="Parent", guardian="Guardian", court_order="Court order", agency_custody="Agency custody"
)
_TWO = "Only where two households share the child: one short word for each, like mother"
_PROTECTED = "The address is protected: the other household never learns it"
_LANGUAGES: Options = (("en", "English"), ("es", "Spanish"))
_READY = "Ready to travel"
_REACH = "How to reach this person without harm"
_WHERE = "Where and when (lodging, meals, mileage)"

GROUPS: tuple[Group, ...] = (
    Group(
        "/asked_by",
        "Who asks",
        "The person or agency that asks for the trip.",
        (
            Field("kind", "Who asks", "choice", options=_options(Asker), needed=True),
            Field("name", "Name", needed=True),
            Field("organisation", "Agency or office"),
        ),
    ),
    Group(
        "/case",
        "The case",
        "What is not known yet can stay empty: it becomes a question, never a refusal.",
        (
            Field("number", "Case number", needed=True),
            Field("case_type", "Case type", "choice", names="case_types", needed=True),
            Field("child/name", "Child's name", needed=True),
            Field("child/birth_date", "Child's date of birth", "date"),
            Field("child/age_when_missing", "Age when missing", "whole", needed=True),
            Field("child/age_now", "Age now", "whole", needed=True),
            Field("located_on", "Located on", "date"),
            *_place("located_place", part="Where the child was located"),
            _yes_no("recovered", "Recovered", "Located is not yet recovered"),
            Field("recovered_on", "Recovered on", "date"),
            *_place("recovered_place", part="Where the child was recovered"),
            _yes_no(
                "held_over_24_hours", "Held out of state over 24 hours", "Weekends and holidays do not count"
            ),
            Field("verifying_agency", "Verifying agency"),
            Field("report_number", "Report number", hint="Of the police or agency report"),
        ),
    ),
    Group(
        "/return_authority",
        "Return authority",
        "Is it safe and lawful to bring this child to this adult? This is never waived.",
        (
            Field("released_by", "Released by", hint="Agency or officer who releases the child"),
            Field("released_to", "Released to", "choice", names="travelers"),
            _yes_no("called_back", "Called back", "On a number we looked up ourselves"),
            Field("custody_basis", "Custody basis", "choice", options=_CUSTODY),
            _yes_no("protective_order", "Protective or no-contact order"),
            _yes_no("abuse_suspected", "Abuse or neglect suspected"),
            Field("child_wish", "The child's own wish", "long"),
            Field("suitability_finding", "Suitability finding", "long", "Needed for a companion"),
            Field(
                "decision",
                "Your decision",
                "choice",
                options=_listed(
                    safe_and_lawful="Safe and lawful", not_safe_or_lawful="Not safe or not lawful"
                ),
            ),
            Field("decision_reason", "Reason for the decision", "long"),
        ),
    ),
    Group(
        "/household",
        "Household",
        "Leave empty when an agency asks: there is no household income to test.",
        (
            Field("size", "People in the household", "whole", "Counting the child"),
            Field("yearly_income_cents", "Income a year", "money", "Dollars before tax, like 26400"),
            Field("state", "State", hint="Two letters, like TX"),
        ),
    ),
    Group(
        "/travelers",
        "Travelers",
        "Everyone who travels, the child included.",
        (
            Field("name", "Name", hint="Exactly as on the ID", needed=True),
            Field("role", "Role", "choice", options=_options(TravelerRole), needed=True),
            Field("relation", "Relation to the child"),
            Field("birth_date", "Date of birth", "date"),
            Field("household", "Household", hint=_TWO),
            Field(
                "readiness/identification",
                "Identification",
                "choice",
                options=(
                    ("unknown", "Not known yet"),
                    ("has_id", "Has an ID"),
                    ("no_id", "Has no ID"),
                    ("passport", "Passport"),
                    ("consulate_letter", "Consulate letter"),
                ),
                start="unknown",
                part=_READY,
            ),
            Field("readiness/phone_for_gate_texts", "Phone for gate texts", "phone", part=_READY),
            Field("readiness/mobility", "Mobility", part=_READY),
            Field("readiness/medicines", "Medicines", part=_READY),
            Field("readiness/needs", "Needs", hint="Car seat, clothes, a meal", part=_READY),
            Field("contact/language", "Language", "choice", options=_LANGUAGES, start="en", part=_REACH),
            Field("contact/interpreter", "Needs an interpreter", "tick", part=_REACH),
            Field("contact/phone", "Phone", "phone", part=_REACH),
            Field("contact/may_call", "We may call", "tick", part=_REACH),
            Field("contact/may_text", "We may text", "tick", part=_REACH),
            Field("contact/may_leave_voicemail", "We may leave voicemail", "tick", part=_REACH),
            Field("contact/email", "E-mail", "email", part=_REACH),
            Field("contact/may_email", "We may e-mail", "tick", part=_REACH),
            Field("contact/hours", "Safe hours", hint="In their own words", part=_REACH),
            Field("contact/safe_from", "Safe from", hint="Like 08:00; whole day: 00:00 twice", part=_REACH),
            Field("contact/safe_until", "Safe until", hint="Like 20:00", part=_REACH),
            Field("contact/zone", "Their time zone", "zone", part=_REACH),
            _yes_no("contact/seen_by_others", "Does someone else see it", part=_REACH),
            Field("contact/who_else_sees_it", "Who else sees it", part=_REACH),
            Field("contact/address", "Postal address", "long", part=_REACH),
            Field("contact/address_protected", _PROTECTED, "tick", part=_REACH),
            Field("contact/may_post", "We may post letters", "tick", part=_REACH),
        ),
        one="traveler",
        key="t",
        at_first=2,
    ),
    Group(
        "",
        "Purpose",
        "",
        (Field("purpose", "Purpose of the trip", "choice", options=_options(Purpose), needed=True),),
    ),
    Group(
        "/legs",
        "Legs of the trip",
        "Times are local to each end, with the time zone of that end.",
        (
            Field("travelers", "Who is on it", "several", names="travelers", needed=True),
            Field("mode", "By", "choice", options=_options(Mode), needed=True),
            Field("carrier", "Carrier"),
            Field("note", "Note", hint="Who meets whom, gate, platform"),
            Field("household", "In whose plan, of two households"),
            Field("origin/city", "From: city", needed=True),
            Field("origin/state", "From: state", hint="Two letters, like TX"),
            Field("origin/country", "From: country", hint="Two letters", start="US"),
            Field("origin/county", "From: county"),
            Field("departs", "Departs", "moment", "Local time there", needed=True),
            Field("departs_zone", "Time zone there", "zone", "Like America/Denver", needed=True),
            Field("destination/city", "To: city", needed=True),
            Field("destination/state", "To: state", hint="Two letters, like GA"),
            Field("destination/country", "To: country", hint="Two letters", start="US"),
            Field("destination/county", "To: county"),
            Field("arrives", "Arrives", "moment", "Local time there", needed=True),
            Field("arrives_zone", "Time zone there", "zone", "Like America/New_York", needed=True),
        ),
        one="leg",
        key="leg",
        at_first=2,
    ),
    Group(
        "/payees",
        "Payees",
        "Who is to be paid. Bank details never come here: a payee enters them with Stripe.",
        (
            Field(
                "kind",
                "Kind",
                "choice",
                options=_listed(person="Person", vendor="Vendor", partner="Partner who gives"),
                needed=True,
            ),
            Field("name", "Name", needed=True),
            Field("traveler", "If it is a traveler, who", "choice", names="travelers"),
            Field("email", "E-mail", "email", "Needed for a Stripe payout"),
            Field("country", "Country", hint="Two letters", start="US"),
            Field("stripe_consent", "Said yes in writing to be paid through Stripe", "tick"),
        ),
        one="payee",
        key="payee",
    ),
    Group(
        "/cost_lines",
        "Costs",
        "One line for each fare and each room-night. Approval is up to the ceiling of each line.",
        (
            Field("category", "Category", "choice", options=_options(Category), needed=True),
            Field("what", "What", hint="Like: round trip", needed=True),
            Field("settled", "How it is settled", "choice", options=_options(Settlement), needed=True),
            Field("payee", "Payee", "choice", names="payees", needed=True),
            Field("quote_cents", "Quote", "money", "Dollars and cents, like 371.20", needed=True),
            Field("ceiling_cents", "Ceiling", "money", "Empty: same as the quote"),
            Field("traveler", "For whom", "choice", names="travelers"),
            Field("leg", "Leg", "choice", names="legs"),
            Field("night", "Night (lodging)", "date", part=_WHERE),
            Field("first_day", "First day (meals)", "date", part=_WHERE),
            Field("last_day", "Last day (meals)", "date", part=_WHERE),
            Field("miles", "Miles (mileage)", "whole", part=_WHERE),
            *_place("place", part=_WHERE),
            Field("household", "Whose cost, of two households", part=_WHERE),
        ),
        one="cost line",
        key="line",
    ),
)
BY_POINTER: Mapping[str, Group] = {g.pointer: g for g in GROUPS}


def fields_at(pointer: str) -> list[tuple[str, Field]]:
    """The fields a JSON pointer names: itself, or all under it. Empty for a place the form does not know."""
    group = max(
        (g for g in GROUPS if pointer == g.pointer or pointer.startswith(g.pointer + "/")),
        key=lambda g: len(g.pointer),
        default=None,
    )
    if group is None:
        return []
    base = group.pointer
    if group.one:
        number = pointer.removeprefix(base).strip("/").split("/")[0]
        if not number.isdigit():
            return []
        base = f"{base}/{number}"
    found = [(f"{base}/{f.path}", f) for f in group.fields]
    return [(at, f) for at, f in found if at == pointer or at.startswith(pointer + "/")]
