"""What each audience sees of a case, in one place: a page cannot show what its view does not hold.

Whoever handles the case sees `Progress` whole. Finance sees `MoneyView`: amounts, payees' names, funds and
dates, nothing the family told. Auditors see `MaskedView`: amounts and outcomes under a pseudonym.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation.queries import AwardPlan
from reunify.approval.queries import Award
from reunify.disbursement.queries import Instruction
from reunify.documents.queries import Document
from reunify.eligibility.explained import SourceView
from reunify.funds import queries as funds
from reunify.intake import queries as intake
from reunify.kernel.ids import SAFE_ALPHABET, InstructionId, RequestId, StaffId
from reunify.kernel.sight import Sight
from reunify.payees import queries as payees
from reunify.payees.queries import Payee
from reunify.reporting.progress import Progress
from reunify.vault import keyring
from reunify.vault.keepers import Erased


@dataclass(frozen=True, slots=True)
class LineShown:
    """One line of a split. `what` is the family's own words: None for all who do not handle the case."""

    number: int
    what: str | None
    category: str
    settlement: str
    payee: str
    first_day: date | None
    last_day: date | None
    fund: str
    rule: str
    unit: str
    ceiling: int

    @property
    def name(self) -> str:
        return self.what or f"Line {self.number}"


@dataclass(frozen=True, slots=True)
class SplitShown:
    """`by_fund`: name, unit, total. `uncovered`: what no fund pays, by the line's name, in cents, and why.

    `erased_on`: since then nobody knows the days, or who was paid.
    """

    lines: tuple[LineShown, ...]
    total_cents: int
    by_fund: tuple[tuple[str, str, int], ...]
    uncovered: tuple[tuple[str, int, tuple[str, ...]], ...]
    erased_on: datetime | None


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


def payee_name(payee: Payee, sight: Sight) -> str:
    """Finance pays people by name; an auditor sees what kind of payee it is."""
    return f"A {payee.kind}" if sight is Sight.MASKED else payee.legal_name


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


def split(session: Session, plan: AwardPlan, request_id: RequestId, sight: Sight) -> SplitShown:
    """The award's lines by fund, as this sight may read them."""
    told, erased_on = _told(session, plan.version_id)
    names = {f.id: f.name for f in funds.all_funds(session)}
    paid = payees.newest(session, request_id)
    numbers = {key: n for n, key in enumerate(dict.fromkeys(line.line_key for line in plan.lines), start=1)}
    lines = tuple(
        LineShown(
            number=numbers[line.line_key],
            what=told.get(line.line_key, {}).get("what") if sight is Sight.WHOLE else None,
            category=line.category,
            settlement=line.settlement,
            payee=payee_name(paid[line.payee_key], sight) if line.payee_key in paid else "",
            first_day=_day(told, line.line_key, "night", "first_day"),
            last_day=_day(told, line.line_key, "last_day"),
            fund=names[line.fund_id],
            rule=line.basis if sight is Sight.WHOLE else line.basis.partition(":")[0],
            unit=line.unit,
            ceiling=line.ceiling,
        )
        for line in plan.lines
    )
    uncovered = tuple(
        (
            told.get(key, {}).get("what", key) if sight is Sight.WHOLE else "A line without a fund",
            left,
            tuple(plan.certificate.get("binding", {}).get(key, ())),
        )
        for key, left in sorted(plan.certificate.get("uncovered", {}).items())
        if left
    )
    return SplitShown(lines, plan.ceiling_cents, _by_fund(lines), uncovered, erased_on)


def _by_fund(lines: tuple[LineShown, ...]) -> tuple[tuple[str, str, int], ...]:
    totals: dict[tuple[str, str], int] = {}
    for line in lines:
        totals[line.fund, line.unit] = totals.get((line.fund, line.unit), 0) + line.ceiling
    return tuple((fund, unit, total) for (fund, unit), total in totals.items())


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


def _told(session: Session, version_id: UUID) -> tuple[Mapping[str, Mapping[str, Any]], datetime | None]:
    """The lines as the family told them, by key; or when they were erased."""
    try:
        return _told_lines(intake.version(session, version_id).raw), None
    except Erased as erased:
        return {}, erased.on


def _told_lines(content: Any) -> Mapping[str, Mapping[str, Any]]:
    told = content.get("cost_lines") if isinstance(content, dict) else None
    return {line["key"]: line for line in told or [] if isinstance(line, dict) and "key" in line}


def _day(told: Mapping[str, Mapping[str, Any]], key: str, *fields: str) -> date | None:
    written = next((told[key][f] for f in fields if key in told and told[key].get(f)), None)
    return date.fromisoformat(written) if written else None
