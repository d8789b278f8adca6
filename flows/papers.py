"""What both kinds of work that write to families have alike: papers made together, before any is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.documents import actions as documents
from reunify.documents.drafts import Draft
from reunify.documents.making import Made, make
from reunify.kernel.refusals import Refused

T = TypeVar("T")
Papers = Mapping[tuple[object, ...], Made | Refused]


def drafted(
    house: House, ids: Sequence[UUID], draft: Callable[[Session, UUID], T]
) -> tuple[dict[UUID, T], list[Refused]]:
    """What is drafted for each id, and why some cannot be; one transaction that only reads."""
    found: dict[UUID, T] = {}
    refused: list[Refused] = []
    with house.db.read() as session:
        for one in ids:
            try:
                found[one] = draft(session, one)
            except Refused as why:
                refused.append(why)
    return found, refused


def made(house: House, drafts: Sequence[Draft]) -> Papers:
    """Those not kept yet, each by what makes it this paper and no other. Nothing is locked meanwhile."""
    with house.db.read() as session:
        wanted = documents.missing(session, drafts=drafts)
    papers = make(wanted, renderer=house.renderer, converter=house.converter, own_url=house.settings.own_url)
    return dict(zip((draft.once for draft in wanted), papers, strict=True))
