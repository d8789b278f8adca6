"""The plan as staff read it over the telephone, sentence by sentence, and what they ask back. Pure.

Codes, phone numbers and house numbers are said one sign at a time; whoever listens says them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reunify.documents import phrases, spoken, support, words
from reunify.documents.itinerary import in_order
from reunify.documents.trips import Trip
from reunify.intake.form import Language, TravelRequest

OPENING: Final = (
    "I have your travel plan here. Do you have paper and a pen?",
    "Aquí tengo su plan de viaje. ¿Tiene papel y lápiz?",
)
FACES: Final = {
    "planned": (
        "It is still a plan. Please do not leave before we call you again.",
        "Todavía es un plan. Por favor, no salga antes de que le llamemos otra vez.",
    ),
    "partly": (
        "Some of it is confirmed. I will tell you which. Please do not leave before we call you again.",
        "Una parte está confirmada. Le digo cuál. Por favor, no salga antes de que le llamemos otra vez.",
    ),
    "confirmed": ("All that we book for you is confirmed.", "Todo lo que le reservamos está confirmado."),
    "yours": (
        "You arrange this trip yourself. There is nothing for us to book.",
        "Usted organiza este viaje. Nosotros no reservamos nada.",
    ),
}
FOR: Final = ("This part is for {names}.", "Esta parte es para {names}.")
LEAVES: Final = (
    "{title}, {carrier}. It leaves {place} on {day} {at} {time}, {zone}.",
    "{title}, {carrier}. Sale de {place} el {day} {at} {time}, {zone}.",
)
LEAVES_PLAIN: Final = (
    "{title}. It leaves {place} on {day} {at} {time}, {zone}.",
    "{title}. Sale de {place} el {day} {at} {time}, {zone}.",
)
ARRIVES: Final = (
    "It arrives in {place} on {day} {at} {time}, {zone}.",
    "Llega a {place} el {day} {at} {time}, {zone}.",
)
MEETS: Final = ("At arrival: {meets}.", "Al llegar: {meets}.")
CODE: Final = ("The code is: {code}.", "El código es: {code}.")
CODE_BACK: Final = ("Please read the code back to me.", "Por favor, repítame el código.")
PHONE: Final = ("Their phone number is: {phone}.", "El teléfono de ellos es: {phone}.")
WHERE: Final = ("It is here: {address}.", "Está aquí: {address}.")
SLEEP: Final = ("You sleep here: {name}. {nights}.", "Usted duerme aquí: {name}. {nights}.")
SAY: Final = ("At the desk, say or show: {say}", "En la recepción, diga o muestre en inglés: {say}")
BRING: Final = (
    "For the trip of {name}, please bring this.",
    "Para el viaje de {name}, lleve esto, por favor.",
)
LEAVE_BACK: Final = (
    "Now please tell me: on which day, at what time and from where do you leave?",
    "Ahora dígame, por favor: ¿qué día, a qué hora y de dónde sale?",
)
SLEEP_BACK: Final = ("And where do you sleep?", "¿Y dónde va a dormir?")
# The ear is asked first: somebody may listen in who is not to know what help they look for.
OTHERS: Final = (
    "There are others who can help you too. Is it safe to tell you now who they are?",
    "Hay otros que también le pueden ayudar. ¿Es seguro decirle ahora quiénes son?",
)
OTHER: Final = ("{what}. They answer {hours}.", "{what}. Atienden {hours}.")
ENDING: Final = (
    "If anything goes wrong, call us day or night: {phone}. Please read the number back to me.",
    "Si algo sale mal, llámenos de día o de noche: {phone}. Por favor, repítame el número.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. `asks`: wait for the answer and compare it. `if_safe`: said after a yes to `OTHERS`."""

    said: str = field(repr=False)
    asks: bool = False
    if_safe: bool = False


def script(trip: Trip) -> list[Line]:
    """In the language of the trip; the same trip in another language gives as many lines."""
    return list(_lines(trip))


def _lines(trip: Trip) -> Iterator[Line]:
    yield _line(OPENING, trip.language, asks=True)
    yield _line(FACES[trip.face], trip.language)
    for names, leg in _legs(trip):
        yield from _leg(names, leg, trip)
    for stay in trip.context["stays"]:
        yield from _stay(stay, trip.language)
    for traveler in trip.context["travelers"]:
        yield _line(BRING, trip.language, name=traveler["name"])
        yield from (Line(thing) for thing in traveler["bring"])
    yield _line(LEAVE_BACK, trip.language, asks=True)
    if trip.context["stays"]:
        yield _line(SLEEP_BACK, trip.language, asks=True)
    yield from _others(trip)
    yield _line(ENDING, trip.language, asks=True, phone=spoken.digits(trip.call, trip.language))


def _legs(trip: Trip) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    """Each leg as it happens, once for all who hear the same of it."""
    told = {name: iter(legs) for name, legs in _told(trip.request, trip.context)}
    for leg in in_order(trip.request):
        alike: dict[tuple[str, str, str], tuple[list[str], Mapping[str, Any]]] = {}
        for traveler in trip.request.travelers:
            if traveler.key in leg.travelers:
                said = next(told[traveler.key])
                same = alike.setdefault((said["state"], said["locator"], said["carrier"]), ([], said))
                same[0].append(phrases.shown_name(traveler))
        yield from alike.values()


def _told(
    request: TravelRequest, context: Mapping[str, Any]
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The travelers of the plan are those of the request who go anywhere, in its order."""
    going = [t.key for t in request.travelers if any(t.key in leg.travelers for leg in request.legs)]
    for key, traveler in zip(going, context["travelers"], strict=True):
        yield key, traveler["legs"]


def _leg(names: list[str], leg: Mapping[str, Any], trip: Trip) -> Iterator[Line]:
    language = trip.language
    if len(trip.context["travelers"]) > 1:
        yield _line(FOR, language, names=words.joined(names, language))
    leaves = phrases.pick(LEAVES if leg["carrier"] else LEAVES_PLAIN, language)
    named = {"title": leg["title"], "carrier": leg["carrier"]}
    yield Line(leaves.format(**named, **_end(leg["leaves"], language)))
    yield Line(phrases.pick(ARRIVES, language).format(**_end(leg["arrives"], language)))
    if leg["meets"]:
        yield _line(MEETS, language, meets=leg["meets"].rstrip("."))
    if leg["clocks"]:
        yield Line(leg["clocks"])
    if leg["state"]:
        yield Line(leg["state"])
    yield from _found(leg, leg["address"], language)


def _end(end: Mapping[str, str], language: Language) -> dict[str, str]:
    """`a la 1:05`, but `a las 6:00`."""
    one = phrases.pick(("at", "a la"), language)
    return {**end, "at": one if end["time"].startswith("1:") else phrases.pick(("at", "a las"), language)}


def _stay(stay: Mapping[str, Any], language: Language) -> Iterator[Line]:
    yield _line(SLEEP, language, name=stay["name"], nights=stay["nights"])
    yield Line(stay["state"])
    yield from _found(stay, ", ".join(stay["lines"]), language)
    yield Line(stay["paid"])


def _others(trip: Trip) -> Iterator[Line]:
    """The specific ones too: nobody reads a voice over a shoulder."""
    found = support.told(trip.heading.support, trip.language)
    if found:
        yield _line(OTHERS, trip.language, asks=True)
    for other in found:
        said = phrases.pick(OTHER, trip.language).format(what=other.what, hours=other.hours.rstrip("."))
        yield Line(f"{said} {other.note}".rstrip(), if_safe=True)
        call = phrases.pick(PHONE, trip.language).format(phone=spoken.digits(other.phone, trip.language))
        yield Line(call, if_safe=True)


def _found(thing: Mapping[str, Any], address: str, language: Language) -> Iterator[Line]:
    if address:
        where = spoken.numbers_in(" ".join(address.split()), language)
        yield _line(WHERE, language, address=where)
    if thing["locator"]:
        codes = [spoken.spelled(code, language) for code in thing["locator"].split(", ")]
        yield _line(CODE, language, code=". ".join(codes))
        yield _line(CODE_BACK, language, asks=True)
    if thing["phone"]:
        yield _line(PHONE, language, phone=spoken.digits(thing["phone"], language))
    if thing["say"]:
        yield _line(SAY, language, say=thing["say"])


def _line(pair: tuple[str, str], language: Language, *, asks: bool = False, **blanks: str) -> Line:
    return Line(phrases.pick(pair, language).format(**blanks), asks)
