"""The sources that are shipped, walked one by one: cited, careful about what is sure, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from reunify.documents import glossary
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import FactValue, Field
from reunify.rules.answers import Outcome
from reunify.rules.decide import determine
from reunify.rules.library import shipped
from reunify.rules.model import Cite, Decision, Requirement, Rulebook
from reunify.rules.reading import compile_rulebook
from tests.rules.test_rule_files import examples_of
from tests.unit.test_documents_samples import TEMPLATES

WORDS = shipped().dictionary
BOOKS = [book for versions in shipped().versions.values() for book in versions]
OURS = [book for book in BOOKS if book.kind != "elsewhere"]
LOANS = [book for book in BOOKS if book.loan]
HEDGED = [
    pytest.param(book, rule, id=rule.id)
    for book in BOOKS
    for rule in book.requirements
    if rule.confidence != "HIGH"
]


def named(source: str) -> Rulebook:
    (book,) = [b for b in BOOKS if b.source == source]
    return book


def test_every_source_of_the_programme_is_here_with_its_kind() -> None:
    assert {b.source: (b.kind, b.unit) for b in BOOKS} == {
        "dc_crime_compensation": ("elsewhere", None),
        "domestic_reunification": ("held", "cents"),
        "florida_relocation": ("elsewhere", None),
        "hhs_repatriation": ("elsewhere", None),
        "home_free": ("elsewhere", None),
        "interstate_compact": ("elsewhere", None),
        "itverp": ("elsewhere", None),
        "ovc_reunification_travel": ("asked", "cents"),
        "partner_airline_miles": ("held", "mile"),
        "partner_hotel_nights": ("held", "night"),
        "state_repatriation_loan": ("elsewhere", None),
        "texas_crime_compensation": ("elsewhere", None),
    }
    assert {b.source for b in BOOKS if b.loan} == {"state_repatriation_loan", "hhs_repatriation"}
    assert {b.source for b in BOOKS if b.card_only} == {"itverp", "florida_relocation"}
    assert {b.source for b in BOOKS if b.federal} == {"ovc_reunification_travel"}


# --- where it is written ---------------------------------------------------------------------------------


def cites(book: Rulebook) -> Iterator[tuple[str, Cite]]:
    for rule in book.requirements:
        if rule.groups and rule.fields == ("return_authority_decision",):
            continue  # our own policy, in every source
        yield rule.id, rule.cite
    if book.payer_order:
        yield "payer order", book.payer_order.cite
    if book.hand_off:
        yield "hand-off", book.hand_off.cite


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_what_others_have_written_can_be_looked_up(book: Rulebook) -> None:
    for where, cite in cites(book):
        assert cite.doc, where
        assert cite.at, where
        assert cite.link or cite.doc.startswith("Organisation-set"), f"{book.source} {where}"
        assert cite.link is None or cite.link.startswith(("https://", "http://")), where


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_each_row_of_a_table_says_why(book: Rulebook) -> None:
    for table in book.tables:
        for row in table.rows:
            assert len(row.cite) > 30, f"{table.id} row {row.id}"
            assert book.organisation_set or "https://" in row.cite, f"{table.id} row {row.id}"


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_each_rule_is_looked_at_again_within_a_year_of_being_checked(book: Rulebook) -> None:
    for rule in book.requirements:
        assert 0 < (rule.review_by - rule.verified_on).days <= 366, rule.id


# --- only what is sure may refuse ------------------------------------------------------------------------


def worlds(rule: Requirement) -> Iterator[dict[str, FactValue]]:
    """Each combination of values at and around what the cells of the rule name."""
    values = [around(WORDS[name], rule) for name in rule.fields]
    for world in product(*values):
        yield dict(zip(rule.fields, world, strict=True))


def around(field: Field, rule: Requirement) -> list[FactValue]:
    if field.type == "yes_no":
        return [None, True, False]
    if field.type == "choice":
        return [None, *sorted(field.values)]
    named = {w for group in rule.groups for c in group if c.field == field.name for w in c.wants}
    return [None, *sorted({int(n) + by for n in named if isinstance(n, int) for by in (-1, 0, 1)})]


@pytest.mark.parametrize(("book", "rule"), HEDGED)
def test_a_rule_that_is_not_high_never_refuses_it_asks_a_person(book: Rulebook, rule: Requirement) -> None:
    seen = set()
    for facts in worlds(rule):
        result = next(r for r in determine(book, facts, WORDS).results if r.requirement is rule)
        assert result.outcome is not Outcome.NOT_MET, facts
        seen.add(result.outcome)
    assert Outcome.NEEDS_STAFF in seen


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_no_example_is_refused_by_anything_but_a_high_rule_or_a_person(book: Rulebook) -> None:
    for example in examples_of(book):
        for result in determine(book, example.facts, WORDS).results:  # nobody has decided anything
            if result.outcome is Outcome.NOT_MET:
                assert result.requirement.confidence == "HIGH", example.name


@pytest.mark.parametrize("book", OURS, ids=lambda b: b.source)
def test_the_return_authority_is_built_in_and_nobody_decides_it_elsewhere(book: Rulebook) -> None:
    (rule,) = [r for r in book.requirements if r.fields == ("return_authority_decision",)]
    assert (rule.form, rule.confidence, rule.owed_within) == ("decide_by", "HIGH", None)
    bad = {"return_authority_decision": "not_safe_or_lawful"}
    waived = {rule.id: Decision("met", rule.verified_on)}
    (result,) = [r for r in determine(book, bad, WORDS, waived).results if r.requirement is rule]
    assert result.outcome is Outcome.NOT_MET


def test_what_nobody_has_published_is_no_number_here() -> None:
    """No limit per family, no income figure, no consular authority, no repatriation figure."""
    for source in ("ovc_reunification_travel", "state_repatriation_loan", "hhs_repatriation"):
        book = named(source)
        assert book.tables == ()
        assert all(WORDS[f].type not in ("integer", "money") for r in book.requirements for f in r.fields)
    assert {"lodging", "meals"}.isdisjoint(named("ovc_reunification_travel").pays)
    unsure = [r for b in BOOKS for r in b.requirements if r.confidence == "UNVERIFIED"]
    assert [r.id for r in unsure] == ["VR-06"]
    assert all(r.form == "decide_by" and not r.groups for r in unsure)


def test_the_age_at_which_an_adult_rides_along_is_in_conflict_so_it_is_no_limit() -> None:
    (rule,) = [r for r in named("home_free").requirements if r.id == "HF-05"]
    for age in range(12, 18):
        facts: dict[str, FactValue] = {"child_age_now": age, "adult_travels_with_child": False}
        (result,) = [r for r in determine(named("home_free"), facts, WORDS).results if r.requirement is rule]
        assert result.outcome is Outcome.NEEDS_STAFF


def test_vouching_at_night_is_for_the_report_number_and_the_income_alone() -> None:
    vouched = {(b.source, r.id): r.owed_within for b in BOOKS for r in b.requirements if r.owed_within}
    assert vouched == {("domestic_reunification", "DR-04"): 10, ("domestic_reunification", "DR-05"): 10}


_NEVER_VOUCHED = (
    # who the child is
    *("child_located", "child_recovered", "child_age_now", "child_age_when_missing", "us_citizen"),
    *("self_identifies", "case_type", "violent_crime"),
    # to whom it may go
    *("return_authority_decision", "parent_or_guardian_travels", "going_to", "compact_applies"),
    *("taken_from_united_states", "proceeding_abroad", "held_over_24_hours"),
    # whether it is safe
    *("abuse_suspected", "protective_order", "adult_travels_with_child"),
)


@pytest.mark.parametrize("fact", _NEVER_VOUCHED)
def test_nobody_vouches_for_who_the_child_is_to_whom_it_goes_or_that_it_is_safe(fact: str) -> None:
    assert not WORDS[fact].attestable


def test_a_draft_that_would_let_somebody_vouch_for_the_child_does_not_load() -> None:
    body = named("domestic_reunification").body.decode()
    rule = body.index("  - id: DR-01")
    end = body.index("\n", body.index("confidence:", rule))
    vouched = body[:end] + "\n    attest: {owed_within: 10 days}" + body[end:]
    with pytest.raises(RuleFileBroken, match="never identity, custody, safety"):
        compile_rulebook(vouched.encode(), WORDS, "draft.yaml")


# --- who pays first, and how much ------------------------------------------------------------------------


def test_gifts_come_first_then_our_own_money_then_the_federal_program_of_last_resort() -> None:
    order = sorted((b.payer_order.tier, b.source) for b in BOOKS if b.payer_order)
    assert order == [
        (20, "partner_hotel_nights"),
        (21, "partner_airline_miles"),
        (40, "domestic_reunification"),
        (60, "ovc_reunification_travel"),
    ]
    assert all(len(b.payer_order.because) > 30 for b in BOOKS if b.payer_order)


@pytest.mark.parametrize(
    ("source", "facts", "caps"),
    [
        ("domestic_reunification", {"purpose": "bring_child_home"}, {("trip", None): 750_000}),
        ("domestic_reunification", {"purpose": "attend_hearing"}, {("trip", None): 400_000}),
        ("partner_hotel_nights", {}, {("child", None): 3}),
        (
            "partner_airline_miles",
            {"trip_goes_abroad": False},
            {("traveler", None): 30_000, ("trip", None): 90_000},
        ),
        (
            "partner_airline_miles",
            {"trip_goes_abroad": True},
            {("traveler", None): 70_000, ("trip", None): 210_000},
        ),
        ("texas_crime_compensation", {"one_way_miles": 59, "nights_away": 2}, "none of either"),
        ("texas_crime_compensation", {"one_way_miles": 60, "nights_away": 2}, "none of either"),
        ("texas_crime_compensation", {"one_way_miles": 61, "nights_away": 2}, {}),
        ("texas_crime_compensation", {"one_way_miles": 61, "nights_away": 1}, {}),
        ("texas_crime_compensation", {"one_way_miles": 61, "nights_away": 0}, "none of either"),
        (
            "dc_crime_compensation",
            {"crime_place": "district_of_columbia"},
            {("family", "lodging"): 300_000, ("family", "meals"): 40_000},
        ),
    ],
)
def test_the_most_a_source_pays_stands_in_its_table(
    source: str, facts: dict[str, FactValue], caps: dict[tuple[str, str | None], int] | str
) -> None:
    if caps == "none of either":
        caps = {("trip", "lodging"): 0, ("trip", "meals"): 0}
    found = determine(named(source), facts, WORDS).caps
    assert {(c.scope, c.category): c.at_most for c in found} == caps


# --- loans -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("book", LOANS, ids=lambda b: b.source)
def test_a_loan_says_it_is_one_and_what_it_costs(book: Rulebook) -> None:
    assert book.payer_order is None
    assert book.hand_off is not None
    assert book.hand_off.consequence is not None
    said = book.hand_off.consequence
    assert "loan" in said.en
    assert "préstamo" in said.es
    assert "90" in said.en
    assert "90" in said.es
    avoided = glossary.load(TEMPLATES)
    assert glossary.avoided_in(said.en, "en", avoided) == []
    assert glossary.avoided_in(said.es, "es", avoided) == []


def test_a_repatriation_loan_says_what_becomes_of_the_passport() -> None:
    card = named("state_repatriation_loan").hand_off
    assert card is not None
    assert card.consequence is not None
    assert "no new passport is given until the loan is repaid" in card.consequence.en
    assert "no se da un pasaporte nuevo hasta que el préstamo esté pagado" in card.consequence.es
    assert card.form == "DS-3072"


# --- what staff are handed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("interstate_compact", ("5 business days", "48 hours", "7-106")),
        ("home_free", ("1-800-786-2929", "without one, call all the same", "adult's ticket")),
        ("texas_crime_compensation", ("20 miles", "60 miles", "$2,000", "30 days")),
        ("dc_crime_compensation", ("$100", "$500", "$400", "$3,000", "$1,500", "$1,000", "120 days")),
        ("itverp", ("$50,000", "$5,000", "$10,000", "$25,000", "$15,000", "30 days", "last resort")),
        ("florida_relocation", ("$1,500", "$3,000", "45 days")),
        ("hhs_repatriation", ("90 days", "waiver")),
        ("state_repatriation_loan", ("DS-3072", "PO box", "family and friends")),
    ],
)
def test_the_card_carries_the_numbers_of_the_source(source: str, told: tuple[str, ...]) -> None:
    card = named(source).hand_off
    assert card is not None
    assert card.follow_up_days > 0
    for word in told:
        assert word in card.staff.en
    for number in (w for w in told if w.startswith("$") or w[0].isdigit()):
        assert number.split()[0] in card.staff.es


def test_the_safeline_can_be_called_from_the_card() -> None:
    card = named("home_free").hand_off
    assert card is not None
    assert card.phone == "1-800-786-2929"
