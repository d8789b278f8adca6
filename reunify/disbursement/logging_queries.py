"""What was attached to a payment made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.logging_policy import check_paper
from reunify.disbursement.logging_records import LoggedPaymentRecord, LoggedProofRecord
from reunify.files.evidence_records import Evidence
from reunify.kernel.ids import InstructionId, StaffId
from reunify.kernel.refusals import Refused
from reunify.vault.keepers import ERASED


@dataclass(frozen=True, slots=True)
class ProofShown:
    """`trouble`: why the paper cannot be opened now, in words; None if it can, and for a message."""

    id: UUID
    evidence: UUID | None
    organisation: str | None
    said_on: date | None
    message: str | None = field(repr=False)
    added_by: StaffId
    added_at: datetime
    trouble: str | None


def proofs(session: Session, instruction_id: InstructionId) -> list[ProofShown]:
    """Of the payment as it stands written down, oldest first; a struck one's are not shown."""
    p, q = LoggedProofRecord, LoggedPaymentRecord
    rows = session.execute(
        sa.select(p, Evidence)
        .join(q, q.id == p.logged_payment_id)
        .outerjoin(Evidence, Evidence.id == p.evidence_id)
        .where(q.instruction_id == instruction_id, q.state != "voided")
        .order_by(p.added_at, p.id)
    )
    return [_shown(proof, paper) for proof, paper in rows]


def _shown(proof: LoggedProofRecord, paper: Evidence | None) -> ProofShown:
    return ProofShown(
        proof.id,
        proof.evidence_id,
        LoggedProofRecord.organisation.told(proof, erased=ERASED),
        proof.said_on,
        LoggedProofRecord.message.told(proof, erased=ERASED),
        StaffId(proof.added_by),
        proof.added_at,
        _trouble(paper),
    )


def _trouble(paper: Evidence | None) -> str | None:
    if paper is None:
        return None
    try:
        check_paper(state=paper.state, kind=paper.kind, drawn_again=paper.safe_type is not None)
    except Refused as cannot:
        return str(cannot)
    return None
