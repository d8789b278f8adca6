"""The demo's others who can help: two that a published source names, the rest made up (555 numbers)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from reunify.bootstrap import ROOT
from reunify.documents import glossary_kept
from reunify.referrals import actions, policy, queries
from reunify.referrals.policy import Entry, Kind, Language
from reunify.sandbox import people

_BOTH: Final[tuple[Language, ...]] = ("en", "es")
_ALWAYS: Final = ("day and night", "de día y de noche")
# (kind, on paper, what, phone, hours, state, they answer in, how checked, days ago)
_ENTRIES: Final = (
    (
        Kind.FOOD,
        True,
        ("Prairie Table: a hot meal, no questions", "Mesa de la Pradera: comida caliente, sin preguntas"),
        "1-800-555-0171",
        ("7 a.m. to 9 p.m.", "de 7 a.m. a 9 p.m."),
        "",
        _BOTH,
        "organisation-set, made up for the demo",
        20,
    ),
    (
        Kind.LODGING,
        True,
        ("Lantern House: a bed for tonight", "Casa Linterna: una cama para esta noche"),
        "1-800-555-0172",
        _ALWAYS,
        "GA",
        ("en",),
        "organisation-set, made up for the demo",
        185,
    ),
    (
        Kind.HOTLINE,
        False,
        ("National Center for Missing and Exploited Children", "Centro nacional NCMEC para niños y familias"),
        "1-800-843-5678",
        _ALWAYS,
        "",
        _BOTH,
        "ovc.ojp.gov, help for U.S. citizens abroad; hours organisation-set",
        3,
    ),
    (
        Kind.PEER_SUPPORT,
        False,
        ("Parents who have been through it, by phone", "Padres que ya pasaron por esto, por teléfono"),
        "1-800-555-0173",
        ("evenings", "por la tarde y noche"),
        "",
        _BOTH,
        "organisation-set, made up for the demo",
        40,
    ),
    (
        Kind.COUNSELLING,
        False,
        ("Quiet Room: a counselor to talk to, free", "Cuarto Tranquilo: una consejera, gratis"),
        "1-800-555-0174",
        ("9 a.m. to 9 p.m.", "de 9 a.m. a 9 p.m."),
        "",
        ("en",),
        "organisation-set, made up for the demo",
        200,
    ),
    (
        Kind.LEGAL_HELP,
        False,
        ("Open Door Law: custody questions, free", "Puerta Abierta: preguntas de custodia, gratis"),
        "1-800-555-0175",
        ("weekdays", "de lunes a viernes"),
        "",
        _BOTH,
        "organisation-set, made up for the demo",
        230,
    ),
)


def enter(session: Session, *, today: date, now: datetime) -> None:
    """By Ana, unless the list has somebody: most are checked, one is due, one nobody is told of any more."""
    if queries.kept(session):
        return
    ana = people.known_as(session, "ana")
    words = glossary_kept.in_force(session, ROOT / "document_templates")
    for kind, neutral, what, phone, hours, area, speaks, note, ago in _ENTRIES:
        entry = Entry(kind, neutral, *what, phone, *hours, area, speaks)
        assert policy.problems(entry) == []
        day = today - timedelta(days=ago)
        actions.add(session, entry=entry, note=note, wording=words, today=day, by=ana, now=now)
