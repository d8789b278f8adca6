"""What is asked once more in the transaction that commits to a call, under its locks and in one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from reunify.consent.queries import turn_of
from reunify.disbursement.outage_waits import check_none_open, paid_in_outage
from reunify.disbursement.quiet import check_not_held_back, held_back
from reunify.disbursement.reapproving import bank_before, newest_number_of
from reunify.disbursement.records import InstructionRecord
from reunify.intake.outcomes import kept_as_is
from reunify.payees.agreement import SoFar, so_far


@dataclass(frozen=True, slots=True)
class LastLook:
    """`newest`: the number of the newest attempt, 0 for none; `bank`: where one before would have paid.

    `agreed`: how far the request, its payees and their consents have come.
    """

    held_back: bool
    paid_in_outage: bool
    newest: int
    bank: str | None
    agreed: SoFar

    def check(self) -> None:
        """Raises QuietNow, PaidInOutage."""
        check_not_held_back(self.held_back)
        check_none_open(self.paid_in_outage)


_REQUESTS = sa.func.unnest(sa.cast(sa.bindparam("requests"), ARRAY(sa.Text()))).column_valued("request")
_LOCKS = sa.select(kept_as_is(_REQUESTS), turn_of(_REQUESTS))
_ASKED = (
    sa.func.unnest(
        sa.cast(sa.bindparam("ids"), ARRAY(sa.Uuid())), sa.cast(sa.bindparam("of"), ARRAY(sa.Uuid()))
    )
    .table_valued(sa.column("id", sa.Uuid()), sa.column("request", sa.Uuid()), name="asked")
    .render_derived()
)
_LOOK = sa.select(
    InstructionRecord.id,
    held_back(),
    paid_in_outage(),
    newest_number_of(InstructionRecord.id),
    bank_before(InstructionRecord.id),
    *so_far(_ASKED.c.request),
).join_from(_ASKED, InstructionRecord, InstructionRecord.id == _ASKED.c.id)


def look(session: Session, requests: Mapping[UUID, UUID]) -> dict[UUID, LastLook]:
    """At instructions, each with its request's id; they are locked. From here on nothing of this can change
    before the transaction ends: no quiet outcome, no answer about consent is recorded, no payment of an
    outage written down, no attempt made."""
    session.execute(_LOCKS, {"requests": sorted({str(request) for request in requests.values()})})
    # A question of its own: what is seen is what stands once the locks are had.
    rows = session.execute(_LOOK, {"ids": list(requests), "of": list(requests.values())})
    return {
        one: LastLook(held, outage, newest, bank, tuple(agreed))
        for one, held, outage, newest, bank, *agreed in rows
    }
