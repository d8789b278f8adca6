"""A source read so that nobody closes it before we are done: for what is written and then waits on it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import policy, typed
from reunify.funds.queries import Fund, as_fund
from reunify.funds.records import FundingSource


def kept_as_it_is(session: Session, code: str) -> Fund:
    """Until the transaction ends nobody closes it: closing waits, and then finds what we wrote.

    Whoever reads or reserves from it is not held up. Raises NoSuchFund.
    """
    found = typed.is_code(code) and session.scalar(
        sa.select(FundingSource)
        .where(FundingSource.code == code)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if not found:
        raise policy.NoSuchFund("There is no funding source with this code.")
    return as_fund(found)
