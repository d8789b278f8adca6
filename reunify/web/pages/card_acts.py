"""What a person decides of a trip's card that nobody knows of."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from reunify.web import award_acts
from reunify.web.audience import AtHouse, SteppedUpFinance
from reunify.web.pages.view import PostedForm, go, text_of
from reunify.web.scope import ReleasedCase

router = APIRouter(include_in_schema=False)


@router.post("/awards/{award_id}/card/close")
def close(
    award_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase
) -> Response:
    """They have looked at Stripe, and cancelled there what was made."""
    award_acts.close_card(at, award_id, text_of(form, "reason"), by)
    return go(f"/awards/{award_id}", "card_closed")
