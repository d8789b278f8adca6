"""What a household reads of money: the day to wait for, receipts, what was given, and never a debt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.documents.closeout_letter import closeout_letter
from reunify.documents.context import Addressee, Said
from reunify.documents.paid import NothingPaid, PaidLine, Part, total
from reunify.documents.payment_advice import How, payment_advice
from reunify.intake.form import Language, Settlement, TravelRequest
from reunify.kernel.money import Money
from tests.unit.test_documents_samples import HEADING, TEMPLATES, paid_lines, text_of, trip

FUND = Said("Family Travel Fund", "Fondo de Viaje Familiar")


def advice(
    *keys: str, on: date = date(2026, 11, 4), how: How = How.BANK, payee: str = "Rosa María Peña"
) -> dict[str, Any]:
    lines = paid_lines(*keys)
    return payment_advice(HEADING, "en", view=trip(), payee=payee, paid_on=on, how=how, lines=lines)


def closeout(
    language: Language = "en",
    *,
    lines: list[PaidLine],
    receipts: int = 0,
    by: date | None = None,
    view: TravelRequest | None = None,
) -> dict[str, Any]:
    return closeout_letter(
        HEADING, language, view=view or trip(), lines=lines, receipts=receipts, receipts_by=by
    )


def read(kind: str, context: dict[str, Any], language: Language = "en") -> str:
    return text_of(DocxRenderer(TEMPLATES).render(kind, language, context))


@pytest.mark.parametrize(
    ("how", "on", "says"),
    [
        (How.BANK, date(2026, 11, 4), "Your bank may need until Monday, November 9, 2026 to show it."),
        (How.BANK, date(2026, 11, 6), "Your bank may need until Wednesday, November 11, 2026 to show it."),
        (How.CHECK, date(2026, 11, 7), "A check in the mail may need until Friday, November 20, 2026."),
        (How.CASH, date(2026, 11, 5), "You should have it by Tuesday, November 10, 2026."),
    ],
)
def test_the_day_to_wait_for_is_counted_in_working_days(how: How, on: date, says: str) -> None:
    assert advice("m1", on=on, how=how)["wait"] == says


def test_a_way_nobody_needs_to_name_leaves_no_hole() -> None:
    told = read("payment_advice", advice("m1", how=How.OTHER))
    assert "we paid $142.50 to Rosa María Peña. This is help" in told
    assert "came back" not in told


def test_whoever_reads_it_and_was_paid_is_spoken_to() -> None:
    told = read("payment_advice", advice("m1", payee=HEADING.addressee.name))
    assert "we paid $142.50 to you by bank transfer" in told


def test_the_total_is_the_sum_of_the_lines_to_the_cent() -> None:
    lines = paid_lines("a1", "h1", "m1", "x9")
    assert total(lines) == Money(42750)
    told = closeout(lines=lines)
    assert [row["amount"] for row in told["lines"]] == ["$142.50", "1 night", "$142.50", "$142.50"]
    assert told["total"] == "$427.50"
    assert told["lines"][2]["source"] == "Family Travel Fund $100.00 and Open Road Fund $42.50"


def test_receipts_are_kept_only_for_money_sent_before_the_trip() -> None:
    assert "Please keep your receipts" in read("payment_advice", advice("m1"))
    paid_back = trip().cost_lines[2].model_copy(update={"settled": Settlement.REPAID})
    lines = [PaidLine(paid_back, [Part(FUND, 100)])]
    told = payment_advice(
        HEADING, "en", view=trip(), payee="Rosa", paid_on=date(2026, 11, 4), how=How.BANK, lines=lines
    )
    assert "receipts" not in read("payment_advice", told)


@pytest.mark.parametrize(
    ("had", "by", "says"),
    [
        (0, None, []),
        (1, None, ["We have one receipt from your family. Thank you."]),
        (
            0,
            date(2026, 11, 4),
            [
                "We have no receipts from your family yet.",
                "If you still have some, please send them, or call us: exceptions exist.",
            ],
        ),
        (
            3,
            date(2026, 11, 5),
            [
                "We have 3 receipts from your family. Thank you.",
                "Please send what you still have by November 5, 2026. A clear photo is enough. "
                "If later, call: exceptions exist.",
            ],
        ),
    ],
)
def test_receipts_are_asked_for_kindly_until_their_day_and_after_it(
    had: int, by: date | None, says: list[str]
) -> None:
    assert HEADING.dated == date(2026, 11, 5)
    assert closeout(lines=paid_lines("a1"), receipts=had, by=by)["receipts"] == says


def test_what_was_given_has_no_total_and_nothing_to_send_back() -> None:
    told = read("closeout_letter", closeout("es", lines=paid_lines("h1")), "es")
    assert "1 noche" in told
    for left_out in ("Total", "$", "recibos", "sobró", "reemplaza"):
        assert left_out not in told
    assert "No nos debe nada por este viaje." in told


def test_money_sent_before_the_trip_is_asked_back_in_kind_words_and_nothing_else_is_owed() -> None:
    told = read("closeout_letter", closeout(lines=paid_lines("m1", "a1")))
    assert "If some of it was not used, please send it back. Call us, and we tell you how." in told
    assert "If you cannot, call us. We will find a way with you." in told
    assert "Besides that, you owe us nothing." in told


def test_no_paper_tells_of_nothing() -> None:
    with pytest.raises(NothingPaid, match="Name what was paid"):
        advice()
    with pytest.raises(NothingPaid, match="nothing to close"):
        closeout(lines=[replace(paid_lines("a1")[0], parts=[])])


def test_a_name_that_looks_like_code_is_printed_as_it_is() -> None:
    heading = replace(HEADING, addressee=Addressee("O'Brien & Söhne <b>", []))
    told = closeout_letter(heading, "en", view=trip(), lines=paid_lines("a1"), receipts=0, receipts_by=None)
    assert "Dear O'Brien & Söhne <b>," in read("closeout_letter", told)
