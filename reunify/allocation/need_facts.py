"""The need score of an assessed version, from the facts it was judged by. Staff only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.allocation.need import NeedScore, score
from reunify.eligibility.judged_facts import judged_facts
from reunify.kernel.ids import VersionId
from reunify.rates.need_factors import SOURCES_THAT_MAY_PAY, NeedParameters, need_parameters


def need_of(
    session: Session, version_id: UUID, *, on: date, parameters: NeedParameters | None = None
) -> NeedScore | None:
    """None while the version has no answer, or once its case is erased. `on`: the organisation's day."""
    return needs_of(session, [version_id], on=on, parameters=parameters).get(VersionId(version_id))


def needs_of(
    session: Session,
    version_ids: Collection[UUID],
    *,
    on: date,
    parameters: NeedParameters | None = None,
) -> dict[VersionId, NeedScore]:
    """By version, in one question and one for the keys. Without an answer, or erased, it is absent."""
    found = judged_facts(session, version_ids) if version_ids else {}
    if not found:
        return {}
    held = parameters or need_parameters(on)
    return {
        version: score(judged.facts | {SOURCES_THAT_MAY_PAY: len(judged.may_pay)}, held, on=on)
        for version, judged in found.items()
    }
