"""An amendment of a source is available on the day it says: the ledger follows at the next beat."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from flows.work import Work
from reunify.bootstrap import House
from reunify.db import Database
from reunify.funds import amending
from reunify.funds.changing import today
from reunify.kernel.ids import FundId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused

BY: Final = System("fund amendments")


def work(house: House) -> Work:
    return Work(
        "apply_amendments",
        partial(find, house),
        partial(run, house),
        told=False,
        acts_as=BY,
        verbs=(amending.apply_due_amendments,),
    )


def find(house: House, db: Database, limit: int) -> list[UUID]:
    """Sources with an amendment whose day has come; not those whose smaller amount is still in use."""
    with db.read() as session:
        try:
            day = today(session, house.now())
        except Refused:  # the organisation is not set up, so it has no sources either
            return []
        begun: list[UUID] = [
            due.key.fund_id for due in amending.amendments_due(session, on=day) if not due.waits
        ]
    return list(dict.fromkeys(begun))[:limit]


def run(house: House, ids: list[UUID], run: str | None) -> int:
    """Each source for itself; whoever found nothing left is looked at again."""
    moved = 0
    for fund_id in ids:
        with house.db.work(wake=True) as session:
            moved += amending.apply_due_amendments(session, fund_id=FundId(fund_id), by=BY, now=house.now())
    return moved
