"""Papers for partners, carriers and offices tell what was agreed to and nothing beside it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from reunify.adapters.docx_renderer import DocxRenderer, template_paths
from reunify.adapters.square_code import slot_of
from reunify.consent.policy import Recipient, RecipientKind, Told
from reunify.documents import fields, minor_request, partner_request, supervision_request
from reunify.documents.fields import FOR_OTHERS
from reunify.documents.funder_letters import letter
from reunify.documents.minor_request import AgeUnknown, NotSafeYet, NotTheCarrier
from reunify.documents.outside_facts import (
    NotAWorker,
    NothingToRequest,
    NotOnThisRequest,
    OfLeg,
    Telling,
    Trusted,
    told_of_leg,
)
from reunify.eligibility.asking_policy import AskedLine
from reunify.eligibility.asking_queries import AskView
from reunify.intake.form import Language, TravelRequest
from reunify.ledger.policy import BudgetCategory
from tests.unit.test_documents_samples import HEADING, TEMPLATES, text_of, trip

BOTH: tuple[Language, ...] = ("en", "es")
LEAVES = datetime(2026, 11, 7, 14, 40, tzinfo=UTC)  # 9:40 in Atlanta
TRAVELERS: list[dict[str, Any]] = trip().model_dump(mode="json")["travelers"]
AGENT = Trusted(worker="Dana Cole, 404-555-0177")


def alone(**changed: Any) -> TravelRequest:
    """The boy of the trip flies home alone; his mother meets him; a partner gives her a room and miles."""
    said = trip().model_dump(mode="json")
    home = said["legs"][0] | {"travelers": ["child"], "connections": ["DFW"]}
    said["legs"][0] = home
    said["return_authority"] |= {"decision": "safe_and_lawful", "decision_reason": "Called back."}
    said["travelers"][0] |= {
        "birth_date": "1985-05-03",
        "contact": {"language": "es", "phone": "915-555-0101"},
    }
    said["travelers"][1] |= {"birth_date": "2011-03-02"}
    said["payees"].append({"key": "rooms", "kind": "partner", "name": "Open Door Hotels"})
    given = {"settled": "partner_gives", "payee": "rooms", "quote_cents": 0, "ceiling_cents": 0}
    said["cost_lines"] += [
        given
        | {
            "key": "g1",
            "category": "lodging",
            "what": "night",
            "night": "2026-11-06",
            "place": {"city": "Atlanta", "state": "GA"},
        },
        given | {"key": "g2", "category": "air_fare", "what": "fare", "traveler": "mother", "units": 25_000},
        {
            "key": "u1",
            "category": "unaccompanied_minor_fee",
            "what": "fee",
            "settled": "organisation_books",
            "payee": "air",
            "quote_cents": 15_000,
            "ceiling_cents": 15_000,
        },
    ]
    return TravelRequest.model_validate(said | changed)


def context(
    kind: str, language: Language, request: TravelRequest | None = None, **changed: Any
) -> dict[str, Any]:
    """Of each kind for others, all filled in."""
    request = request or alone()
    if kind == partner_request.KIND:
        return partner_request.context(HEADING, language, request=request, payee="rooms")
    if kind == "funder_request":
        blank = dict.fromkeys(AskView.__dataclass_fields__)
        line = AskedLine("a1", BudgetCategory.TRANSPORT, 14_250)
        ask = AskView(**blank | {"id": UUID(int=0), "unit": "cents", "lines": (line,)})  # type: ignore[arg-type]
        return letter(HEADING, language, ask=ask, request=request, told=["Luis."], by=date(2026, 11, 12))
    said: dict[str, Any] = {"request": request, "leg": "atl-elp", "brings": AGENT, "meets": Trusted("mother")}
    said["locator"] = "QK7P2M"
    said |= changed
    if kind == minor_request.KIND:
        return minor_request.context(HEADING, language, **said)
    said.setdefault("at", "DFW")
    said.setdefault("now", LEAVES - timedelta(hours=49))
    return supervision_request.context(HEADING, language, **said)


def said(kind: str, language: Language = "en", **changed: Any) -> str:
    return text_of(DocxRenderer(TEMPLATES).render(kind, language, context(kind, language, **changed)))


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", sorted(FOR_OTHERS))
def test_the_template_prints_what_it_is_given_and_carries_the_code(kind: str, language: Language) -> None:
    expected = fields.of_kind(TEMPLATES, kind)
    assert fields.problems(expected, context(kind, language)) == []
    template = (TEMPLATES / f"{kind}.{language}.docx").read_bytes()
    printed = template_paths(template)
    plain = {path.replace("[]", "").removesuffix("#") for path in expected | fields.ON_EVERY_PAPER}
    assert {path.replace("[]", "") for path in printed} - {"lines", "children"} <= plain
    assert printed >= fields.ON_EVERY_PAPER
    with zipfile.ZipFile(io.BytesIO(template)) as file:
        assert slot_of(file) is not None


def test_a_carrier_reads_the_child_the_trip_and_who_stands_at_its_ends() -> None:
    words = said("minor_request")
    for one in (
        *("Luis Peña Ortiz", "March 2, 2011", "15 years", "9:40 a.m., Eastern Standard Time (EST)"),
        *("Atlanta, GA", "El Paso, TX", "DFW", "QK7P2M", "Dana Cole, 404-555-0177"),
        *("Rosa María Peña, 915-555-0101", "$150.00. Our organization pays it."),
    ):
        assert one in words
    for secret in ("insulin", "runaway", "C-1", "missing", "May 3, 1985", "Open Door"):
        assert secret not in words


def test_where_nobody_is_named_the_carrier_is_told_by_telephone() -> None:
    words = said("minor_request", brings=Trusted(), meets=Trusted(), locator="")
    assert words.count("We call you with the name before the day.") == 2
    assert "Booking code" not in words


@pytest.mark.parametrize(("hours", "late"), [(48, False), (47, True)])
def test_supervision_is_asked_for_48_hours_ahead_or_says_that_it_comes_late(hours: int, late: bool) -> None:
    words = said("supervision_request", now=LEAVES - timedelta(hours=hours))
    assert ("This request comes late" in words) is late
    assert "Please have somebody with this young person at this airport: DFW" in words
    assert "Airline: Delta Air Lines." in words


def test_a_partner_reads_names_nights_and_ways_of_what_it_gives_and_of_nothing_else() -> None:
    words = said("partner_request")
    for one in ("Hotel, night of November 6", "1 night", "25,000 airline miles", "Rosa María Peña"):
        assert one in words
    assert "It is needed first on Friday, November 6, 2026." in words
    for secret in ("Luis", "$142.50", "Delta", "Peachtree"):
        assert secret not in words
    who = Recipient(RecipientKind.PARTNER, "Open Door Hotels")
    assert partner_request.told(alone(), "rooms") == [
        Telling(who, Told.ROOM_DETAILS, "mother"),
        Telling(who, Told.TRAVEL_DETAILS, "mother"),
    ]


def test_each_child_of_a_leg_and_each_adult_at_its_ends_is_told_of_under_a_consent_of_their_own() -> None:
    who = Recipient(RecipientKind.CARRIER, "Delta Air Lines")
    assert told_of_leg(alone(), who, "atl-elp", ("", "mother")) == [
        Telling(who, Told.TRAVEL_DETAILS, "child"),
        Telling(who, Told.CONTACT_DETAILS, "mother"),
    ]
    with pytest.raises(NotOnThisRequest, match="adult"):
        told_of_leg(alone(), who, "atl-elp", ("child",))
    about = OfLeg("atl-elp", "", "mother", UUID(int=7))
    assert OfLeg.read(str(about)) == about


def test_no_paper_hands_a_child_to_an_adult_before_a_person_found_it_safe() -> None:
    undecided = alone(return_authority={"released_to": "mother"})
    with pytest.raises(NotSafeYet, match="safe and lawful"):
        said("minor_request", request=undecided)
    with pytest.raises(NotSafeYet, match="safe and lawful"):
        said("supervision_request", request=undecided)


@pytest.mark.parametrize("typed", ["Rosa Pena", "Tía Juana, +1 (915) 555-0101"])
def test_nobody_of_the_family_is_typed_in_as_a_worker(typed: str) -> None:
    for kind, field in (("minor_request", "meets"), ("supervision_request", "brings")):
        with pytest.raises(NotAWorker, match="choose them from the list") as refused:
            said(kind, "en", **{field: Trusted(worker=typed)})
        assert refused.value.field == f"/{field}_worker"
    assert "Rosa Cole" in said("minor_request", brings=Trusted(worker="Rosa Cole, 404-555-0177"))


def test_nothing_is_asked_where_there_is_nothing_to_ask() -> None:
    with pytest.raises(NothingToRequest, match="No child travels alone"):
        said("minor_request", leg="elp-atl")
    with pytest.raises(NothingToRequest, match="airports of this flight"):
        said("supervision_request", at="LAX")
    with pytest.raises(NotOnThisRequest, match="no such partner"):
        partner_request.recipient(alone(), "air")
    nobody_knows = alone(travelers=[t | {"birth_date": None, "name": f"{t['name']} R."} for t in TRAVELERS])
    with pytest.raises(AgeUnknown, match="date of birth"):
        said("minor_request", request=nobody_knows)


def test_a_consent_for_one_carrier_says_nothing_of_another() -> None:
    carries = minor_request.carrier(alone().legs[0], "")
    assert carries == Recipient(RecipientKind.CARRIER, "Delta Air Lines")
    minor_request.check_carrier(carries, carries)
    for other in (minor_request.carrier(alone().legs[0], "Prairie Air"), None):
        with pytest.raises(NotTheCarrier, match="names Delta Air Lines"):
            minor_request.check_carrier(carries, other)
