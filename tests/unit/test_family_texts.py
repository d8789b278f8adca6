"""All that families read or hear from us: no word that hurts, and easy to read in both languages."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from reunify.documents import aloud, glossary, readability, support
from reunify.documents.for_household import household_itinerary
from reunify.referrals.policy import Standing, in_reach, problems
from reunify.web import family_texts
from tests import readability as table
from tests.unit.test_documents_messages import a_trip
from tests.unit.test_documents_samples import HEADING, SUPPORT, TEMPLATES, contexts, trip

EVERY = family_texts.every(TEMPLATES)
FOOD, PARENTS = SUPPORT


def test_no_text_of_ours_holds_a_word_that_hurts() -> None:
    assert family_texts.avoided(TEMPLATES, glossary.load(TEMPLATES)) == []


def test_letters_pages_messages_calendar_calls_notices_consents_and_rules_are_all_read() -> None:
    read = Counter((s.about, s.language) for s in EVERY)
    for about in ("family page", "text message", "calendar", "read aloud", "notice", "consent", "rules"):
        assert read[about, "en"] == read[about, "es"] > 0, about
    assert min(n for (about, _), n in read.items() if about.startswith("letter ")) > 5


def test_every_table_of_sentences_is_read() -> None:
    read = " ".join(text.where for text in EVERY)
    tables = {
        "phrases": ("_COSTS", "_HOW", "_MODES"),
        "stays": ("_AT_THE_DESK", "_UNNAMED"),
        "booked": ("_SEATS", "_ROOMS", "_FACES"),
        "calendar": ("CODE",),
        "messages": ("TITLES", "ENDS"),
        "spoken": ("LETTERS",),
        "aloud": ("ENDING", "FACES"),
        "read_aloud": ("_LINES",),
        "packing": ("_PAPERS", "_RECEIPTS"),
        "payment_advice": ("WAIT",),
        "closeout_letter": ("RECEIPTS",),
        "refusal": ("CAN_DO", "NOT_THESE_COSTS"),
        "DR-05": ("not_met",),
        "question": ("report_number_given",),
    }
    every = [f"{module} {name}" for module, names in tables.items() for name in names]
    assert [one for one in every if one not in read] == []


def test_every_kind_of_text_is_within_the_limits_of_its_language() -> None:
    hard = {key: one.too_hard() for key, one in table.measured().items()}
    assert {key: found for key, found in hard.items() if found} == {}


def test_a_hard_text_is_beyond_each_limit() -> None:
    english = (
        "Reimbursement eligibility determinations necessitate documentation substantiating expenditures."
    )
    spanish = (
        "La determinación administrativa correspondiente requiere documentación justificativa adicional."
    )
    long = " ".join(["we go on"] * 8) + "."
    for text, language, limits in ((english, "en", 1), (spanish, "es", 2), (long, "en", 1)):
        measured = readability.measure([text], "es" if language == "es" else "en")
        assert measured is not None
        assert len(measured.too_hard()) == limits, text


def test_syllables_are_counted_by_the_rules_of_the_language() -> None:
    for said in ["the:1", "wanted:2", "places:2", "money:2", "little:2", "station:2", "area:3", "people:2"]:
        word, count = said.split(":")
        assert readability.english(word) == int(count), word
    for said in [
        "día:2",
        "aeropuerto:5",
        "pague:2",
        "averigüe:4",
        "muy:1",
        "queremos:3",
        "ciudad:2",
        "autobús:3",
    ]:
        word, count = said.split(":")
        assert readability.spanish(word) == int(count), word


def test_numbers_times_and_blanks_do_not_make_a_text_look_hard() -> None:
    assert readability.sentences("Call {phone} at 9 p.m. today. Then rest.") == [
        "Call Ana at 9 pm today.",
        "Then rest.",
    ]


# Others who can help
def test_paper_names_the_neutral_ones_alone_and_the_voice_asks_before_it_names_any() -> None:
    for language in family_texts.BOTH:
        paper = str(contexts(language)["refusal_letter"]) + str(contexts(language)["itinerary"])
        assert FOOD.entry.phone in paper
        assert PARENTS.entry.phone not in paper
        said = aloud.script(a_trip(language))
        asked = next(i for i, line in enumerate(said) if line.said == aloud.OTHERS[language == "es"])
        assert said[asked].asks
        told = " ".join(line.said for line in said[asked:] if line.if_safe)
        assert not any(line.if_safe for line in said[:asked])
        assert (PARENTS.entry.what_es if language == "es" else PARENTS.entry.what_en) in told
    assert len(aloud.script(a_trip("en"))) == len(aloud.script(a_trip("es")))
    assert support.told([FOOD], "es")[0].note == "Contestan en inglés. Pida un intérprete."


def test_the_approval_letter_and_the_calendar_name_none_of_them() -> None:
    for kind in ("approval_letter", "information_request"):
        assert "support" not in contexts("en")[kind]


def test_a_check_holds_half_a_year_and_a_month_then_nobody_is_told() -> None:
    ages = {180: Standing.GOOD, 181: Standing.DUE, 210: Standing.DUE, 211: Standing.LAPSED}
    for days, standing in ages.items():
        on = FOOD.verified_on + timedelta(days=days)
        assert FOOD.standing(on) is standing
        assert bool(in_reach([FOOD], states=frozenset(), on=on)) is (standing is not Standing.LAPSED)


def test_one_of_another_state_is_not_told_and_the_home_state_never_where_the_address_is_protected() -> None:
    day = date(2026, 11, 5)
    assert in_reach([PARENTS], states=frozenset({"TX"}), on=day) == []
    assert in_reach([FOOD, PARENTS], states=frozenset({"GA"}), on=day) == [PARENTS, FOOD]
    home = {"size": 2, "yearly_income_cents": 0, "state": "NM"}
    view = trip(household=home)
    assert support.states_of(view) == {"TX", "GA", "NM"}
    contact = {"language": "es", "address": "1 Hidden Road", "address_protected": True}
    mother = view.travelers[0].model_dump(mode="json") | {"contact": contact}
    hidden = trip(household=home, travelers=[mother, view.travelers[1].model_dump(mode="json")])
    assert support.states_of(hidden) == {"TX", "GA"}


def test_an_entry_for_paper_may_not_tell_why_a_family_travels() -> None:
    told = replace(PARENTS.entry, neutral=True)
    assert [p.pointer for p in problems(told)] == ["/what_en", "/what_es"]
    assert problems(PARENTS.entry) == []


def test_a_plan_without_any_prints_no_heading_for_them() -> None:
    alone = household_itinerary(
        replace(HEADING, support=()), "en", request=trip(), household="home", arranged=[], bookings=[]
    )
    assert alone["support"] == []
