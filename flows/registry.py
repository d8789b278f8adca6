"""Every kind of work, in river order. A new flow is a module with `work(house) -> Work`, and a line here."""

from __future__ import annotations

from flows import assess, disburse, issue_documents, reconcile
from flows.work import Work
from reunify.bootstrap import House


def works(house: House) -> list[Work]:
    """What the worker looks for, upstream first."""
    return [
        assess.work(house),
        *disburse.works(house),
        *reconcile.works(house),
        issue_documents.work(house),
    ]
