"""The letter to a funder tells what each consent allows, and without one nothing of the family."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.consent.policy import Told
from reunify.documents.funder_letters import KIND, letter, told_of
from reunify.eligibility.asking_policy import AskedLine
from reunify.eligibility.asking_queries import AskView
from reunify.ledger.policy import BudgetCategory
from tests.unit.test_documents_samples import HEADING, TEMPLATES, text_of, trip

BY = date(2026, 11, 12)


def context(*told: str) -> dict[str, Any]:
    lines = (
        AskedLine("a1", BudgetCategory.TRANSPORT, 14_250),
        AskedLine("h1", BudgetCategory.LODGING, 9_000),
    )
    blank = dict.fromkeys(AskView.__dataclass_fields__)
    ask = AskView(**blank | {"id": UUID(int=0), "unit": "cents", "lines": lines})  # type: ignore[arg-type]
    return letter(HEADING, ask=ask, request=trip(), told=told, by=BY)


def test_without_a_consent_it_names_nobody_and_no_place_and_no_day_of_the_trip() -> None:
    said = text_of(DocxRenderer(TEMPLATES).render(KIND, "en", context()))
    for words in ("Plane ticket", "$142.50", "Hotel", "$90.00", "$232.50", "We name nobody of the family"):
        assert words in said
    for secret in ("Luis", "Rosa María", "Atlanta, GA", "Delta", "Peachtree", "November 6"):
        assert secret not in said


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (Told.CASE_SUMMARY, "Luis Peña Ortiz: we help so that a child who was missing can come home."),
        (Told.TRAVEL_DETAILS, "Luis Peña Ortiz. Travels from Atlanta to El Paso, November 7, 2026."),
        (Told.ROOM_DETAILS, "Luis Peña Ortiz: nights of November 6, 2026."),
        (Told.CONTACT_DETAILS, "Luis Peña Ortiz."),
    ],
)
def test_each_consent_lets_it_tell_that_and_nothing_beside(what: Told, sentence: str) -> None:
    said = told_of(trip(), what, "child")
    assert said == sentence
    assert said in text_of(DocxRenderer(TEMPLATES).render(KIND, "en", context(said)))
