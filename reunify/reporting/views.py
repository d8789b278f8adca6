"""What each audience sees of a case, in one place: a page cannot show what its view does not hold.

Whoever handles the case sees `Progress` whole. Finance sees `MoneyView`: amounts, payees' names, funds and
dates, nothing the family told. Auditors see `MaskedView`: amounts and outcomes under a pseudonym.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval.queries import Award
from reunify.disbursement.queries import Instruction
from reunify.documents.queries import Document
from reunify.eligibility.explained import SourceView
from reunify.kernel.ids import SAFE_ALPHABET, InstructionId, RequestId, StaffId
from reunify.kernel.sight import Sight
from reunify.payees import queries as payees
from reunify.reporting.progress import Progress
from reunify.reporting.splits import SplitShown as SplitShown
from reunify.reporting.splits import payee_name as payee_name
from reunify.reporting.splits import split as split
from reunify.vault import keyring


@dataclass(frozen=True, slots=True)
class PaymentShown:
    id: InstructionId
    payee: str
    rail: str
    state: str
    trouble: str | None
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class SourceShown:
    """One source's answer, without the facts it was found from."""

    name: str
    answer: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class RuleShown:
    source: str
    requirement: str
    outcome: str
    cite_doc: str
    cite_at: str


@dataclass(frozen=True, slots=True)
class MoneyView:
    """For finance; for everybody, what is left once `erased_on`. `questions`: how many, never which."""

    id: RequestId
    reference: str
    stage: str
    number: int
    created_at: datetime
    erased_on: datetime | None
    requested_by: StaffId
    checked_at: datetime | None
    run: str | None
    questions: int
    award: Award | None
    refusal_id: UUID | None
    split: SplitShown | None
    payments: tuple[PaymentShown, ...]
    papers: tuple[Document, ...]
    sources: tuple[SourceShown, ...]


@dataclass(frozen=True, slots=True)
class MaskedView:
    """For auditors: no name at all, and each rule's outcome with its citation."""

    pseudonym: str
    money: MoneyView
    rules: tuple[RuleShown, ...]


def pseudonym(request_id: UUID) -> str:
    """`Child K7Q3NM`: the same for a case always, and without the index key nobody can go back."""
    ring = keyring.current()
    index = ring.blind_index(str(request_id), place="pseudonym", version=min(ring.index_keys))
    digest = int.from_bytes(index)
    letters = []
    for _ in range(6):
        digest, at = divmod(digest, len(SAFE_ALPHABET))
        letters.append(SAFE_ALPHABET[at])
    return "Child " + "".join(letters)


def money_view(session: Session, now: Progress, sight: Sight = Sight.MONEY) -> MoneyView:
    explained = now.explanation
    return MoneyView(
        id=now.request.id,
        reference=now.request.reference,
        stage=now.stage,
        number=now.number,
        created_at=now.request.created_at,
        erased_on=now.request.erased_on,
        requested_by=now.request.requested_by,
        checked_at=now.checked_at,
        run=now.run,
        questions=len(explained.questions) if explained else 0,
        award=now.award,
        refusal_id=now.refusal.id if now.refusal else None,
        split=split(session, now.plan, now.request.id, sight) if now.plan else None,
        payments=_payments(session, now.instructions, sight),
        papers=now.documents,
        sources=sources(explained.sources if explained else ()),
    )


def masked_view(session: Session, now: Progress) -> MaskedView:
    found = now.explanation.sources if now.explanation else ()
    rules = tuple(
        RuleShown(source.name, r.name, r.outcome, r.cite_doc, r.cite_at)
        for source in found
        for r in source.requirements
    )
    return MaskedView(pseudonym(now.request.id), money_view(session, now, Sight.MASKED), rules)


def sources(found: tuple[SourceView, ...]) -> tuple[SourceShown, ...]:
    return tuple(SourceShown(s.name, s.answer, s.provisional) for s in found)


def _payments(session: Session, all_made: Collection[Instruction], sight: Sight) -> tuple[PaymentShown, ...]:
    to = payees.by_id(session, {made.payee for made in all_made})
    return tuple(
        PaymentShown(
            made.id,
            payee_name(to[made.payee], sight),
            made.rail,
            made.state,
            made.trouble,
            made.unit,
            made.amount,
        )
        for made in all_made
    )
