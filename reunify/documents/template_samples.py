"""A sample family for any letter: what its fields are filled with when staff look at a new template. Pure.

Made from the list of fields alone, so that a new kind has its sample on the day it has its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from reunify.documents.context import Said
from reunify.intake.form import Language

# By the last one or two names of a path; the longest that fits. One sentence for each item of a list.
_WORDS: Final[dict[str, Sequence[Said]]] = {
    "organisation.name": [Said("Homeward Family Travel", "Homeward Family Travel")],
    "organisation.lines": [
        Said("120 Prairie Street", "120 Prairie Street"),
        Said("Alexandria, VA", "Alexandria, VA"),
    ],
    "addressee.name": [Said("Rosa Peña", "Rosa Peña")],
    "addressee.lines": [
        Said("4410 Montana Avenue", "4410 Montana Avenue"),
        Said("El Paso, TX", "El Paso, TX"),
    ],
    "signer.name": [Said("Ana Ruiz", "Ana Ruiz")],
    "signer.title": [Said("Family travel coordinator", "Coordinadora de viajes")],
    "reference": [Said("R-7KQ4MX", "R-7KQ4MX")],
    "date": [Said("Thursday, November 5, 2026", "jueves, 5 de noviembre de 2026")],
    "by": [Said("November 20, 2026", "20 de noviembre de 2026")],
    "receipts_by": [Said("December 5, 2026", "5 de diciembre de 2026")],
    "day": [
        Said("Friday, November 6", "viernes, 6 de noviembre"),
        Said("Saturday, November 7", "sábado, 7 de noviembre"),
    ],
    "time": [Said("6:00 a.m.", "6:00 a.m."), Said("11:05 a.m.", "11:05 a.m.")],
    "zone": [Said("Mountain time", "hora de las Montañas"), Said("Eastern time", "hora del Este")],
    "place": [Said("El Paso (ELP)", "El Paso (ELP)"), Said("Atlanta (ATL)", "Atlanta (ATL)")],
    "what": [
        Said("Air fare, El Paso to Atlanta", "Boleto de avión, El Paso a Atlanta"),
        Said("One night", "Una noche"),
    ],
    "how": [Said("by bank transfer", "por transferencia bancaria")],
    "lines.how": [
        Said("We pay the airline.", "Pagamos a la aerolínea."),
        Said("We pay the hotel.", "Pagamos al hotel."),
    ],
    "source": [
        Said("Family Travel Fund", "Fondo de Viaje Familiar"),
        Said("Open Road Fund", "Fondo Camino Abierto"),
    ],
    "fund": [
        Said("Family Travel Fund", "Fondo de Viaje Familiar"),
        Said("Open Road Fund", "Fondo Camino Abierto"),
    ],
    "amount": [Said("$142.50", "$142.50"), Said("$96.00", "$96.00")],
    "total": [Said("$238.50", "$238.50")],
    "phone": [Said("1-800-555-0142", "1-800-555-0142"), Said("404-555-0100", "404-555-0100")],
    "phone_day": [Said("1-800-555-0142", "1-800-555-0142")],
    "phone_night": [Said("1-800-555-0143", "1-800-555-0143")],
    "hours": [Said("day and night", "de día y de noche"), Said("9 a.m. to 5 p.m.", "9 a.m. a 5 p.m.")],
    "ask": [
        Said("What is the number of the police report?", "¿Cuál es el número del reporte de la policía?"),
        Said("Who meets you in Atlanta?", "¿Quién los espera en Atlanta?"),
    ],
    "can_do": [
        Said(
            "Look with you for a bus, which may cost less.",
            "Buscar con usted un autobús, que puede costar menos.",
        ),
        Said("Ask a church near you.", "Preguntar en una iglesia cerca de usted."),
    ],
    "sentence": [
        Said(
            "This fund is for incomes under a set amount.",
            "Este fondo es para ingresos menores de cierta suma.",
        ),
        Said("This fund pays for buses only.", "Este fondo paga solo autobuses."),
    ],
    "exceptions": [Said("illness or late papers", "enfermedad o papeles que llegan tarde")],
    "name": [Said("Peachtree Inn", "Peachtree Inn"), Said("Luis", "Luis")],
    "travelers.name": [Said("Rosa María Peña", "Rosa María Peña"), Said("Luis", "Luis")],
    "carrier": [Said("Delta Air Lines", "Delta Air Lines")],
    "locator": [Said("QK7P2M", "QK7P2M"), Said("88412", "88412")],
    "face": [Said("Travel plan: confirmed", "Plan de viaje: confirmado")],
    "title": [
        Said("El Paso to Atlanta", "De El Paso a Atlanta"),
        Said("Atlanta to El Paso", "De Atlanta a El Paso"),
    ],
    "say": [
        Said(
            "I have a room in my name, paid by Homeward.", "Tengo un cuarto a mi nombre, pagado por Homeward."
        )
    ],
    "meets": [Said("Rosa María Peña, 915-555-0101", "Rosa María Peña, 915-555-0101")],
    "bring": [Said("Your ID", "Su identificación"), Said("Your medicines", "Sus medicinas")],
    "who": [Said("Ana Ruiz", "Ana Ruiz"), Said("County office", "Oficina del condado")],
    "address": [Said("Airport of El Paso, gate desk B", "Aeropuerto de El Paso, mostrador B")],
    "lines": [Said("9 Main Street", "9 Main Street"), Said("Atlanta, GA 30303", "Atlanta, GA 30303")],
    "told": [
        Said("The family asks for air fare.", "La familia pide boletos de avión."),
        Said("One night.", "Una noche."),
    ],
    "nights": [Said("one night, November 6", "una noche, 6 de noviembre")],
    "age": [Said("15 years", "15 años")],
    "children.name": [Said("Luis Peña Ortiz", "Luis Peña Ortiz")],
    "born": [Said("March 2, 2011", "2 de marzo de 2011")],
    "brings": [Said("Dana Cole, 404-555-0177", "Dana Cole, 404-555-0177")],
    "legs.meets": [
        Said(
            "A county worker waits at baggage claim.",
            "Alguien del condado espera donde se recoge el equipaje.",
        )
    ],
    "fee": [Said("$150.00. Our organization pays it.", "$150.00. Lo paga nuestra organización.")],
    "at": [Said("DFW", "DFW")],
    "changes": [Said("DFW", "DFW")],
    "first": [Said("Friday, November 6, 2026", "viernes, 6 de noviembre de 2026")],
    "where": [Said("Atlanta", "Atlanta")],
    "arrives.time": [Said("11:05 a.m.", "11:05 a.m.")],
    "arrives.zone": [Said("Eastern time", "hora del Este")],
    "arrives.place": [Said("Atlanta (ATL)", "Atlanta (ATL)")],
    "payee": [Said("Rosa María Peña", "Rosa María Peña")],
    "to": [Said("Delta Air Lines", "Delta Air Lines"), Said("Peachtree Inn", "Peachtree Inn")],
    "paid_on": [Said("Wednesday, November 4, 2026", "miércoles, 4 de noviembre de 2026")],
    "wait": [
        Said(
            "Your bank may need until Monday, November 9, 2026 to show it.",
            "Su banco puede tardar hasta el lunes, 9 de noviembre de 2026.",
        )
    ],
    "receipts": [Said("We have 2 receipts from your family.", "Tenemos 2 recibos de su familia.")],
    "standing": [Said("confirmed", "confirmed")],
    "state": [Said("Confirmed.", "Confirmado.")],
    "paid": [
        Said("You pay nothing at the desk.", "Usted no paga nada en la recepción."),
    ],
    "meaning": [
        Said(
            "I have a room in my name, paid by Homeward.", "Tengo un cuarto a mi nombre, pagado por Homeward."
        )
    ],
    "clocks": [Said("The clocks change that night.", "Esa noche cambia la hora.")],
    "people": [Said("With Luis", "Con Luis")],
    "flight": [Said("DL 1432", "DL 1432")],
}


def samples(fields: Iterable[str], language: Language) -> list[dict[str, Any]]:
    """A letter with everything twice, and one with nothing that may be left out."""
    return [sample(fields, language), sample(fields, language, full=False)]


def sample(fields: Iterable[str], language: Language, *, full: bool = True) -> dict[str, Any]:
    """Plain text and whole numbers for every field. Not `full`: empty lists, empty words, every number 0."""
    paths = [path.split(".") for path in sorted(fields)]
    return _filled(paths, (), language, full, 0)


def _filled(
    paths: Sequence[Sequence[str]], before: tuple[str, ...], language: Language, full: bool, nth: int
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in sorted({path[0] for path in paths}):
        inner = [path[1:] for path in paths if path[0] == name and len(path) > 1]
        bare = name.removesuffix("#").removesuffix("[]")
        at = (*before, bare)

        def one(place: int, inner: Any = inner, at: Any = at, name: str = name) -> Any:
            if inner:
                return _filled(inner, at, language, full, place)
            return int(full) if name.endswith("#") else _said(at, language, place) if full else ""

        made[bare] = [one(place) for place in range(2 * full)] if name.endswith("[]") else one(nth)
    return made


def _said(at: tuple[str, ...], language: Language, nth: int) -> str:
    """A field nobody wrote words for says its own name, in guillemets."""
    known = _WORDS.get(".".join(at[-2:])) or _WORDS.get(at[-1])
    if known is None:
        return f"«{at[-1].replace('_', ' ')}»"
    return known[nth % len(known)].in_(language)
