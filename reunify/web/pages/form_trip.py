"""The legs and the costs of the request form. Pure."""

from __future__ import annotations

from reunify.intake.form import Category, FareException, Mode, Settlement
from reunify.web.pages.form_parts import AS_WRITTEN, Field, Group, listed, options, place, yes_no

_WHERE = "Where and when (lodging, meals, mileage)"
_FLIGHT = "The flight"
_MORE = "More about this cost"
_CLASSES = listed(economy="Economy", above_economy="Above economy")
_MEALS = (
    "One a line, like 2026-11-26 lunch; add carrier or hotel where one came free with the fare or the room"
)

LEGS = Group(
    "/legs",
    "Legs of the trip",
    "Times are local to each end, with the time zone of that end.",
    (
        Field("travelers", "Who is on it", "several", names="travelers", needed=True),
        Field("mode", "By", "choice", options=options(Mode), needed=True),
        Field("carrier", "Carrier"),
        Field("note", "Note", hint=f"Who meets whom, gate, platform. {AS_WRITTEN}"),
        Field("household", "In whose plan, of two households"),
        Field("origin/city", "From: city", needed=True),
        Field("origin/state", "From: state", hint="Two letters, like TX"),
        Field("origin/country", "From: country", hint="Two letters", start="US"),
        Field("origin/county", "From: county"),
        Field("origin/zip", "From: ZIP code", hint="Five digits"),
        Field("departs", "Departs", "moment", "Local time there", needed=True),
        Field("departs_zone", "Time zone there", "zone", "Like America/Denver", needed=True),
        Field("destination/city", "To: city", needed=True),
        Field("destination/state", "To: state", hint="Two letters, like GA"),
        Field("destination/country", "To: country", hint="Two letters", start="US"),
        Field("destination/county", "To: county"),
        Field("destination/zip", "To: ZIP code", hint="Five digits"),
        Field("arrives", "Arrives", "moment", "Local time there", needed=True),
        Field("arrives_zone", "Time zone there", "zone", "Like America/New_York", needed=True),
        yes_no("nonstop", "Nonstop", part=_FLIGHT),
        Field("connections", "Changes planes at", "lines", "Airport codes, like DFW", part=_FLIGHT),
        yes_no("us_flag", "United States airline", "Federal money abroad asks for one", part=_FLIGHT),
    ),
    one="leg",
    key="leg",
    at_first=2,
)

COST_LINES = Group(
    "/cost_lines",
    "Costs",
    "One line for each fare and each room-night. Approval is up to the ceiling of each line.",
    (
        Field("category", "Category", "choice", options=options(Category), needed=True),
        Field("what", "What", hint="Like: round trip", needed=True),
        Field("settled", "How it is settled", "choice", options=options(Settlement), needed=True),
        Field("payee", "Payee", "choice", names="payees", needed=True),
        Field("quote_cents", "Quote", "money", "Dollars and cents, like 371.20", needed=True),
        Field("ceiling_cents", "Ceiling", "money", "Empty: same as the quote"),
        Field("traveler", "For whom", "choice", names="travelers"),
        Field("leg", "Leg", "choice", names="legs"),
        Field("night", "Night (lodging)", "date", part=_WHERE),
        Field("first_day", "First day (meals)", "date", part=_WHERE),
        Field("last_day", "Last day (meals)", "date", part=_WHERE),
        Field("miles", "Miles (mileage)", "whole", part=_WHERE),
        *place("place", part=_WHERE),
        Field("household", "Whose cost, of two households", part=_WHERE),
        Field("tax_cents", "Tax in the quote", "money", "Dollars and cents; zero if none", part=_MORE),
        Field("provided_meals", "Meals given by others", "lines", _MEALS, part=_MORE),
        Field("actual_expense", "Asks for more than the published rate", "tick", part=_MORE),
        Field("fare_class", "Fare class", "choice", options=_CLASSES, part=_MORE),
        Field("fare_exception", "Why above economy", "choice", options=options(FareException), part=_MORE),
        Field("units", "Airline miles, if a partner gives them", "whole", part=_MORE),
    ),
    one="cost line",
    key="line",
)
