"""Vendors' bills, each act once, for the pages and the API."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.disbursement import statements, statements_acts
from reunify.disbursement.statements_files import StatementBroken
from reunify.kernel.people import Staff
from reunify.rates.closed_yaml import LARGEST_FILE
from reunify.web.limits import count_upload
from reunify.web.pages.typed import day_read
from reunify.web.papers_sent import one_file


def take_in(at: House, form: FormData, *, by: Staff) -> UUID:
    """One CSV file (part `file`), with `vendor` and `billed_on`; returns the bill's id.

    Raises StatementBroken, NotThatBill, SameStatement, NotRead, TooManyCalls.
    """
    count_upload(at, by.id)
    body = one_file(form, "file", largest=LARGEST_FILE)
    if not body:
        raise StatementBroken("whole file", "nothing", "one CSV file")
    vendor, billed_on = form.get("vendor"), form.get("billed_on")
    with at.db.work() as session:
        return statements.take_in(
            session,
            vendor=vendor if isinstance(vendor, str) else "",
            billed_on=day_read(billed_on if isinstance(billed_on, str) else "", "/billed_on"),
            body=body,
            by=by,
            now=at.now(),
        )


def record(at: House, statement_id: UUID, paid_on: date, by: Staff) -> int:
    """Every matched line, with the bill as its proof."""
    with at.db.work() as session:
        return statements_acts.record_matched(
            session,
            statement_id=statement_id,
            paid_on=paid_on,
            standing_digest=at.standing_digest,
            by=by,
            now=at.now(),
        )


def verify(at: House, statement_id: UUID, by: Staff) -> int:
    """Another person: all that was written down from this bill."""
    with at.db.work(wake=True) as session:
        return statements_acts.verify_recorded(session, statement_id=statement_id, by=by, now=at.now())
