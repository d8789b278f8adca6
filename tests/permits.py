"""A permit as the consents of a payee would give it, for tests that have no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from reunify.consent.policy import STRIPE, Needed, Permit, Standing, Told, permit_from
from reunify.kernel.ids import RequestId

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


def for_stripe(
    request: UUID, *, payee: UUID, about: str = "mother", what: Told = Told.PAYMENT_DETAILS
) -> Permit:
    given = [Standing(about, "yes", NOW + timedelta(days=365), None)]
    return permit_from(
        given, Needed((about,)), request=RequestId(request), recipient=STRIPE, what=what, about=about,
        now=NOW, record=payee,
    )  # fmt: skip
