"""The row of a payment made elsewhere, locked behind its instruction."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.ids import InstructionId
from reunify.kernel.refusals import NotFound


def locked_log(
    session: Session, instruction_id: InstructionId
) -> tuple[InstructionRecord, LoggedPaymentRecord]:
    """The instruction and what was written down for it, both locked. Raises NotFound."""
    record = locked_instruction(session, instruction_id)
    found = session.scalar(
        sa.select(LoggedPaymentRecord)
        .where(LoggedPaymentRecord.instruction_id == record.id, LoggedPaymentRecord.state != "voided")
        .with_for_update()
    )
    if found is None:
        raise NotFound("Nothing has been written down for this payment yet.")
    return record, found
