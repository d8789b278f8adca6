"""Families' stories: entering, checking, agreeing, reading."""

from __future__ import annotations

from typing import Any

import pypdfium2
import sqlalchemy as sa
from pytest_bdd import given, parsers, then, when

from reunify.bootstrap import ROOT
from reunify.documents import glossary
from reunify.documents import queries as documents
from reunify.intake.form import Language
from reunify.kernel.ids import DocumentId
from reunify.kernel.money import Money
from reunify.reporting import invariants
from tests.proofs import message


@given(parsers.parse("Ana enters the family of story {letter}"))
def ana_enters(story: Any, letter: str) -> None:
    story.draft = story.family(letter)


@when("the request is checked")
def is_checked(story: Any) -> None:
    story.enter(story.draft)


@then(parsers.parse("it waits for approval with {amount} covered and {nights:d} night given by a partner"))
def waits_for_approval(story: Any, amount: str, nights: int) -> None:
    progress = story.progress
    assert progress["stage"] == "awaiting_approval"
    assert Money(progress["award"]["ceiling_cents"]) == Money.parse(amount)
    given_nights = [p["ceiling"] for p in progress["plan"]["lines"] if p["unit"] == "night"]
    assert sum(given_nights) == nights


@when("Ben approves it and Carla releases it")
def two_agree(story: Any) -> None:
    story.act("Ben", "approve", f"{story.award_path}/approval")
    story.act("Carla", "release", f"{story.award_path}/release")
    story.town.work()


@when("Ben approves and releases it")
def one_agrees(story: Any) -> None:
    story.act("Ben", "approve and release", f"{story.award_path}/approval-and-release")
    story.town.work()


@when("Ben logs the payments made elsewhere and Carla verifies them")
def log_and_verify(story: Any) -> None:
    for at in story.progress["instructions"]:
        if at["rail"] == "logged":
            body = {
                "instrument": "hotel_night" if at["unit"] == "night" else "vendor_payment",
                "external_reference": "INV-1",
                "paid_on": story.town.clock().date().isoformat(),
                "evidence": "Invoice seen",
            }
            story.act("Ben", "log a payment", f"/payments/{at['id']}/record", body)
            said = message(story.town.clock().date())
            story.act("Ben", "attach the message", f"/payments/{at['id']}/confirmation", said)
            story.act("Carla", "verify it", f"/payments/{at['id']}/verification")
    story.town.work()


@then(parsers.parse("{stripe} is paid by Stripe and {logged} by logged payments"))
def paid_by_rail(story: Any, stripe: str, logged: str) -> None:
    progress = story.progress
    assert progress["stage"] == "paid"
    for rail, amount in (("global_payout", stripe), ("logged", logged)):
        paid = [i["amount"] for i in progress["instructions"] if i["rail"] == rail and i["unit"] == "cents"]
        assert Money(sum(paid)) == Money.parse(amount)


@then(parsers.parse("{count:d} hotel night is used"))
def night_used(story: Any, count: int) -> None:
    with story.town.house.db.read() as session:
        used = session.execute(
            sa.text("SELECT coalesce(sum(expended), 0) FROM ledger_balances WHERE unit = 'night'")
        ).scalar_one()
    assert used == count


@then(parsers.parse("the family can read its approval letter and a planned itinerary in Spanish"))
def reads_in_spanish(story: Any) -> None:
    made = {d["kind"]: d for d in story.progress["documents"]}
    assert {d["language"] for d in made.values()} == {"es"}
    assert set(made["itinerary"]["formats"]) == {"docx", "pdf", "ics"}
    assert "PLANEADO" in text_of(story, made["itinerary"]["id"]).upper()
    letter = text_of(story, made["approval_letter"]["id"])
    assert "1,583.60" in letter
    assert "Mateo Quintero" not in letter
    assert "Fondo de Viaje Familiar" in letter
    assert "Family Travel Fund" not in letter


@then("the Interstate Compact is unlikely")
def compact_unlikely(story: Any) -> None:
    assert story.progress["answers"]["interstate_compact"] == "unlikely"


@then("it waits for a person to confirm the refusal")
def waits_for_refusal(story: Any) -> None:
    assert story.progress["stage"] == "refusal_to_confirm"


@then("no letter has been made")
def no_letter(story: Any) -> None:
    assert story.progress["documents"] == []


@when("Ana confirms the refusal")
def ana_confirms(story: Any) -> None:
    refusal = story.progress["refusal"]["id"]
    story.act("Ana", "confirm the refusal", f"/refusals/{refusal}/confirmation")
    story.town.work()


@then(parsers.parse("one kind letter is made, signed by {name}"))
def one_letter(story: Any, name: str) -> None:
    (made,) = story.progress["documents"]
    assert made["kind"] == "refusal_letter"
    assert story.progress["stage"] == "refused"
    words = text_of(story, made["id"])
    assert name in words
    language: Language = made["language"]
    assert glossary.avoided_in(words, language, glossary.load(ROOT / "document_templates")) == []
    prefix = {"en": "We cannot pay this from", "es": "No podemos pagar esto con"}[language]
    assert words.count(prefix) == 1
    reason = {"en": "This fund has an income limit", "es": "Este fondo tiene un límite de ingreso"}[language]
    assert words.count(reason) == 1
    assert ("Family Travel Fund" in words) is (language == "en")


@then("it asks for the report number and nothing else")
def asks_for_report(story: Any) -> None:
    progress = story.progress
    assert progress["stage"] == "question"
    assert [q["pointer"] for q in progress["questions"]] == ["/case/report_number"]
    assert [d["kind"] for d in progress["documents"]] == ["information_request"]


@when("Ana answers it")
def ana_answers(story: Any) -> None:
    body = {"answers": {"/case/report_number": "SG-26-30981"}}
    story.act("Ana", "answer", f"/requests/{story.request_id}/answers", body)
    story.town.work()


@then("the books balance")
def books_balance(story: Any) -> None:
    with story.town.house.db.read() as session:
        assert invariants.check(session) == []


def text_of(story: Any, document_id: str) -> str:
    """What a person reads on the PDF."""
    with story.town.house.db.read() as session:
        body = documents.content(session, DocumentId(document_id), "pdf").body  # type: ignore[arg-type]
    pdf = pypdfium2.PdfDocument(body)
    words = " ".join(page.get_textpage().get_text_bounded() for page in pdf)
    pdf.close()
    return " ".join(words.split())
