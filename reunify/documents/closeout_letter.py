"""The last letter of a trip: all that was paid, from which fund, and that nothing is owed. Pure.

No threat of a debt: what was not used is asked for in kind words, and a call always helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from reunify.documents import paid, support, words
from reunify.documents.context import Heading, Said
from reunify.documents.paid import NothingPaid, PaidLine
from reunify.intake.form import Language, Settlement, TravelRequest

NO_RECEIPTS: Final = Said(
    "We have no receipts from your family yet.", "Todavía no tenemos recibos de su familia."
)
ONE_RECEIPT: Final = Said(
    "We have one receipt from your family. Thank you.", "Tenemos un recibo de su familia. Gracias."
)
RECEIPTS: Final = Said(
    "We have {count} receipts from your family. Thank you.", "Tenemos {count} recibos de su familia. Gracias."
)
SEND_BY: Final = Said(
    "Please send what you still have by {day}. A clear photo is enough. If later, call: exceptions exist.",
    "Por favor, envíe los que aún tenga a más tardar el {day}. Basta una foto clara. "
    "Si necesita más tiempo, llame: hay excepciones.",
)
SEND_LATE: Final = Said(
    "If you still have some, please send them, or call us: exceptions exist.",
    "Si aún tiene alguno, envíelo o llámenos: hay excepciones.",
)


def closeout_letter(
    heading: Heading,
    language: Language,
    *,
    view: TravelRequest,
    lines: Sequence[PaidLine],
    receipts: int,
    receipts_by: date | None,
    again: bool = False,
) -> dict[str, Any]:
    """`view`: the request as this household may read it; `lines`: its own, paid in money or in kind.

    `receipts`: papers that came; `receipts_by`: until when the approval letter asked for them, None where
    none are needed. `again`: the books changed since an earlier letter, which this one replaces.
    Raises NobodySigns, NothingPaid.
    """
    used = [one for one in lines if any(part.cents or part.units for part in one.parts)]
    if not used:
        raise NothingPaid("Nothing was paid for this household: there is nothing to close.")
    total = paid.total(used)
    return heading.context(language) | {
        "lines": paid.table(used, language, view=view),
        "total": words.money(total, language) if total.cents else "",
        "receipts": _receipts(receipts, receipts_by, heading.dated, language),
        "again": int(again),
        "has_advance": int(any(one.line.settled is Settlement.ADVANCE for one in used)),
        "support": support.on_paper(heading.support, language),
    }


def _receipts(had: int, by: date | None, today: date, language: Language) -> list[str]:
    """Nothing where none are needed and none came."""
    if by is None and not had:
        return []
    counted = {0: NO_RECEIPTS, 1: ONE_RECEIPT}.get(had, RECEIPTS).in_(language).format(count=had)
    if by is None:
        return [counted]
    if by < today:
        return [counted, SEND_LATE.in_(language)]
    return [counted, SEND_BY.in_(language).format(day=words.day(by, language))]
