"""One paper made and kept, for a test that begins with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from reunify.documents import actions
from reunify.documents.drafts import Draft
from reunify.documents.making import make
from reunify.documents.ports import PdfConverter, Renderer
from reunify.documents.queries import Document
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused


def issued(
    session: Session,
    draft: Draft,
    *,
    renderer: Renderer,
    converter: PdfConverter,
    own_url: str,
    now: datetime,
    run: str | None = None,
) -> Document:
    """Made now, or the same one kept before. Raises why it cannot be made."""
    (made,) = make([draft], renderer=renderer, converter=converter, own_url=own_url)
    if isinstance(made, Refused):
        raise made
    return actions.keep(session, made=made, by=System("issue_documents"), now=now, run=run)
