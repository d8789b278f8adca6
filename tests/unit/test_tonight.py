"""Twelve answers and the return authority are a whole request; what cannot stand is named at its answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import airportsdata
import pytest

from reunify.eligibility import miles
from reunify.intake import policy, tonight, zones
from reunify.intake import problems as reading
from reunify.intake.form import TravelRequest
from reunify.intake.tonight_costs import Terms
from reunify.kernel.refusals import BadInput
from reunify.rates.fields import dictionary
from reunify.rates.published import published
from tests.emergencies import night_answers

NIGHT = datetime(2026, 11, 26, 7, 7, tzinfo=UTC)  # 02:07 in Atlanta
CASE_TYPES = dictionary().case_types


def whole(said: dict[str, Any], *, now: datetime = NIGHT, contingency: int = 15) -> TravelRequest:
    draft = tonight.draft_of(tonight.read(said), now=now, terms=Terms(published(), contingency, 25))
    content, wrong = reading.read(draft)
    assert content is not None, wrong
    assert policy.check_together(content, case_types=CASE_TYPES) == []
    return content


def refused(said: dict[str, Any], *, now: datetime = NIGHT) -> dict[str, str]:
    with pytest.raises(BadInput) as why:
        whole(said, now=now)
    return {p.pointer: p.remedy for p in why.value.problems}


def test_twelve_answers_are_asked_besides_the_return_authority() -> None:
    assert len(tonight.ANSWERS) == tonight.MOST_ANSWERS == 12
    assert set(night_answers()) == {*tonight.ANSWERS, "return_authority"}


def test_the_answers_become_a_whole_request() -> None:
    made = whole(night_answers())
    adult, child = made.travelers
    assert (adult.name, adult.role, adult.contact and adult.contact.language) == (
        "Marisol Quintero Vega",
        "parent",
        "es",
    )
    assert (child.birth_date, made.case.child.age_now) == (date(2011, 3, 14), 15)
    assert (made.case.recovered, made.case.verifying_agency) == ("yes", "Sample desk officer, Atlanta")
    out, home = made.legs
    assert (out.departs_zone, out.arrives_zone) == ("America/Denver", "America/New_York")
    assert out.travelers == ["adult"]
    assert home.travelers == ["adult", "child"]
    assert (home.departs.date() - out.arrives.date()).days == 1


def test_what_can_wait_stays_unknown_and_is_never_made_up() -> None:
    made = whole(night_answers())
    assert made.case.report_number is None
    assert made.household is not None
    assert (made.household.size, made.household.yearly_income_cents) == (None, None)


@pytest.mark.parametrize(("contingency", "ceiling"), [(0, 63640), (15, 73186), (20, 76368)])
def test_a_seat_may_cost_its_quote_and_the_organisations_contingency(contingency: int, ceiling: int) -> None:
    lines = {line.key: line for line in whole(night_answers(), contingency=contingency).cost_lines}
    assert (lines["seat-adult"].quote_cents, lines["seat-adult"].ceiling_cents) == (63640, ceiling)
    assert lines["seat-child"].quote_cents == 31820


def test_room_and_meals_are_the_published_rates_of_the_place_and_its_days() -> None:
    lines = {line.key: line for line in whole(night_answers()).cost_lines}
    assert lines["night-1"].quote_cents - lines["night-1"].tax_cents == 18800  # Atlanta, FY2027
    assert lines["night-1"].night == date(2026, 11, 26)
    assert lines["meals-adult"].quote_cents == 2 * 6450  # both days are days of travel: 75% of $86
    assert lines["meals-child"].quote_cents == 6450


def test_an_agency_with_custody_asks_for_itself_and_has_no_household() -> None:
    made = whole(night_answers(authority={"custody_basis": "agency_custody"}))
    assert (made.asked_by.kind, made.travelers[0].role, made.household) == (
        "child_welfare_agency",
        "caseworker",
        None,
    )


@pytest.mark.parametrize("name", sorted(tonight.ANSWERS))
def test_each_of_the_twelve_is_needed_and_named_when_missing(name: str) -> None:
    said = night_answers()
    del said[name]
    assert refused(said) == {f"/{name}": "Please fill this in."}


@pytest.mark.parametrize(
    ("changed", "where", "remedy"),
    [
        ({"adult_home": "El Paso, TX"}, "/adult_home", "add the ZIP code"),
        ({"child_place": "Atlanta"}, "/child_place", "town and state"),
        ({"child_place": "Calgary, AB"}, "/child_place", "whole form"),
        ({"departs": "2026-11-26T00:06"}, "/departs", "has left"),
        ({"departs": "2026-11-29T00:08"}, "/departs", "whole form"),
        ({"child_birth_date": "2005-11-26"}, "/child_birth_date", "up to 20"),
        ({"adult_birth_date": "2090-01-01"}, "/adult_birth_date", "18 or older"),
        ({"adult_birth_date": "2008-11-27"}, "/adult_birth_date", "18 or older"),
        ({"adult_phone": "call me"}, "/adult_phone", "phone number"),
        ({"seat_cents": 0}, "/seat_cents", "1 or more"),
        ({"authority": {"called_back": "maybe"}}, "/return_authority/called_back", "Choose one of"),
    ],
)
def test_what_cannot_stand_is_named_with_its_remedy(changed: dict[str, Any], where: str, remedy: str) -> None:
    found = refused(night_answers(**changed))
    assert list(found) == [where]
    assert remedy in found[where]


def test_the_flight_may_leave_in_a_minute_or_in_three_days() -> None:
    whole(night_answers(departs="2026-11-26T00:08"))
    whole(night_answers(departs="2026-11-29T00:07"))


def test_a_decision_without_its_facts_is_refused_at_the_fact() -> None:
    draft = tonight.draft_of(
        tonight.read(night_answers(authority={"called_back": "unknown"})),
        now=NIGHT,
        terms=Terms(published(), 15, 25),
    )
    content, _ = reading.read(draft)
    assert content is not None
    wrong = tonight.mended_at(policy.check_together(content, case_types=CASE_TYPES))
    assert [p.pointer for p in wrong] == ["/return_authority/called_back"]


@pytest.mark.parametrize(
    ("state", "zip_code", "zone"),
    [
        ("TX", "79901", "America/Denver"),
        ("TX", "75201", "America/Chicago"),
        ("TX", None, None),
        ("FL", "32501", "America/Chicago"),
        ("FL", "33101", "America/New_York"),
        ("TX", "79830", "America/Chicago"),  # Alpine; El Paso's suburbs have the same three digits
        ("TX", "79849", "America/Denver"),
        ("TX", "79899", None),
        ("TX", "30303", None),  # Atlanta's
        ("NE", "69101", "America/Chicago"),  # North Platte, an hour ahead of Ogallala
        ("NE", "69153", "America/Denver"),
        ("TN", "37388", "America/Chicago"),  # Tullahoma, an hour behind Cleveland
        ("TN", "37311", "America/New_York"),
        ("TN", "37347", None),
        ("MI", "48226", "America/New_York"),
        ("MI", "49801", "America/Chicago"),
        ("KS", "67735", "America/Denver"),
        ("AZ", "85001", "America/Phoenix"),
        ("AZ", "86515", None),  # Window Rock: the Navajo Nation changes its clock
        ("NV", None, "America/Los_Angeles"),
        ("NV", "89883", "America/Denver"),
        ("PR", None, "America/Puerto_Rico"),
        ("ZZ", "00000", None),
    ],
)
def test_the_clock_of_a_town(state: str, zip_code: str | None, zone: str | None) -> None:
    assert zones.zone_of(state, zip_code) == zone


def test_where_two_clocks_meet_whoever_writes_the_place_names_its_clock() -> None:
    there = {"adult_home": "South Pittsburg, TN 37380"}
    assert "add the clock" in refused(night_answers(**there))["/adult_home"]
    (out, _) = whole(night_answers(adult_home="South Pittsburg, TN 37380 Central")).legs
    assert (out.departs_zone, out.origin.zip) == ("America/Chicago", "37380")
    (out, _) = whole(night_answers(adult_home="Window Rock, AZ Mountain")).legs
    assert out.departs_zone == "America/Denver"
    wrong = refused(night_answers(adult_home="Miami, FL Pacific"))
    assert "No town of FL lives on that clock" in wrong["/adult_home"]


def test_each_airport_is_on_a_clock_we_give_its_state() -> None:
    """Against the airports' own list, in summer, when Arizona and the Navajo Nation are apart."""
    states = {name: code for code, name in miles._NAMES.items()}
    apart = {
        (states[airport["subd"]], airport["city"])
        for airport in airportsdata.load("IATA").values()
        if airport["country"] == "US" and airport["subd"] in states
        if in_july(airport["tz"]) not in {in_july(zone) for zone in zones.clocks_of(states[airport["subd"]])}
    }
    islands = ("Adak Island", "Atka", "Attu", "Nikolski", "Shemya", "St Paul Island")
    assert apart == {("AK", island) for island in islands}  # known by their ZIP codes, or hardly lived on


def in_july(zone: str) -> timedelta | None:
    return datetime(2026, 7, 1, tzinfo=ZoneInfo(zone)).utcoffset()
