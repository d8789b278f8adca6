"""Leave to tell: the permits that one paper for somebody outside rests on, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.policy import NoConsentFor, Permit
from reunify.consent.queries import Ask
from reunify.documents.outside_facts import Telling
from reunify.intake import signers
from reunify.intake.form import TravelRequest
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import NotAllowed


@dataclass(frozen=True, slots=True)
class Lacking:
    """What may not be told, and the keys of those who still have to sign; `ended`: what became of a yes."""

    telling: Telling
    missing: tuple[str, ...]
    ended: str


class StillToSign(NotAllowed):
    """Somebody outside may not be told this (yet). Names no person: `lacking` holds their keys."""

    def __init__(self, lacking: Sequence[Lacking]) -> None:
        names = ", ".join(dict.fromkeys(one.telling.recipient.name for one in lacking))
        people = len({key for one in lacking for key in one.missing})
        ended = "".join(dict.fromkeys(f" {one.ended}" for one in lacking if one.ended))
        super().__init__(
            f"{names} may not be told this: {people} {'person' if people == 1 else 'people'} still "
            f"{'has' if people == 1 else 'have'} to sign.{ended} Ask for their consent, or go "
            "another way."
        )
        self.lacking = tuple(lacking)


def permits(
    session: Session,
    request_id: RequestId,
    content: TravelRequest,
    tellings: Sequence[Telling],
    *,
    now: datetime,
) -> list[Permit]:
    """One for each telling, as the consents stand now. Raises StillToSign with everything that lacks."""
    asked = consents.asks(session, request_id)
    given, lacking = weighed(session, request_id, content, tellings, asked=asked, now=now)
    if lacking:
        raise StillToSign(lacking)
    return given


def weighed(
    session: Session,
    request_id: RequestId,
    content: TravelRequest,
    tellings: Sequence[Telling],
    *,
    asked: Sequence[Ask],
    now: datetime,
) -> tuple[list[Permit], list[Lacking]]:
    """What may be told, and what not. For a minor the minor and a parent sign both (`signers.needed_for`).

    `asked`: the questions of the request, read before; nothing else is read.
    """
    given, lacking = [], []
    for one in tellings:
        try:
            permit = consent.permit(
                session,
                recipient=one.recipient,
                what=one.what,
                about=one.about,
                request=request_id,
                needed=signers.needed_for(content, one.about, on=now.date()),
                now=now,
                asked=asked,
            )
        except NoConsentFor as no:
            lacking.append(Lacking(one, no.missing, no.ended))
        else:
            given.append(permit)
    return given, lacking
