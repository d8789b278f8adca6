"""Masked copies as plain text: an approval or a letter, without the family's words, for finance and auditors.

The facts are those the paper was made from; its hashes let whoever holds an order compare the original.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from reunify.allocation.queries import award_plan
from reunify.approval.queries import Award
from reunify.documents.fields import FOR_OTHERS
from reunify.documents.queries import Document
from reunify.intake import queries as intake
from reunify.kernel.money import Money
from reunify.kernel.sight import Sight
from reunify.reporting.views import SplitShown, pseudonym, split

MARK = "MASKED COPY"


def of_award(session: Session, award: Award, sight: Sight) -> list[str]:
    """Lines of text. Never the whole view: a masked copy is masked for everybody."""
    seen = Sight.MASKED if sight is Sight.MASKED else Sight.MONEY
    lines = [
        MARK,
        "",
        f"Approval sheet, award {award.reference}",
        f"Request {intake.reference(session, award.request_id)}, version {award.version_number}",
    ]
    if seen is Sight.MASKED:
        lines.append(pseudonym(award.request_id))
    lines += [
        f"State: {award.state.replace('_', ' ')}",
        f"Not to exceed: {award.ceiling}",
        f"Digest: {award.digest or 'not approved yet'}",
        "",
        *_split(split(session, award_plan(session, award.allocation_id), award.request_id, seen)),
        "",
        MARK,
    ]
    return lines


def of_document(session: Session, document: Document, award: Award | None, sight: Sight) -> list[str]:
    """The paper's own particulars, and the award it tells of where there is one."""
    lines = [
        MARK,
        "",
        f"{document.kind.replace('_', ' ').capitalize()}, {document.language}, version {document.number}",
        f"Made {document.made_at:%Y-%m-%d %H:%M} UTC",
        f"Template {document.template_hash}",
        f"Made from facts with hash {document.context_hash}",
        "",
    ]
    if award is None:
        whose = f"the family of {pseudonym(document.request_id)}"
        return [
            *lines,
            f"To somebody outside, about {whose}, under its consents."
            if document.kind in FOR_OTHERS
            else f"To {whose}: no amount stands in it.",
            "",
            MARK,
        ]
    return lines[:-1] + of_award(session, award, sight)[1:]


def _split(shown: SplitShown) -> list[str]:
    lines = []
    if shown.erased_on is not None:
        lines += [f"Erased on {shown.erased_on:%Y-%m-%d}: days and names are gone, amounts stay.", ""]
    for line in shown.lines:
        days = " to ".join(d.isoformat() for d in (line.first_day, line.last_day) if d)
        lines.append(
            f"{line.name}: {line.category.replace('_', ' ')}"
            + (f", {days}" if days else "")
            + f"; {line.settlement.replace('_', ' ')}; to {line.payee}; from {line.fund}; up to "
            + (str(Money(line.ceiling)) if line.unit == "cents" else f"{line.ceiling} {line.unit}")
        )
    return [*lines, f"Together, money only: {Money(shown.total_cents)}"]
