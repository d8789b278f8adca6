"""Two households of one child: whose is what, and nothing of a protected one on a paper of the other."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.approval import letter
from reunify.approval.letter import PaidFrom
from reunify.documents import context, glossary
from reunify.documents.calendar import travel_calendar
from reunify.documents.context import Addressee, Heading, Reason, Said
from reunify.documents.for_household import household_itinerary
from reunify.documents.itinerary import itinerary
from reunify.intake import households, signers
from reunify.intake.form import Language, ReturnAuthority, SafeContact, TravelRequest
from reunify.kernel.money import Money
from reunify.rates.policy import Organisation as Ours
from tests.unit.test_documents_samples import HEADING, TEMPLATES, text_of, trip
from tests.unit.test_documents_trip import NOW

BOTH: tuple[Language, Language] = ("en", "es")
A, B = "mother", "father"
PRIVATE = {
    "phone": "+1 208 555 0177",
    "email": "tomas.hidden@example.org",
    "address": "77 Quiet Orchard Road\nBoise, ID 83702",
}
LODGE = "Whispering Pines Lodge"
RENDERER = DocxRenderer(TEMPLATES)


def contact(**changed: Any) -> dict[str, Any]:
    return {"language": "en", "may_call": True, "may_post": True, "seen_by_others": "no", **changed}


def shared(**changed: Any) -> dict[str, Any]:
    """The mother flies with the boy from El Paso; the father takes him on from Denver to Boise."""
    base = trip().model_dump(mode="json")
    mother, child = base["travelers"]
    mother |= {"household": A, "contact": contact(phone="+1 915 555 0142", address="4410 Montana Avenue")}
    child |= {"contact": contact(phone=PRIVATE["phone"])}
    father = {
        "key": "father",
        "name": "Tomás Hidalgo",
        "role": "parent",
        "household": B,
        "contact": contact(language="es", address_protected=True, **PRIVATE),
    }
    leg = base["legs"][0]
    on = leg | {
        "key": "den-boi",
        "travelers": ["father", "child"],
        "origin": {"city": "Denver", "state": "CO", "country": "US", "county": None},
        "destination": {"city": "Boise", "state": "ID", "country": "US", "county": None},
    }
    line = base["cost_lines"][1]
    base["payees"] += [
        {"key": "lodge", "kind": "vendor", "name": LODGE},
        {"key": "father", "kind": "person", "name": "Tomás Hidalgo", "traveler": "father"},
    ]
    for own in base["cost_lines"]:
        own["household"] = A
    base["cost_lines"] += [
        line | {"key": "b-night", "payee": "lodge", "household": B, "what": "night"},
        line
        | {"key": "b-meals", "payee": "father", "household": None, "settled": "advance", "category": "meals"},
    ]
    return base | {"travelers": [mother, child, father], "legs": [*base["legs"], on], **changed}


def request(**changed: Any) -> TravelRequest:
    return TravelRequest.model_validate(shared(**changed))


# Whose is what ---------------------------------------------------------------------------------------------
def test_one_household_changes_nothing() -> None:
    told = trip()
    assert households.households(told) == [households.HOME]
    assert households.view_for(told, households.HOME) is told
    assert households.problems(told) == []
    assert household_itinerary(HEADING, "en", request=told, household="home", arranged=["h1"]) == itinerary(
        HEADING, "en", request=told, arranged=["h1"], contacts=[]
    )


def test_a_cost_is_of_its_traveler_its_payee_or_whoever_was_named() -> None:
    told = request()
    assert households.households(told) == [A, B]
    assert {line.key: households.of_cost(line, told) for line in told.cost_lines}["b-meals"] == B
    assert households.problems(told) == []


def test_what_nobody_can_tell_is_asked_and_never_guessed() -> None:
    base = shared()
    base["cost_lines"][0]["household"] = None
    base["legs"].append(base["legs"][0] | {"key": "alone", "travelers": ["child"]})
    asked = {p.pointer for p in households.problems(TravelRequest.model_validate(base))}
    assert asked == {"/cost_lines/0/household", "/legs/3/household"}


def test_a_household_nobody_belongs_to_is_a_problem() -> None:
    base = shared()
    base["legs"][0]["household"] = "nobody"
    (wrong,) = households.problems(TravelRequest.model_validate(base))
    assert wrong.pointer == "/legs/0/household"
    one = trip().model_dump(mode="json")
    one["cost_lines"][0]["household"] = "nobody"
    assert [p.pointer for p in households.problems(TravelRequest.model_validate(one))] == [
        "/cost_lines/0/household"
    ]


def test_only_whose_money_it_is_may_say_where_it_goes() -> None:
    told = request()
    assert signers.bank_givers(told, "father") == {"father"}
    assert signers.bank_givers(told, "lodge") == {"father"}, "a vendor of his household's alone"
    assert signers.bank_givers(told, "nobody") == set()
    of_nobody = shared()
    of_nobody["cost_lines"][-1] |= {"household": A}
    assert signers.bank_givers(TravelRequest.model_validate(of_nobody), "father") == set(), (
        "it is asked first"
    )


def test_each_sees_their_own_and_the_child() -> None:
    mine, theirs = (households.view_for(request(), h) for h in (A, B))
    assert [t.key for t in mine.travelers] == ["mother", "child"]
    assert [t.key for t in theirs.travelers] == ["father", "child"]
    assert {leg.key for leg in mine.legs} == {"elp-atl", "atl-elp"}
    assert {leg.key for leg in theirs.legs} == {"den-boi"}
    assert {line.key for line in theirs.cost_lines} == {"b-night", "b-meals"}
    assert all(t.contact is None for t in mine.travelers if t.key == "child")


def test_the_other_parent_of_a_shared_leg_is_named_and_cannot_be_reached() -> None:
    base = shared()
    base["legs"][1]["travelers"] = ["mother", "father", "child"]
    view = households.view_for(TravelRequest.model_validate(base), A)
    rider = next(t for t in view.travelers if t.key == "father")
    assert rider.contact is None


@pytest.mark.parametrize("language", BOTH)
def test_the_hidden_part_of_the_childs_trip_is_a_safe_place(language: Language) -> None:
    made = household_itinerary(HEADING, language, request=request(), household=A, arranged=[])
    words = text_of(RENDERER.render("itinerary", language, made))
    assert {"en": "a safe place", "es": "un lugar seguro"}[language] in words
    assert glossary.avoided_in(words, language, glossary.load(TEMPLATES)) == []
    open_one = shared()
    open_one["travelers"][2]["contact"]["address_protected"] = False
    told = TravelRequest.model_validate(open_one)
    assert household_itinerary(HEADING, language, request=told, household=A, arranged=[])["places"] == []


def test_what_was_written_for_people_who_have_parted_is_shown_to_neither() -> None:
    now = request()
    together = shared()
    for traveler in together["travelers"]:
        traveler["household"] = None
    together["travelers"][2]["contact"]["address_protected"] = False
    then = TravelRequest.model_validate(together)
    for reader in ("mother", "father"):
        assert households.may_read(reader, household=households.HOME, then=then, now=then)
        assert not households.may_read(reader, household=households.HOME, then=then, now=now)
    assert households.may_read("mother", household=A, then=now, now=now)
    assert not households.may_read("mother", household=B, then=now, now=now)
    assert not households.may_read("stranger", household=A, then=now, now=now)


def test_taking_the_other_out_of_the_request_opens_no_paper_again() -> None:
    """Made together, hidden after they parted, and the father is no longer named: he has parted still."""
    together, alone = shared(), trip().model_dump(mode="json")
    for traveler in together["travelers"]:
        traveler["household"] = "family"
    then = TravelRequest.model_validate(together)
    now = TravelRequest.model_validate(alone)
    assert [t.key for t in now.travelers] == ["mother", "child"]
    assert households.may_read("mother", household="family", then=then, now=then)
    assert not households.may_read("mother", household="family", then=then, now=now)


# Unknown is not no -----------------------------------------------------------------------------------------
def unsaid(*said: str | None) -> TravelRequest:
    """Two parents, the father's address protected; the household each was said to belong to."""
    base = shared()
    for traveler, told in zip((base["travelers"][0], base["travelers"][2]), said, strict=True):
        traveler["household"] = told
    for line in base["cost_lines"]:
        line["household"] = None
    return TravelRequest.model_validate(base)


@pytest.mark.parametrize(
    ("mother", "father", "asked"),
    [
        (None, None, ["/travelers/0/household", "/travelers/2/household"]),
        ("home", None, ["/travelers/2/household"]),
        (None, "home", ["/travelers/0/household"]),
        ("home", "home", []),
    ],
)
def test_whom_a_protected_address_is_hidden_from_is_asked_of_each_adult(
    mother: str | None, father: str | None, asked: list[str]
) -> None:
    told = unsaid(mother, father)
    assert [p.pointer for p in households.problems(told)] == asked
    for reader in ("mother", "father"):
        assert (households.household_of_reader(told, reader) is None) is bool(asked)
    if not asked:
        assert households.view_for(told, "home") is told


@pytest.mark.parametrize("language", BOTH)
def test_until_it_is_answered_nothing_is_printed_for_either(language: Language) -> None:
    told = unsaid(None, None)
    view = households.view_for(told, households.HOME)
    plan = household_itinerary(HEADING, language, request=told, household=households.HOME, arranged=[])
    letters = json.dumps([frozen(told), plan], ensure_ascii=False)
    said = letters + view.model_dump_json(exclude={"case"})
    assert frozen(told)["lines"] == []
    assert frozen(told)["addressee"]["lines"] == []
    for hidden in ("Quiet Orchard", "Boise", "208 555 0177", LODGE, "Peachtree Inn"):
        assert hidden not in said


def test_an_aunt_of_another_household_is_asked_nothing_and_one_parent_alone_neither() -> None:
    base = trip().model_dump(mode="json")
    base["travelers"][0]["contact"] = contact(address_protected=True, address="1 Elm")
    assert households.problems(TravelRequest.model_validate(base)) == []


# Who may sign for the child --------------------------------------------------------------------------------
def may_sign(told: TravelRequest) -> dict[str, bool]:
    return {parent.key: parent.may_sign for parent in signers.parents(told)}


CALM = {"abuse_suspected": "no", "protective_order": "no"}


def test_nobody_signs_for_the_child_whom_somebody_is_hidden_from() -> None:
    assert may_sign(request(return_authority=CALM)) == {"mother": False, "father": True}
    base = shared(return_authority=CALM)
    base["travelers"][2]["contact"]["address_protected"] = False
    assert may_sign(TravelRequest.model_validate(base)) == {"mother": True, "father": True}
    open_question = unsaid(None, None).model_copy(update={"return_authority": CALM_TOLD})
    assert may_sign(open_question) == {"mother": False, "father": True}


@pytest.mark.parametrize("order", ["yes", "unknown"])
def test_with_a_protective_order_only_who_was_found_safe_signs(order: str) -> None:
    told = CALM | {"protective_order": order, "released_to": "mother"}
    assert may_sign(request(return_authority=told)) == {"mother": False, "father": False}
    decided = told | {"decision": "safe_and_lawful"}
    assert may_sign(request(return_authority=decided)) == {"mother": True, "father": False}
    unsafe = told | {"decision": "not_safe_or_lawful"}
    assert may_sign(request(return_authority=unsafe)) == {"mother": False, "father": False}


CALM_TOLD = ReturnAuthority.model_validate(CALM)


# The free words of a shared child --------------------------------------------------------------------------
@pytest.mark.parametrize("language", BOTH)
def test_free_words_about_the_child_are_a_call_to_us_while_the_other_is_protected(language: Language) -> None:
    base = shared()
    base["travelers"][1]["readiness"] = {"needs": "car seat waits at the Willow Shelter"}
    every = papers(TravelRequest.model_validate(base), A, language)
    assert "Willow" not in " ".join(every)
    said = every[0]  # the plan
    assert {"en": "Call us before you leave", "es": "Llámenos antes de salir"}[language] in said
    assert glossary.avoided_in(said, language, glossary.load(TEMPLATES)) == []
    base["travelers"][2]["contact"]["address_protected"] = False
    assert "Car seat waits at the Willow Shelter" in " ".join(
        papers(TravelRequest.model_validate(base), A, language)
    )


# An address is printed only where a letter may be posted ---------------------------------------------------
@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, ["1 Elm", "El Paso"]),
        ({"may_post": False}, []),
        ({"seen_by_others": "yes"}, []),
        ({"seen_by_others": "unknown"}, []),
        ({"address": None}, []),
    ],
)
def test_an_address_is_printed_only_where_a_letter_may_be_posted(
    changed: dict[str, Any], lines: list[str]
) -> None:
    base = trip().model_dump(mode="json")
    base["travelers"][0]["contact"] = contact(**{"address": "1 Elm\nEl Paso"} | changed)
    told = TravelRequest.model_validate(base)
    assert frozen(told)["addressee"]["lines"] == lines
    assert letter.posted_to(told.travelers[0].contact or SafeContact(), date(2026, 11, 5)) == lines


# Nothing of the one on a paper of the other ----------------------------------------------------------------
def papers(told: TravelRequest, household: str, language: Language) -> list[str]:
    """Every paper this household can get, as read: letter, plan, calendar, the kind no, the question."""
    view = households.view_for(told, household)
    name, reach = letter.addressee(view)
    lines = letter.posted_to(reach, HEADING.dated)
    heading = Heading(
        HEADING.reference, HEADING.dated, HEADING.organisation, Addressee(name, lines), HEADING.signer
    )
    arranged = [line.key for line in told.cost_lines]
    plan = household_itinerary(heading, language, request=told, household=household, arranged=arranged)
    reason = Reason(
        Said("Family Travel Fund", "Fondo de Viaje Familiar"), Said("It has a limit.", "Tiene límite.")
    )
    asked = [Said("When do you travel?", "¿Cuándo viaja?")]
    made = {
        "itinerary": plan,
        "refusal_letter": context.refusal_letter(heading, language, can_do=[], reasons=[reason]),
        "information_request": context.information_request(heading, language, questions=asked),
    }
    approved = letter.of_household(frozen(told), household)
    if approved:
        made["approval_letter"] = context.approval_letter(approved, language)
    read = [text_of(RENDERER.render(kind, language, body)) for kind, body in made.items()]
    calendar = travel_calendar(view, language, reference="R-1", sequence=1, call="555-0100", now=NOW)
    return [*read, calendar.decode().replace("\r\n ", ""), json.dumps(made, ensure_ascii=False)]


def frozen(told: TravelRequest) -> dict[str, Any]:
    paid = [
        PaidFrom(line.key, "Family Travel Fund", "Fondo de Viaje Familiar", "cents", line.ceiling_cents)
        for line in told.cost_lines
    ]
    return letter.build_all(
        reference="R-7KQ4MX",
        dated=date(2026, 11, 5),
        organisation=ORGANISATION,
        signer="Ana Ruiz",
        content=told,
        shares=paid,
    )


ORGANISATION = Ours(
    name="Homeward Family Travel",
    time_zone="America/New_York",
    letterhead_lines=("Alexandria, VA 22314",),
    day_phone="1-800-555-0142",
    night_phone="",
    email=None,
    small_amount_limit=Money(50_000),
    small_amount_setting_id=uuid4(),
    guideline_limit_percent=300,
    fare_contingency_percent=0,
    obligated_by_release=frozenset({"repaid", "advance"}),
)

word = st.text(alphabet="bcdfghjklmnpqrstvwxz", min_size=7, max_size=11).map(str.capitalize)
number = st.integers(1000, 9999).map(str)


@st.composite
def two_households(draw: st.DrawFn) -> tuple[TravelRequest, list[str]]:
    """A random request of two households, the father's protected; and all that may say where he is."""
    street, city, last, lodge = draw(st.lists(word, min_size=4, max_size=4, unique=True))
    phone = f"+1 208 555 {draw(number)}"
    email = f"{last.casefold()}@example.org"
    address = f"{draw(number)} {street} Road\n{city}, ID 83702"
    base = shared()
    father = base["travelers"][2]
    father |= {"name": f"Tomás {last}"}
    father["contact"] |= {"phone": phone, "email": email, "address": address}
    father["readiness"] = {"phone_for_gate_texts": phone}
    for payee in base["payees"]:
        payee["name"] = {"lodge": f"{lodge} Lodge", "father": f"Tomás {last}"}.get(
            payee["key"], payee["name"]
        )
    on = base["legs"][-1]
    on["destination"]["city"] = city
    on["travelers"] = draw(st.sampled_from([["father"], ["father", "child"]]))
    notes = [None, f"Call {phone}", f"({phone[3:6]}) {phone[7:10]}-{phone[11:]}", f"At {lodge.upper()} Lodge"]
    notes += [f"Ask for Tomás {last}", f"{address.splitlines()[0]}, back door", email, "Gate 12"]
    for leg in base["legs"]:
        leg["note"] = draw(st.sampled_from(notes))
    if draw(st.booleans()):
        alone = base["legs"][0] | {
            "key": "alone",
            "travelers": ["child"],
            "household": draw(st.sampled_from([A, B])),
        }
        base["legs"].append(alone)
    for traveler in base["travelers"][:2]:
        hints = [None, f"Things wait at {address}", f"Call {phone}", email]
        words = {name: draw(st.sampled_from(hints)) for name in ("needs", "medicines", "mobility")}
        traveler["readiness"] = words
    base["travelers"][1]["relation"] = draw(st.sampled_from([None, f"lives at {street} Road"]))
    if draw(st.booleans()):
        base["travelers"][1]["contact"] = contact(phone=phone, email=email, address=address)
    base["return_authority"] = {"released_to": draw(st.sampled_from(["mother", "father"]))}
    base["asked_by"] = {"kind": "family", "name": draw(st.sampled_from(["Rosa Peña", f"Tomás {last}"]))}
    base["travelers"] = draw(st.permutations(base["travelers"]))
    base["legs"] = draw(st.permutations(base["legs"]))
    base["cost_lines"] = draw(st.permutations(base["cost_lines"]))
    secrets = [phone, phone[-8:], email, street, city, lodge, address.splitlines()[0], last]
    return TravelRequest.model_validate(base), secrets


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(two_households())
def test_a_protected_household_is_on_no_paper_of_the_other(made: tuple[TravelRequest, list[str]]) -> None:
    told, secrets = made
    assert households.problems(told) == []
    for language in BOTH:
        for paper in papers(told, A, language):
            plain = paper.casefold()
            for secret in secrets:
                assert secret.casefold() not in plain, secret
        theirs = " ".join(papers(told, B, language))
        for own in ("4410 Montana Avenue", "+1 915 555 0142", "Peachtree Inn", "$427.50"):
            assert own not in theirs


@pytest.mark.parametrize("language", BOTH)
def test_the_test_above_could_fail(language: Language) -> None:
    """The protected household's own papers do hold what the other's may not."""
    own = " ".join(papers(request(), B, language))
    for secret in ("77 Quiet Orchard Road", LODGE, "Boise", "Tomás Hidalgo"):
        assert secret in own


def test_each_letter_is_part_of_what_is_signed_over() -> None:
    made = frozen(request())
    assert set(made[letter.BY_HOUSEHOLD]) == {A, B}
    assert [line["payee"] for line in made[letter.BY_HOUSEHOLD][B]["lines"]] == [LODGE, "Tomás Hidalgo"]
    total = sum(one["total_cents"] for one in made[letter.BY_HOUSEHOLD].values())
    assert total == sum(line.ceiling_cents for line in request().cost_lines)
    assert letter.of_household(made, "nobody") is None
    assert letter.BY_HOUSEHOLD not in frozen(trip())
