"""What staff read to the family over the phone, in the person's language, with code and PIN in words."""

from __future__ import annotations

from typing import Final

from reunify.identity.family_links import NewLink
from reunify.intake.form import Language

_DIGITS: Final = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
}
# Letters a Spanish or English ear confuses are said by a word: only those of the safe alphabet.
_LETTERS: Final[dict[str, tuple[str, str]]] = {
    "C": ("C, as in car", "C, de casa"),
    "D": ("D, as in door", "D, de dado"),
    "F": ("F, as in food", "F, de foca"),
    "G": ("G, as in green", "G, de gato"),
    "H": ("H, as in house", "H, de hotel"),
    "J": ("J, as in juice", "J, de jugo"),
    "K": ("K, as in kite", "K, de kilo"),
    "M": ("M, as in moon", "M, de mano"),
    "N": ("N, as in nine", "N, de nube"),
    "P": ("P, as in paper", "P, de papel"),
    "Q": ("Q, as in queen", "Q, de queso"),
    "R": ("R, as in rain", "R, de rosa"),
    "T": ("T, as in table", "T, de taza"),
    "V": ("V, as in voice", "V, de vaso"),
    "W": ("W, as in water", "W, doble ve"),
    "X": ("X, as in box", "X, equis"),
    "Y": ("Y, as in yes", "Y, ye"),
}
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


def in_words(pin: str, language: Language) -> str:
    """`four, zero, zero, seven, one, two`."""
    return ", ".join(_DIGITS[language][int(digit)] for digit in pin)


def spelled_out(code: str, language: Language) -> str:
    """Each letter with a word, each digit in words."""
    said = [_DIGITS[language][int(c)] if c.isdigit() else _LETTERS[c][language == "es"] for c in code]
    return "; ".join(said)


def script(link: NewLink, place: str, language: Language) -> list[str]:
    """Sentence by sentence. `place` is the short address without its scheme."""
    blanks = {
        "pin": in_words(link.pin, language),
        "code": spelled_out(link.code, language),
        "place": place,
    }
    return [pair[language == "es"].format(**blanks) for pair in _LINES]
