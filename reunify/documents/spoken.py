"""Codes, numbers and phone numbers as they are said over the telephone, one sign after the other. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from reunify.intake.form import Language

DIGITS: Final = {
    "0": ("zero", "cero"),
    "1": ("one", "uno"),
    "2": ("two", "dos"),
    "3": ("three", "tres"),
    "4": ("four", "cuatro"),
    "5": ("five", "cinco"),
    "6": ("six", "seis"),
    "7": ("seven", "siete"),
    "8": ("eight", "ocho"),
    "9": ("nine", "nueve"),
}
# Letters that an English or Spanish ear confuses are said with a word.
LETTERS: Final = {
    "A": ("A, as in apple", "A, de agua"),
    "B": ("B, as in book", "B, de barco"),
    "C": ("C, as in car", "C, de casa"),
    "D": ("D, as in door", "D, de dado"),
    "E": ("E, as in egg", "E, de elefante"),
    "F": ("F, as in food", "F, de foca"),
    "G": ("G, as in green", "G, de gato"),
    "H": ("H, as in house", "H, de hotel"),
    "I": ("I, as in ice", "I, de isla"),
    "J": ("J, as in juice", "J, de jugo"),
    "K": ("K, as in kite", "K, de kilo"),
    "L": ("L, as in lamp", "L, de luna"),
    "M": ("M, as in moon", "M, de mano"),
    "N": ("N, as in nine", "N, de nube"),
    "O": ("O, as in orange", "O, de oso"),
    "P": ("P, as in paper", "P, de papel"),
    "Q": ("Q, as in queen", "Q, de queso"),
    "R": ("R, as in rain", "R, de rosa"),
    "S": ("S, as in sun", "S, de sol"),
    "T": ("T, as in table", "T, de taza"),
    "U": ("U, as in umbrella", "U, de uva"),
    "V": ("V, as in voice", "V, de vaso"),
    "W": ("W, as in water", "W, doble ve"),
    "X": ("X, as in box", "X, equis"),
    "Y": ("Y, as in yes", "Y, ye"),
    "Z": ("Z, as in zebra", "Z, de zapato"),
}
_SIGNS: Final = {
    "-": ("dash", "guion"),
    ".": ("dot", "punto"),
    "/": ("slash", "diagonal"),
    ":": ("colon", "dos puntos"),
    "+": ("plus", "más"),
}


def digits(text: str, language: Language) -> str:
    """A phone number or PIN: `four, zero, four; five, five, five`. Groups are kept as pauses."""
    groups = re.findall(r"[0-9]+", text)
    return "; ".join(", ".join(DIGITS[d][language == "es"] for d in group) for group in groups)


def spelled(text: str, language: Language) -> str:
    """A booking code: each letter with a word, each digit by itself. What is neither is a pause."""
    plain = unicodedata.normalize("NFKD", text.upper())
    table = DIGITS | LETTERS
    return "; ".join(table[sign][language == "es"] for sign in plain if sign in table)


def address(text: str, language: Language) -> str:
    """A web address: words stay words, every sign and every digit is said."""
    parts = re.findall(r"[0-9]|[^\W\d_]+|[^\s]", text)
    table = DIGITS | _SIGNS
    return " ".join(table[p][language == "es"] if p in table else p for p in parts)


def numbers_in(text: str, language: Language) -> str:
    """A street address or a hotel's line: every number in it digit by digit, all else as it is."""
    return re.sub(r"[0-9]+", lambda found: digits(found.group(), language), text)
