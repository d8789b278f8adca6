"""Every form of a trip tells the same moments, places, codes, phones and money: each is read back.

Word file, PDF, family page, calendar, text message and the script for the telephone are read the way their
readers do; zones become moments by a table of this file, not by the product's.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any, Final

import pypdfium2
import pytest
from icalendar import Calendar
from jinja2 import Environment, meta
from starlette.requests import Request

from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.documents import aloud, context
from reunify.documents.messages import text_itinerary
from reunify.documents.trips import calendar_of
from reunify.intake.form import Language
from reunify.web.pages.family_shell import family_page
from reunify.web.pages.view import TEMPLATES as PAGES
from tests.unit.document_papers import everywhere, hyphens, lines, renderer, unlike
from tests.unit.document_trips import FAMILIES, of_family, paper
from tests.unit.test_documents_samples import HEADING, frozen

NOW: Final = datetime(2026, 10, 20, 3, 0, tzinfo=UTC)
BOTH: Final[tuple[Language, ...]] = ("en", "es")
# Hours from UTC.
CLOCKS: Final = {"EST": -5, "EDT": -4, "CST": -6, "MST": -7, "PDT": -7, "PST": -8, "HST": -10, "CET": 1}
MONTHS: Final = {
    "en": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "es": ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
}
DAY: Final = {
    "en": re.compile(r"(?P<month>[A-Z][a-z]{2})[a-z]* (?P<day>\d{1,2})\b"),
    "es": re.compile(r"(?P<day>\d{1,2})(?: de)? (?P<month>[a-z]{3})[a-z]*"),
}
CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d) ([ap])\.m\.")
ZONE: Final = re.compile(r"(?:UTC(?P<hours>[+-]\d\d)(?P<minutes>:?\d\d)?|(?P<name>[A-Z]{3,4}))\)?$")
PHONE: Final = re.compile(r"\b(?:1-)?\d{3}-\d{3}-\d{4}\b")
MONEY: Final = re.compile(r"\$[\d,]+\.\d\d")
SPOKEN: Final = {
    word: str(number)
    for words in (
        "zero one two three four five six seven eight nine",
        "cero uno dos tres cuatro cinco seis siete ocho nueve",
    )
    for number, word in enumerate(words.split())
}


@dataclass(frozen=True)
class Told:
    """What one form tells of the trip."""

    moments: set[datetime]
    places: set[str]
    codes: set[str]
    phones: set[str]


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_form_of_a_trip_tells_the_same(family: str, language: Language) -> None:
    on_paper, on_page = told_on_paper(family, language), told_on_the_page(family, language)
    in_calendar, in_message = told_in_the_calendar(family, language), told_in_the_message(family, language)
    heard = told_on_the_telephone(family, language)
    request, bookings = FAMILIES[family]
    stands = {one.locator for one in bookings if one.confirmed}
    seats = {one.locator for one in bookings if one.confirmed and one.line_key != "h1"}
    call = of_family(family, language).call
    assert len(on_paper.moments) == len(request.legs) * 2
    for form in (on_page, in_calendar, in_message, heard):
        assert form.moments == on_paper.moments
    assert on_page.places == heard.places == on_paper.places != set()
    assert on_page.codes == in_message.codes == heard.codes == on_paper.codes == stands
    assert in_calendar.codes == seats
    assert in_calendar.phones == in_message.phones == {call}
    theirs = {one.vendor_phone for one in bookings if one.confirmed}
    behind_the_pin = {one.entry.phone for one in HEADING.support if not one.entry.neutral}
    assert theirs | {call} <= on_paper.phones & (on_page.phones | {call}) & heard.phones
    assert on_page.phones | heard.phones <= on_paper.phones | behind_the_pin
    assert not behind_the_pin & on_paper.phones


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_pdf_says_word_for_word_what_the_word_file_says(family: str) -> None:
    """In English; the pictures' tests say it of every kind in both languages."""
    docx = paper(family, "en")
    (pdf,) = DxpdfConverter().convert([docx])
    assert unlike(docx, pdf) == ([], [])


@pytest.mark.parametrize("language", BOTH)
def test_the_money_of_the_letter_is_the_money_approved_on_paper_and_page(language: Language) -> None:
    facts = frozen()
    letter = context.approval_letter(facts, language)
    docx = renderer().render("approval_letter", language, letter)
    (pdf,) = DxpdfConverter().convert([docx])
    with pypdfium2.PdfDocument(pdf) as file:
        printed = " ".join(page.get_textpage().get_text_range() for page in file)
    whole = [line["ceiling_cents"] for line in facts["lines"] if line["ceiling_cents"]]
    parts = [p["cents"] for line in facts["lines"] if len(line["paid_from"]) > 1 for p in line["paid_from"]]
    approved = Counter(f"${c // 100:,}.{c % 100:02}" for c in (*whole, *parts, facts["total_cents"]))
    for form in (" ".join(lines(docx)), printed, " ".join(page_lines(language, costs=letter))):
        assert Counter(MONEY.findall(form)) == approved


@pytest.mark.parametrize("language", BOTH)
def test_what_they_pay_themselves_is_said_on_paper_to_the_cent(language: Language) -> None:
    request, _ = FAMILIES["nothing is booked"]
    theirs = [line.ceiling_cents for line in request.cost_lines if line.settled in ("advance", "repaid")]
    said = " ".join(lines(paper("nothing is booked", language)))
    assert sorted(MONEY.findall(said)) == sorted(f"${c // 100:,}.{c % 100:02}" for c in theirs)


@pytest.mark.parametrize("language", BOTH)
def test_hostile_words_are_words_on_the_page_too(language: Language) -> None:
    """As in the Word files: put a plain word back in their place and it is the plain page."""
    shown: dict[str, Any] = {"trip": of_family("flies and sleeps one night", language).context}
    shown["costs"] = context.approval_letter(frozen(), language)
    value = "O'Brien & Söhne <b> {{ 7*7 }} </p></section><script>alert(1)</script> 👨‍👩‍👧 مريم <!--"
    hostile = [line.replace(value, "plain") for line in page_lines(language, **everywhere(shown, value))]
    assert hostile == page_lines(language, **everywhere(shown, "plain"))


def told_on_paper(family: str, language: Language) -> Told:
    """Time, day, place and zone stand below each other in one cell."""
    said = lines(paper(family, language))
    ends = [n for n, line in enumerate(said) if CLOCK.fullmatch(line)]
    return Told(
        {moment(said[n + 1], said[n], said[n + 3], language) for n in ends},
        {said[n + 2] for n in ends},
        codes(said),
        set(PHONE.findall(" ".join(said))),
    )


def told_on_the_page(family: str, language: Language) -> Told:
    """The place first, then time, day and zone."""
    said = page_lines(language, trip=of_family(family, language).context)
    ends = [n for n, line in enumerate(said) if CLOCK.fullmatch(line)]
    return Told(
        {moment(said[n + 1], said[n], said[n + 2], language) for n in ends},
        {said[n - 1].partition(": ")[2] for n in ends},
        codes(said),
        set(PHONE.findall(" ".join(said))),
    )


def told_in_the_calendar(family: str, language: Language) -> Told:
    events = Calendar.from_ical(calendar_of(of_family(family, language), now=NOW)).walk("VEVENT")
    moments = {event[end].dt.astimezone(UTC) for event in events for end in ("dtstart", "dtend")}
    said = [line for event in events for line in str(event["description"]).splitlines()]
    return Told(moments, set(), codes(said), set(PHONE.findall(" ".join(said))))


def told_in_the_message(family: str, language: Language) -> Told:
    """`Flight 1 of 2 Prairie Air: Fri Nov 6 6:00 a.m. MST - Fri Nov 6 11:05 a.m. EST, code QK7.`"""
    body = text_itinerary(of_family(family, language), place="homeward.example/go").body
    half = re.compile(r"\w{3} (\w+ \w+) (\d{1,2}:\d\d [ap]\.m\.) ((?:UTC[+-]\d+|[A-Z]{3,4}))")
    return Told(
        {moment(day, clock, zone, language) for day, clock, zone in half.findall(body)},
        set(),
        set(re.findall(r"(?:code|c[óo]digo) (\w+)", body)),
        set(PHONE.findall(body)),
    )


def told_on_the_telephone(family: str, language: Language) -> Told:
    said = [line.said for line in aloud.script(of_family(family, language))]
    end = {
        "en": r"(?:leaves|arrives in) (.+) on (\w+, .+) at (\d.+?\.m\.), (.+)\.$",
        "es": r"(?:Sale de|Llega a) (.+) el (\w+, .+) a las? (\d.+?\.m\.), (.+)\.$",
    }[language]
    ends = [found for line in said if (found := re.search(end, line))]
    numbers = {
        "en": r"(?:phone number is|day or night): (.+?)\.(?: |$)",
        "es": r"(?:teléfono de ellos es|día o de noche): (.+?)\.(?: |$)",
    }[language]
    return Told(
        {moment(one[2], one[3], one[4], language) for one in ends},
        {one[1] for one in ends},
        {heard(one) for one in re.findall(r"(?:code is|código es): (.+?)\.$", "\n".join(said), re.MULTILINE)},
        {dashed(heard(one)) for line in said for one in re.findall(numbers, line)},
    )


def moment(day: str, clock: str, zone: str, language: Language) -> datetime:
    """What a reader makes of `Friday, November 6`, `6:00 a.m.`, `Mountain Standard Time (MST)`."""
    date, time, offset = DAY[language].search(day), CLOCK.search(clock), ZONE.search(zone)
    assert date, day
    assert time, clock
    assert offset, zone
    month = MONTHS[language].index(date["month"].casefold()[:3]) + 1
    hour = int(time[1]) % 12 + (12 if time[3] == "p" else 0)
    local = datetime(2026, month, int(date["day"]), hour, int(time[2]), tzinfo=UTC)
    return local - timedelta(hours=CLOCKS[offset["name"]] if offset["name"] else int(offset["hours"]))


def codes(said: list[str]) -> set[str]:
    found = [re.fullmatch(r"(?:Code|Código): (.+)", line) for line in said]
    return {code for one in found if one for code in one[1].split(", ")}


def heard(said: str) -> str:
    """As whoever writes it down hears it: `Q, as in queen; seven` is Q7, `four, zero, four; five` is 4045."""
    signs = [SPOKEN.get(one, "") or (one if len(one) == 1 else "") for one in re.split(r"[;,] ", said)]
    return "".join(signs)


def dashed(digits: str) -> str:
    local = f"{digits[-10:-7]}-{digits[-7:-4]}-{digits[-4:]}"
    return f"{digits[:-10]}-{local}" if len(digits) > 10 else local


class _Words(HTMLParser):
    """The lines that are seen: a block or a break ends one."""

    def __init__(self) -> None:
        super().__init__()
        self.said = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "h1", "h2", "h3", "h4", "li", "br", "div", "section"):
            self.said.append("")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        self.said[-1] += data


def page_lines(language: Language, **shown: Any) -> list[str]:
    """The family's page, with what a test shows on it and nothing else."""
    request = Request({"type": "http", "path": "/family", "headers": [], "query_string": b""})
    source = (PAGES / "family" / "plan.html").read_text(encoding="utf-8")
    blank: dict[str, Any] = dict.fromkeys(meta.find_undeclared_variables(Environment().parse(source)))
    known = blank | {"state": "approved", "reference": HEADING.reference} | shown
    for given in ("say", "language"):
        known.pop(given)
    response = family_page(request, "family/plan.html", language, None, **known)
    words = _Words()
    words.feed(bytes(response.body).decode())
    return [" ".join(hyphens(line).split()) for line in words.said if line.strip()]
