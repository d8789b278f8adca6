"""Every sentence that leaves the house by text or call. Strangers read a phone that lies on a table.

No name, no place, no word that tells of a case: a test reads every one. `{link}`, `{phone}` and `{time}` are
all that is ever filled in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from reunify.notices.policy import Channel, Kind

Language = Literal["en", "es"]
STAFF: Final = frozenset({Kind.AWARD_WAITS, Kind.LAST_CALL, Kind.CANCEL_BY})

TEXTS: Final[dict[tuple[Kind, Channel], dict[Language, str]]] = {
    (Kind.AWARD_WAITS, Channel.TEXT): {
        "en": "Reunify: an urgent decision waits for you. Say you have it, or sign in and decide: {link}"
    },
    (Kind.AWARD_WAITS, Channel.CALL): {
        "en": "This is Reunify. An urgent decision waits for you. Please open the text message we sent you. "
        "Again: an urgent decision waits for you."
    },
    (Kind.LAST_CALL, Channel.TEXT): {
        "en": "Reunify: an urgent decision waits and nobody has taken it. Whoever can, take it: {link}"
    },
    (Kind.LAST_CALL, Channel.CALL): {
        "en": "This is Reunify. An urgent decision waits and nobody has taken it. "
        "Please open the text message we sent you."
    },
    (Kind.CANCEL_BY, Channel.TEXT): {
        "en": "Reunify: a booking can be cancelled free of charge until {time}. Keep it or cancel it: {link}"
    },
    (Kind.ARRANGED, Channel.TEXT): {
        "en": "There is news about your travel. Please open your page, or call {phone}.",
        "es": "Hay noticias sobre su viaje. Abra su enlace privado o llame al {phone}.",
    },
    (Kind.BOOKED, Channel.TEXT): {
        "en": "Your travel plan has changed. Please open your page, or call {phone}.",
        "es": "Su plan de viaje ha cambiado. Abra su enlace privado o llame al {phone}.",
    },
    (Kind.QUESTION, Channel.TEXT): {
        "en": "We have a question for you. Please open your page, or call {phone}.",
        "es": "Tenemos una pregunta para usted. Abra su enlace privado o llame al {phone}.",
    },
    (Kind.CAME_BACK, Channel.TEXT): {
        "en": "Your bank sent a payment back to us. It is kept for you. We will call you about it, "
        "or call {phone}.",
        "es": "Su banco nos ha devuelto un pago. Sigue guardado para usted. Le vamos a llamar, "
        "o llame al {phone}.",
    },
    (Kind.BANK_DETAILS, Channel.TEXT): {
        "en": "One step is left before we can pay you. Please open your page, or call {phone}.",
        "es": "Falta un paso para poder pagarle. Abra su enlace privado o llame al {phone}.",
    },
}


def said(
    kind: Kind,
    channel: Channel,
    language: Language,
    *,
    link: str = "",
    phone: str = "",
    time: datetime | None = None,
) -> str:
    """The sentence, filled in. `time`: aware, on the organisation's clock; shown with its zone."""
    told = TEXTS[(kind, channel)][language]
    return told.format(link=link, phone=phone, time=f"{time:%H:%M %Z}" if time else "")


def spoken(language: str) -> Language:
    """As kept in the table, which knows these two."""
    return "es" if language == "es" else "en"
