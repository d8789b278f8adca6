"""The need score on the request's page: for staff who see the whole case, and nowhere else."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from reunify.allocation.need import NeedScore
from reunify.allocation.need_facts import need_of
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.reporting.progress import Progress


def need_shown(session: Session, now: Progress, *, on: date) -> NeedScore | None:
    """None before it was judged. A broken file of factors never hides a case: health and the rules say it."""
    if now.explanation is None or not now.explanation.sources:
        return None
    try:
        return need_of(session, now.explanation.version_id, on=on)
    except RuleFileBroken:
        return None
