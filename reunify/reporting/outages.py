"""What was paid in outages: who wrote it down, what became of it, and which payments it may have been."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.logging_policy import NotAProof, check_paper
from reunify.disbursement.outage_policy import OPEN, Instrument
from reunify.disbursement.outage_records import OutagePart, OutagePayment, OutageProof
from reunify.disbursement.policy import INSTRUCTION
from reunify.disbursement.records import InstructionRecord
from reunify.files.evidence_records import Evidence
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import InstructionId, RequestId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
from reunify.payees.records import PayeeRecord
from reunify.vault.keepers import ERASED

MOST = 200
# What people still have to look at, then the findings for the auditor.
LISTED = (*OPEN, "reported", "borne", "struck")


@dataclass(frozen=True, slots=True)
class Paper:
    """`trouble`: why it cannot be opened now."""

    evidence: UUID
    added_by: StaffId
    added_at: datetime
    trouble: str | None


@dataclass(frozen=True, slots=True)
class MayBe:
    """A payment it may have been: to whom, and how much of it."""

    instruction: InstructionId
    name: str = field(repr=False)
    amount: Money


@dataclass(frozen=True, slots=True)
class Outage:
    """`case`: the request's reference. Texts never show in a `repr`.

    `parts`: the payments it was, or is proposed to have been. `rest`: what no award can bear.
    """

    id: UUID
    request: RequestId
    case: str
    instrument: Instrument
    paid_on: date
    amount: Money
    payee_key: str | None
    to_whom: str | None = field(repr=False)
    reference: str = field(repr=False)
    why: str = field(repr=False)
    recorder: StaffId
    recorded_at: datetime
    state: str
    parts: dict[InstructionId, Money]
    proposer: StaffId | None
    ratifier: StaffId | None
    reporter: StaffId | None
    reported_at: datetime | None
    reported_why: str | None = field(repr=False)
    bearer: StaffId | None
    papers: tuple[Paper, ...] = ()

    @property
    def rest(self) -> Money:
        return Money(self.amount.cents - sum(part.cents for part in self.parts.values()))


def request_called(session: Session, reference: str) -> RequestId:
    """Raises NotFound, also for a draft."""
    r = RequestRecord
    found = session.scalar(
        sa.select(r.id).where(r.reference == reference.strip().upper(), r.state != "draft")
    )
    if found is None:
        raise NotFound("There is no such request. Check the reference, like R-7KQ4MX.")
    return RequestId(found)


def request_of(session: Session, outage_id: UUID) -> UUID:
    """Raises NotFound."""
    found = session.scalar(sa.select(OutagePayment.request_id).where(OutagePayment.id == outage_id))
    if found is None:
        raise NotFound("There is no such payment made in an outage.")
    return found


def one(session: Session, outage_id: UUID) -> Outage:
    """Raises NotFound."""
    request_of(session, outage_id)
    (found,) = _read(session, OutagePayment.id == outage_id)
    return found


def listed(session: Session) -> list[Outage]:
    """Open ones, then those reported, then those borne or struck; of each the oldest first."""
    return _read(session, OutagePayment.state.in_(LISTED))


def waiting(session: Session) -> int:
    """How many wait for finance: to be ratified or reported, or for another person to bear them."""
    o = OutagePayment
    asked = sa.select(sa.func.count()).select_from(o).where(o.state.in_((*OPEN, "reported")))
    return session.scalar(asked) or 0


def may_be(session: Session, found: Sequence[Outage]) -> dict[UUID, list[MayBe]]:
    """By outage payment: payments of its request, to its payee, of at most its amount, that nothing paid.

    The oldest first. One statement, and the families' keys.
    """
    i, p = InstructionRecord, PayeeRecord
    states = [state for state in INSTRUCTION.states if INSTRUCTION.can(state, "ratify")]
    rows = session.execute(
        sa.select(i.id, i.amount, p)
        .join(p, p.id == i.payee_id)
        .where(
            p.request_id.in_({one.request for one in found}),
            i.state.in_(states),
            i.unit == "cents",
            ~sa.exists().where(OutagePart.instruction_id == i.id),
        )
        .order_by(i.created_at, i.id)
    ).all()
    return {
        one.id: [
            MayBe(InstructionId(id_), PayeeRecord.legal_name.told(payee, erased=ERASED), Money(amount))
            for id_, amount, payee in rows
            if payee.request_id == one.request
            and one.payee_key in (None, payee.key)
            and amount <= one.amount.cents
        ]
        for one in found
    }


def _read(session: Session, which: sa.ColumnElement[bool]) -> list[Outage]:
    o, r = OutagePayment, RequestRecord
    rows = session.execute(
        sa.select(o, r.reference)
        .join(r, r.id == o.request_id)
        .where(which)
        .order_by(sa.case((o.state.in_(OPEN), 0), (o.state == "reported", 1), else_=2), o.recorded_at, o.id)
        .limit(MOST)
    ).all()
    ids = [row.id for row, _ in rows]
    parts, papers = _parts(session, ids), _papers(session, ids)
    return [_outage(row, case, parts.get(row.id, {}), papers.get(row.id, ())) for row, case in rows]


def _parts(session: Session, ids: Collection[UUID]) -> dict[UUID, dict[InstructionId, Money]]:
    found: dict[UUID, dict[InstructionId, Money]] = {}
    asked = sa.select(OutagePart).where(OutagePart.outage_id.in_(ids)).order_by(OutagePart.instruction_id)
    for part in session.scalars(asked):
        found.setdefault(part.outage_id, {})[InstructionId(part.instruction_id)] = Money(part.cents)
    return found


def _papers(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[Paper, ...]]:
    found: dict[UUID, tuple[Paper, ...]] = {}
    p = OutageProof
    asked = sa.select(p, Evidence).join(Evidence, Evidence.id == p.evidence_id).where(p.outage_id.in_(ids))
    for proof, paper in session.execute(asked.order_by(p.added_at, p.id)):
        try:
            check_paper(state=paper.state, kind=paper.kind, drawn_again=paper.safe_type is not None)
            trouble = None
        except NotAProof as cannot:
            trouble = str(cannot)
        shown = Paper(paper.id, StaffId(proof.added_by), proof.added_at, trouble)
        found[proof.outage_id] = (*found.get(proof.outage_id, ()), shown)
    return found


def _outage(
    row: OutagePayment, case: str, parts: dict[InstructionId, Money], papers: tuple[Paper, ...]
) -> Outage:
    return Outage(
        row.id,
        RequestId(row.request_id),
        case,
        Instrument(row.instrument),
        row.paid_on,
        Money(row.cents),
        row.payee_key,
        OutagePayment.to_whom.told(row, erased=ERASED) if row.payee_key is None else None,
        OutagePayment.reference.told(row, erased=ERASED),
        OutagePayment.why.told(row, erased=ERASED),
        StaffId(row.recorder),
        row.recorded_at,
        row.state,
        parts,
        StaffId(row.proposer) if row.proposer else None,
        StaffId(row.ratifier) if row.ratifier else None,
        StaffId(row.reporter) if row.reporter else None,
        row.reported_at,
        OutagePayment.reported_why.told(row, erased=ERASED) if row.reporter else None,
        StaffId(row.bearer) if row.bearer else None,
        papers,
    )
