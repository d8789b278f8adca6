"""Every text and call: nothing a stranger may not read over a shoulder, and short enough for one message."""

from __future__ import annotations

import re
import string
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from reunify.documents import glossary
from reunify.notices.policy import Channel, Kind
from reunify.notices.texts import STAFF, TEXTS, Language, said
from reunify.sandbox.families import sample_families
from tests.unit.test_documents_samples import TEMPLATES

LINK = "https://travel.example.org/n/" + "x" * 22
PHONE = "+1 703 555 0199"
TIME = datetime(2026, 11, 26, 18, 0, tzinfo=ZoneInfo("America/New_York"))
EVERY = sorted(
    (kind.value, channel.value, language)
    for (kind, channel), by_language in TEXTS.items()
    for language in by_language
)
# What tells of a case, of where somebody is, or of who they are.
TELLS = re.compile(
    r"\b(child|son|daughter|mother|father|parent|famil|missing|found|runaway|abduct|victim|recover|police|"
    r"court|custody|hearing|hotel|room|flight|airline|airport|seat|bus|train|emergency|award|fund|grant|"
    r"reunif(?!y:|y\.)|hij|niñ|madre|padre|familia|policía|tribunal|vuelo|hotel|albergue|autobús)",
    re.IGNORECASE,
)


def filled(kind: str, channel: str, language: Language) -> str:
    return said(Kind(kind), Channel(channel), language, link=LINK, phone=PHONE, time=TIME)


@pytest.mark.parametrize(("kind", "channel", "language"), EVERY)
def test_no_text_tells_of_a_case_a_place_or_a_person(kind: str, channel: str, language: Language) -> None:
    told = filled(kind, channel, language).replace("This is Reunify.", "")
    assert TELLS.search(told.replace("Reunify: ", "")) is None
    assert glossary.avoided_in(told, language, glossary.load(TEMPLATES)) == []


@pytest.mark.parametrize(("kind", "channel", "language"), EVERY)
def test_only_a_link_a_number_and_a_time_are_ever_filled_in(
    kind: str, channel: str, language: Language
) -> None:
    words = TEXTS[(Kind(kind), Channel(channel))][language]
    assert {name for _, name, _, _ in string.Formatter().parse(words) if name} <= {"link", "phone", "time"}


@pytest.mark.parametrize(("kind", "channel", "language"), [e for e in EVERY if e[1] == "text"])
def test_a_text_is_one_message(kind: str, channel: str, language: Language) -> None:
    told = filled(kind, channel, language)
    assert told.isascii(), "one letter outside the small alphabet makes a message of 70"
    assert len(told) <= 160


def test_families_are_spoken_to_in_both_languages_and_never_called_by_a_machine() -> None:
    for (kind, channel), by_language in TEXTS.items():
        if kind in STAFF:
            assert set(by_language) == {"en"}
        else:
            assert channel is Channel.TEXT
            assert set(by_language) == {"en", "es"}


def test_no_sentence_holds_a_word_of_a_sample_family() -> None:
    for family in sample_families(TIME.date()):
        names = {family.draft["case"]["child"]["name"], *(t["name"] for t in family.draft["travelers"])}
        for by_language in TEXTS.values():
            for words in by_language.values():
                assert [n for n in names for part in n.split() if part in words] == []


def test_the_lint_finds_what_tells() -> None:
    assert TELLS.search("Your child's flight is booked")
    assert TELLS.search("El vuelo de su hijo")
