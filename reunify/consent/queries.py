"""What we show of consents: the questions of a request with their answers, and who has been told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.consent.policy import Answer, Needed, Recipient, RecipientKind, Standing, Told
from reunify.consent.records import ConsentAsk, ConsentRecord, ConsentRevocation, ReleaseRecord
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import NotFound


@dataclass(frozen=True, slots=True)
class Given:
    """One answer. `signed_name` and `paper` never show in a `repr`."""

    id: UUID
    giver: str
    answer: Answer
    how: str
    language: str
    text_version: str
    signed_name: str | None = field(repr=False)
    paper: str | None = field(repr=False)
    witness: UUID | None
    given_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None

    @property
    def standing(self) -> Standing:
        return Standing(self.giver, self.answer, self.ends_at, self.revoked_at)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question with every answer, the oldest first."""

    id: UUID
    request_id: RequestId
    recipient: Recipient
    what: Told
    about: str
    asked_at: datetime
    given: tuple[Given, ...]

    @property
    def newest(self) -> dict[str, Given]:
        """The answer that stands for each giver."""
        return {given.giver: given for given in self.given}

    def agreed(self, now: datetime) -> list[str]:
        return [key for key, given in self.newest.items() if given.standing.agrees(now)]

    def state(self, needed: Needed, now: datetime) -> str:
        """`agreed`, `no` (someone needed said no or took it back), `ended`, else `open`."""
        missing = needed.missing(self.agreed(now))
        if not missing:
            return "agreed"
        lacking = [given for key, given in self.newest.items() if key in missing]
        if any(given.answer == "no" or given.revoked_at for given in lacking):
            return "no"
        return "ended" if lacking else "open"


@dataclass(frozen=True, slots=True)
class Release:
    """Who was told what about whom, and when first."""

    recipient: Recipient
    what: Told
    about: str
    told_at: datetime


_ASKS = (
    sa.select(ConsentAsk, ConsentRecord, ConsentRevocation.at)
    .outerjoin(ConsentRecord, ConsentRecord.ask_id == ConsentAsk.id)
    .outerjoin(ConsentRevocation, ConsentRevocation.consent_id == ConsentRecord.id)
    .where(ConsentAsk.request_id.in_(sa.bindparam("requests", expanding=True)))
    .order_by(ConsentAsk.asked_at, ConsentAsk.id, ConsentRecord.number)
)


def asks_of(session: Session, request_ids: Iterable[UUID]) -> dict[UUID, list[Ask]]:
    """Every question of each of these requests, the oldest first. One query."""
    given: dict[ConsentAsk, list[Given]] = {}
    found: dict[UUID, list[Ask]] = {request: [] for request in request_ids}
    for row, record, revoked_at in session.execute(_ASKS, {"requests": list(found)}):
        answers = given.setdefault(row, [])
        if record is not None:
            answers.append(_as_given(record, revoked_at))
    for row, answers in given.items():
        found[row.request_id].append(_as_ask(row, answers))
    return found


def asks(session: Session, request_id: UUID) -> list[Ask]:
    """Every question of a request, the oldest first."""
    return asks_of(session, [request_id])[request_id]


def ask(session: Session, request_id: UUID, ask_id: UUID) -> Ask:
    """One question of this very request. Raises NotFound, for another family's too."""
    found = next((one for one in asks(session, request_id) if one.id == ask_id), None)
    if found is None:
        raise NotFound("There is no such question.")
    return found


def find(session: Session, request_id: UUID, *, recipient: Recipient, what: Told, about: str) -> Ask | None:
    """The same question asked before."""
    return among(asks(session, request_id), recipient=recipient, what=what, about=about)


def among(asked: Iterable[Ask], *, recipient: Recipient, what: Told, about: str) -> Ask | None:
    wanted = (recipient, what, about)
    return next((a for a in asked if (a.recipient, a.what, a.about) == wanted), None)


def turn_of(request: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """SQL: `actions.take_turns` for this request (its id as text), where a statement takes several turns."""
    return sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(request, 5))


def so_far(request: Any) -> tuple[sa.ScalarSelect[int], ...]:
    """SQL: how many answers this request has, and how many were taken back."""
    return tuple(
        sa.select(sa.func.count()).select_from(kept).where(kept.request_id == request).scalar_subquery()
        for kept in (ConsentRecord, ConsentRevocation)
    )


def releases(session: Session, request_id: UUID) -> list[Release]:
    """Who outside has been told, the oldest first."""
    rows = session.scalars(
        sa.select(ReleaseRecord)
        .where(ReleaseRecord.request_id == request_id)
        .order_by(ReleaseRecord.told_at, ReleaseRecord.id)
    )
    return [
        Release(Recipient(RecipientKind(r.recipient_kind), r.recipient), Told(r.what), r.about, r.told_at)
        for r in rows
    ]


def _as_given(record: ConsentRecord, revoked_at: datetime | None) -> Given:
    return Given(
        record.id,
        record.giver,
        cast(Answer, record.answer),
        record.how,
        record.language,
        record.text_version,
        record.signed_name,
        record.paper_reference,
        record.witness,
        record.given_at,
        record.ends_at,
        revoked_at,
    )


def _as_ask(row: ConsentAsk, given: list[Given]) -> Ask:
    return Ask(
        row.id,
        RequestId(row.request_id),
        Recipient(RecipientKind(row.recipient_kind), row.recipient),
        Told(row.what),
        row.about,
        row.asked_at,
        tuple(given),
    )
