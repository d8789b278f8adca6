"""The plan follows the booking desk: each leg and each night says whether it stands, and with what code."""

from __future__ import annotations

import pytest

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.bookings.queries import Booking
from reunify.documents.for_household import household_itinerary
from reunify.intake.form import Language, TravelRequest
from tests.unit.test_documents_samples import HEADING, ROOM, SEAT, TEMPLATES, booking, plan, text_of, trip


@pytest.mark.parametrize(
    ("bookings", "title", "box", "hidden"),
    [
        ([], "Your travel plan: planned", "PLANNED.", "CONFIRMED"),
        ([SEAT], "Your travel plan: confirmed in part", "CONFIRMED IN PART.", "PLANNED."),
        ([SEAT, ROOM], "Your travel plan: confirmed", "CONFIRMED.", "PLANNED."),
    ],
    ids=["nothing is booked", "the seat is", "seat and room are"],
)
def test_the_plan_turns_from_planned_to_confirmed_on_its_face(
    bookings: list[Booking], title: str, box: str, hidden: str
) -> None:
    said = text_of(DocxRenderer(TEMPLATES).render("itinerary", "en", plan("en", trip(), *bookings)))
    assert title in said.splitlines()
    assert box in said
    assert hidden not in said


def test_a_booked_leg_shows_its_state_its_code_its_carrier_and_what_to_say() -> None:
    leg = plan("es", trip(), SEAT)["travelers"][0]["legs"][0]
    assert (leg["standing"], leg["state"], leg["locator"]) == ("confirmed", "Confirmado.", "QK7P2M")
    assert (leg["carrier"], leg["phone"], leg["address"]) == ("Prairie Air", "1-800-555-0177", "Gate desk B")
    assert leg["say"] == "I have a ticket under the name Rosa María Peña. The code is QK7P2M."
    assert leg["meaning"].startswith("Tengo un boleto a nombre de")
    printed = text_of(DocxRenderer(TEMPLATES).render("itinerary", "es", plan("es", trip(), SEAT)))
    for words_ in ("Código: QK7P2M", "Prairie Air", "Teléfono: 1-800-555-0177", leg["say"], "Confirmado."):
        assert words_ in printed


def test_a_child_is_given_the_code_and_no_sentence_with_a_name() -> None:
    child = plan("en", trip(), SEAT)["travelers"][1]["legs"][0]
    assert child["locator"] == "QK7P2M"
    assert child["say"] == ""


def test_a_booked_room_is_named_with_its_address_its_phone_and_who_waits() -> None:
    (stay,) = plan("en", trip(), ROOM)["stays"]
    assert (stay["name"], stay["lines"], stay["phone"]) == (
        "Inn on Main",
        ["9 Main Street", "Atlanta, GA"],
        "404-555-0100",
    )
    assert (stay["standing"], stay["locator"]) == ("confirmed", "88412")
    assert stay["paid"].endswith("The room waits for you, even if you come late at night.")


def test_a_room_only_held_is_planned_and_names_no_hotel_of_the_desk() -> None:
    (stay,) = plan("en", trip(), booking("h1", state="held", vendor="Inn on Main", locator="88412"))["stays"]
    assert (stay["standing"], stay["locator"], stay["name"]) == ("planned", "", "Peachtree Inn")


def test_nights_of_one_payee_stand_each_for_itself() -> None:
    said = trip().model_dump(mode="json")
    said["cost_lines"].append(said["cost_lines"][1] | {"key": "h2", "night": "2026-11-07"})
    stays = plan("en", TravelRequest.model_validate(said), ROOM, arranged=["h1", "h2"])["stays"]
    assert [(s["standing"], s["nights"]) for s in stays] == [
        ("confirmed", "Nights: Friday, November 6"),
        ("planned", "Nights: Saturday, November 7"),
    ]


@pytest.mark.parametrize("state", ["booked", "ticketed", "used"])
def test_a_seat_that_stands_is_confirmed(state: str) -> None:
    told = plan("en", trip(), booking("a1", state=state), ROOM)
    assert told["confirmed"] == 1


@pytest.mark.parametrize("state", ["changed", "held", "wanted"])
def test_a_seat_that_does_not_stand_yet_is_planned_and_shows_no_code(state: str) -> None:
    told = plan("en", trip(), booking("a1", state=state, locator="QK7P2M"), ROOM)
    assert (told["confirmed"], told["partly"]) == (0, 1)
    assert told["travelers"][0]["legs"][0]["standing"] == "planned"
    assert told["travelers"][0]["legs"][0]["locator"] == ""


def test_a_cancelled_seat_says_call_us_before_you_go() -> None:
    told = plan("en", trip(), booking("a1", state="cancelled", locator="QK7P2M"), ROOM)
    assert told["travelers"][0]["legs"][0]["state"] == "Cancelled. Please call us before you go."
    assert told["partly"] == 1


def test_a_seat_nobody_has_told_a_fare_of_is_never_confirmed_by_silence() -> None:
    said = trip().model_dump(mode="json")
    said["cost_lines"] = [c for c in said["cost_lines"] if c["category"] != "air_fare"]
    told = plan("en", TravelRequest.model_validate(said), ROOM)
    assert (told["confirmed"], told["partly"]) == (0, 1)


def test_what_the_family_buys_neither_confirms_the_plan_nor_holds_it_up() -> None:
    said = trip().model_dump(mode="json")
    said["cost_lines"][0]["settled"] = "advance"
    told = plan("en", TravelRequest.model_validate(said), ROOM)
    assert told["travelers"][0]["legs"][0]["state"] == "You buy this ticket."
    assert told["confirmed"] == 1
    assert plan("en", TravelRequest.model_validate(said))["confirmed"] == 0


@pytest.mark.parametrize(("language", "title"), [("en", "arranged by you"), ("es", "lo organiza usted")])
def test_a_trip_with_nothing_for_us_to_book_says_so_instead_of_planned_for_ever(
    language: Language, title: str
) -> None:
    said = trip().model_dump(mode="json")
    said["cost_lines"] = [c for c in said["cost_lines"] if c["category"] != "lodging"]
    said["cost_lines"][0]["settled"] = "repaid"
    told = plan(language, TravelRequest.model_validate(said), arranged=["a1"])
    assert (told["yours"], told["partly"], told["confirmed"]) == (1, 0, 0)
    printed = text_of(DocxRenderer(TEMPLATES).render("itinerary", language, told))
    assert any(line.endswith(f": {title}") for line in printed.splitlines())
    assert "PLAN" not in printed.replace("Plan de", "")
    assert (title.upper() + ".") in printed


def test_a_fare_for_one_leg_and_one_traveler_confirms_no_other() -> None:
    said = trip().model_dump(mode="json")
    said["cost_lines"][0] |= {"leg": "atl-elp", "traveler": "mother"}
    mother, child = plan("en", TravelRequest.model_validate(said), SEAT)["travelers"]
    assert [leg["standing"] for leg in mother["legs"]] == ["planned", "confirmed"]
    assert [leg["standing"] for leg in child["legs"]] == ["planned"]


def test_of_two_households_each_reads_the_codes_of_its_own_seats_alone() -> None:
    said = trip().model_dump(mode="json")
    said["travelers"][0]["household"] = "hers"
    father = {"key": "father", "name": "Jorge Peña", "role": "parent", "household": "his"}
    said["travelers"].append(father)
    said["legs"] = [leg | {"household": "hers"} for leg in said["legs"]]
    said["legs"].append(said["legs"][0] | {"key": "his", "travelers": ["father"], "household": "his"})
    said["cost_lines"] = [line | {"household": "hers"} for line in said["cost_lines"]]
    said["cost_lines"].append(said["cost_lines"][0] | {"key": "a2", "household": "his"})
    request = TravelRequest.model_validate(said)
    bookings = [SEAT, ROOM, booking("a2", vendor="Other Air", locator="ZZ9XX1")]
    read = {
        household: str(
            household_itinerary(
                HEADING,
                "en",
                request=request,
                household=household,
                arranged=["a1", "h1", "a2"],
                bookings=bookings,
            )
        )
        for household in ("hers", "his")
    }
    assert ["QK7P2M" in read[h] for h in ("hers", "his")] == [True, False]
    assert ["88412" in read[h] for h in ("hers", "his")] == [True, False]
    assert ["ZZ9XX1" in read[h] for h in ("hers", "his")] == [False, True]
