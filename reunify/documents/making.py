"""Render and convert papers, many at once: no database, no lock, nothing kept yet.

A paper that cannot be made takes no other with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Final, TypeVar

from reunify.documents import context as letters
from reunify.documents import genuine
from reunify.documents.drafts import Draft
from reunify.documents.genuine import Named
from reunify.documents.ports import PdfConverter, Renderer
from reunify.kernel.canonical import digest_of
from reunify.kernel.ids import new_id
from reunify.kernel.refusals import Refused

T = TypeVar("T")

# Requests drafted together: a letter and a plan each fill one run of LibreOffice (25 to 60 documents).
TOGETHER: Final = 25


class ApprovalNotFinal(Refused):
    """ "Approved" is told to a family only after the last money gate."""


@dataclass(frozen=True, slots=True)
class Made:
    """A paper with its files, ready to be kept. `named`: its id and what it is made from."""

    draft: Draft
    named: Named
    code: str
    docx: bytes = field(repr=False)
    pdf: bytes = field(repr=False)
    pdf_tagged: bool


@dataclass(frozen=True, slots=True)
class _Rendered:
    draft: Draft
    named: Named
    code: str
    docx: bytes = field(repr=False)


def make(
    drafts: Sequence[Draft], *, renderer: Renderer, converter: PdfConverter, own_url: str
) -> list[Made | Refused]:
    """For each draft, in the same order, its paper or why there is none.

    `own_url`: of our pages, where anybody can ask with the code on the paper whether it is genuine.
    """
    template_of = cache(renderer.template_hash)  # asked once for all papers of a kind
    rendered = [_rendered(draft, renderer, template_of, own_url) for draft in drafts]
    words = [one.docx for one in rendered if isinstance(one, _Rendered)]
    pdfs = iter(converter.convert_each(words) if words else ())
    return [
        one if isinstance(one, Refused) else _with_pdf(one, next(pdfs), tagged=converter.tagged)
        for one in rendered
    ]


def in_batches(things: Iterable[T], size: int = TOGETHER) -> Iterator[list[T]]:
    """Lists of at most `size`, in order."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


def _rendered(
    draft: Draft, renderer: Renderer, template_of: Callable[..., str], own_url: str
) -> _Rendered | Refused:
    try:
        return _render(draft, renderer, template_of, own_url)
    except Refused as why:
        return why


def _render(draft: Draft, renderer: Renderer, template_of: Callable[..., str], own_url: str) -> _Rendered:
    """Raises ApprovalNotFinal, LetterDoesNotFit, LetterIncomplete, TemplateMissing."""
    approval = draft.kind == "approval_letter"
    if approval and (draft.award_id is None or draft.digest is None):
        raise ApprovalNotFinal("Release the award first: the letter is made from what was released.")
    spoken = letters.approval_letter(draft.context, draft.language) if approval else dict(draft.context)
    # One answer for both: a version may come into force between the two.
    template = template_of(draft.kind, draft.language, draft.template)
    hashes = (template, digest_of(dict(draft.context)))
    named = Named(new_id(), draft.kind, draft.language, draft.number, draft.revision, *hashes)
    code = genuine.code_of(named)
    printed = genuine.printed(code, own_url)
    docx = renderer.render(draft.kind, draft.language, spoken, printed, template=template)
    return _Rendered(draft, named, code, docx)


def _with_pdf(one: _Rendered, pdf: bytes | Refused, *, tagged: bool) -> Made | Refused:
    return pdf if isinstance(pdf, Refused) else Made(one.draft, one.named, one.code, one.docx, pdf, tagged)
