"""What staff read to the family over the phone, in the person's language, with code and PIN in words."""

from __future__ import annotations

from typing import Final

from reunify.documents.spoken import address, digits, spelled
from reunify.identity.family_links import NewLink
from reunify.intake.form import Language

_LINES: Final = (
    (
        "Your trip has a page of its own. It is only for you.",
        "Su viaje tiene su propia página. Es solo para usted.",
    ),
    (
        "Your six numbers are: {pin}. Please write them down where others do not look.",
        "Sus seis números son: {pin}. Anótelos, por favor, donde otros no los vean.",
    ),
    (
        "Open the link we gave you and type the six numbers.",
        "Abra el enlace que le dimos y escriba los seis números.",
    ),
    (
        "If your phone opens no links, go to {place} and type these eight first: {code}.",
        "Si su teléfono no abre enlaces, vaya a {place} y escriba primero estos ocho: {code}.",
    ),
    (
        "If somebody comes in, press the dark button at the top. The page is gone.",
        "Si alguien llega, oprima el botón oscuro de arriba. La página desaparece.",
    ),
    (
        "We will never ask you for the six numbers. Please read them back to me once.",
        "Nunca le pediremos los seis números. Repítamelos una vez, por favor.",
    ),
)


def script(link: NewLink, place: str, language: Language) -> list[str]:
    """Sentence by sentence. `place` is the short address without its scheme."""
    blanks = {
        "pin": digits(link.pin, language),
        "code": spelled(link.code, language),
        "place": f"{place} ({address(place, language)})",
    }
    return [pair[language == "es"].format(**blanks) for pair in _LINES]
