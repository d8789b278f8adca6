"""What is asked when a cost line lacks something: where the answer goes, in both languages, and who knows."""

from __future__ import annotations

from collections.abc import Iterator

from reunify.eligibility.lines import LineCheck, LineFacts, pointer
from reunify.rates.fields import Words
from reunify.rules.answers import Question

_BOTH = ("staff", "family")
_STAFF = ("staff",)
# What is missing -> where in the line the answer goes, the question, who knows, and what mends it.
ASKED: dict[str, tuple[str, Words, tuple[str, ...], str]] = {
    "night": ("night", Words("Which night is the room for?", "¿Para qué noche es la habitación?"), _BOTH, ""),
    "place": ("place", Words("In which city and state is it?", "¿En qué ciudad y estado es?"), _BOTH, ""),
    "state": (
        "place/state",
        Words("In which state is this city?", "¿En qué estado está esta ciudad?"),
        _BOTH,
        "",
    ),
    "county": (
        "place/county",
        Words("In which county is this place?", "¿En qué condado está este lugar?"),
        _BOTH,
        "",
    ),
    "zip": (
        "place/zip",
        Words("What is the ZIP code of this place?", "¿Cuál es el código postal de este lugar?"),
        _BOTH,
        "",
    ),
    "first_day": (
        "first_day",
        Words("What is the first day of meals?", "¿Cuál es el primer día de comidas?"),
        _BOTH,
        "",
    ),
    "last_day": (
        "last_day",
        Words("What is the last day of meals?", "¿Cuál es el último día de comidas?"),
        _BOTH,
        "",
    ),
    "miles": ("miles", Words("How many miles is the drive?", "¿Cuántas millas son en coche?"), _BOTH, ""),
    "units": (
        "units",
        Words("How many miles does the airline take?", "¿Cuántas millas pide la aerolínea?"),
        _STAFF,
        "",
    ),
    "fare_class": (
        "fare_class",
        Words("Is the fare economy or above?", "¿El boleto es de clase económica o superior?"),
        _STAFF,
        "route",
    ),
    "us_flag": (
        "",
        Words("Is the airline a United States airline?", "¿La aerolínea es de Estados Unidos?"),
        _STAFF,
        "route",
    ),
    "carrier": (
        "",
        Words(
            "Which company takes the child on this leg?", "¿Qué empresa lleva al niño o niña en este tramo?"
        ),
        _STAFF,
        "route",
    ),
    "nonstop": (
        "",
        Words("Is this flight nonstop?", "¿Este vuelo es sin escalas?"),
        _STAFF,
        "route",
    ),
    "connections": (
        "",
        Words(
            "At which airports does the child change planes? Name each one, in order; where another flight "
            "follows, end with the airport it leaves from.",
            "¿En qué aeropuertos cambia de avión? Escriba cada uno, en orden; si sigue otro vuelo, "
            "termine con el aeropuerto del que sale.",
        ),
        _STAFF,
        "route",
    ),
    "adult_along": (
        "",
        Words("Which adult travels along on this leg?", "¿Qué persona adulta viaja también en este tramo?"),
        _STAFF,
        "route",
    ),
    "nonstop_instead": (
        "",
        Words("Is the flight changed to a nonstop one?", "¿Se cambió el vuelo por uno sin escalas?"),
        _STAFF,
        "route",
    ),
    "hub_instead": (
        "",
        Words(
            "At which airport of the airline's list does it change planes now?",
            "¿En qué aeropuerto de la lista de la aerolínea cambia ahora de avión?",
        ),
        _STAFF,
        "route",
    ),
    "one_airline": (
        "",
        Words(
            "Which one airline takes the child all the way?",
            "¿Qué aerolínea lleva al niño o niña todo el camino?",
        ),
        _STAFF,
        "route",
    ),
    "other_hour": (
        "",
        Words("When does the new flight leave?", "¿Cuándo sale el vuelo nuevo?"),
        _STAFF,
        "route",
    ),
    "birth_date": (
        "",
        Words("When was this child born?", "¿Cuándo nació este niño o niña?"),
        _BOTH,
        "",
    ),
}


def of_the_line(line: LineFacts) -> Iterator[Question]:
    for what in line.missing:
        yield _question(what, pointer(line, ASKED[what][0]))


def of_the_check(check: LineCheck) -> Iterator[Question]:
    for what, at in check.asks:
        yield _question(what, at)


def _question(what: str, at: str) -> Question:
    _, text, supplied_by, mends = ASKED[what]
    return Question(f"line.{what}", at, text, supplied_by, mends or "document")


def once(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    return tuple({q.pointer: q for q in questions}.values())
