"""The words a person agrees to, in both languages. A changed word is a new version (a test keeps it)."""

from __future__ import annotations

from typing import Final, Literal

from reunify.consent.policy import Told

Language = Literal["en", "es"]
VERSION: Final = "2026-11"

WHAT: Final[dict[Told, tuple[str, str]]] = {
    Told.PAYMENT_DETAILS: ("the name, the e-mail and the country", "el nombre, el correo y el país"),
    Told.TRAVEL_DETAILS: (
        "the name and date of birth for the ticket, and where and when you travel",
        "el nombre y la fecha de nacimiento para el boleto, y adónde y cuándo viajan",
    ),
    Told.ROOM_DETAILS: (
        "the name of the guest and the nights",
        "el nombre de quien se hospeda y las noches",
    ),
    Told.CONTACT_DETAILS: ("the phone number and the address", "el teléfono y la dirección"),
    Told.CASE_SUMMARY: ("in a few words why we help with this trip", "en pocas palabras por qué ayudamos"),
}
_SENTENCES: Final = (
    (
        "We may tell {recipient}: {what}. This is about {about}.",
        "Podemos decirle a {recipient}: {what}. Se trata de {about}.",
    ),
    (
        "It ends by itself. You choose when, and it is never longer than a year.",
        "Termina sin que haga nada. Usted elige cuándo, y nunca dura más de un año.",
    ),
    (
        "You can say no. You can take it back at any time, here or by phone.",
        "Puede decir que no. Puede retirarlo cuando quiera, aquí o por teléfono.",
    ),
    (
        "We help you all the same. If you say no, we go another way.",
        "Le ayudamos de todas maneras. Si dice que no, buscamos otra forma.",
    ),
)


def sentences(*, recipient: str, what: Told, about: str, language: Language) -> list[str]:
    """What is shown above the signature. `about` is the name of the person it is about."""
    spanish = language == "es"
    blanks = {"recipient": recipient, "what": WHAT[what][spanish], "about": about}
    return [pair[spanish].format(**blanks) for pair in _SENTENCES]
