"""The request form, field by field: one table that both shows it and reads it back. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reunify.intake.form import Asker, Purpose, TravelerRole
from reunify.web.pages.form_parts import (
    AS_WRITTEN,
    AsTyped,
    Field,
    Group,
    Kind,
    Options,
    listed,
    options,
    place,
    yes_no,
)
from reunify.web.pages.form_trip import COST_LINES, LEGS

__all__ = ["BY_POINTER", "GROUPS", "AsTyped", "Field", "Group", "Kind", "Options", "fields_at"]

_CUSTODY = listed(
    parent="Parent", guardian="Guardian", court_order="Court order", agency_custody="Agency custody"
)
_TWO = "Only where two households share the child: one short word for each, like mother"
_PROTECTED = "The address is protected: the other household never learns it"
_LANGUAGES: Options = (("en", "English"), ("es", "Spanish"))
_READY = "Ready to travel"
_REACH = "How to reach this person without harm"

GROUPS: tuple[Group, ...] = (
    Group(
        "/asked_by",
        "Who asks",
        "The person or agency that asks for the trip.",
        (
            Field("kind", "Who asks", "choice", options=options(Asker), needed=True),
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
            *place("located_place", part="Where the child was located"),
            yes_no("recovered", "Recovered", "Located is not yet recovered"),
            Field("recovered_on", "Recovered on", "date"),
            *place("recovered_place", part="Where the child was recovered"),
            yes_no(
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
            yes_no("called_back", "Called back", "On a number we looked up ourselves"),
            Field("custody_basis", "Custody basis", "choice", options=_CUSTODY),
            yes_no("protective_order", "Protective or no-contact order"),
            yes_no("abuse_suspected", "Abuse or neglect suspected"),
            Field("child_wish", "The child's own wish", "long"),
            Field("suitability_finding", "Suitability finding", "long", "Needed for a companion"),
            Field(
                "decision",
                "Your decision",
                "choice",
                options=listed(
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
            Field("role", "Role", "choice", options=options(TravelerRole), needed=True),
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
            Field("readiness/needs", "Needs", hint=f"Car seat, clothes, a meal. {AS_WRITTEN}", part=_READY),
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
            yes_no("contact/seen_by_others", "Does someone else see it", part=_REACH),
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
        (
            Field("purpose", "Purpose of the trip", "choice", options=options(Purpose), needed=True),
            Field(
                "foreign_approval",
                "Prior approval of foreign travel",
                hint="The funder's reference; not needed for Canada or Mexico",
            ),
        ),
    ),
    LEGS,
    Group(
        "/payees",
        "Payees",
        "Who is to be paid. Bank details never come here: a payee enters them with Stripe.",
        (
            Field(
                "kind",
                "Kind",
                "choice",
                options=listed(person="Person", vendor="Vendor", partner="Partner who gives"),
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
    COST_LINES,
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
