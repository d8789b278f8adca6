"""Letters: our compiled templates beside naive docxtpl on the same template, PDFs by each converter there is,
and whether the five-thousandth letter costs what the first hundred did.

Processor time of this process for what is rendered here, which other work on the machine hardly changes; wall
time for PDFs, which another program may make. PDFs of 5,200 families would take an hour and are not made.
"""

from __future__ import annotations

import io
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from docxtpl import DocxTemplate

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.docx_sandbox import environment
from reunify.adapters.pdf_converter import Converter, DxpdfConverter
from reunify.adapters.pdf_libreoffice import LibreOfficeConverter
from tests.benchmarks.harness import Row, report
from tests.soffice import real
from tests.unit.test_documents_samples import TEMPLATES, contexts

TIMES_FASTER = 15
ROUNDS, NAIVE_ROUNDS = 60, 10
FEW, MANY = 100, 5_200
FLAT = 1.2  # the last hundred of 5,200 may cost a fifth more than the first hundred, for noise
FAMILIES = {"dxpdf": 10, "LibreOffice": 30}
ALONE = 3  # families whose papers LibreOffice makes one by one, a cold start each
PAPERS = ("approval_letter", "itinerary")  # what an approved family gets
Contexts = dict[str, dict[str, Any]]


def naive(kind: str, language: str, context: dict[str, Any]) -> bytes:
    """As docxtpl's manual has it: load the template, render it, save it; for each letter."""
    template = DocxTemplate(TEMPLATES / f"{kind}.{language}.docx")
    template.render(context | {"genuine": {"code": "", "place": ""}}, environment())
    out = io.BytesIO()
    template.save(out)
    return out.getvalue()


def best_ms(make: Callable[[], object], rounds: int) -> float:
    """Processor milliseconds of the best round."""
    make()  # compiled once, outside the measurement
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        make()
        best = min(best, time.process_time() - begun)
    return best * 1000


def rendering(renderer: DocxRenderer, said: Contexts) -> Iterator[Row]:
    for kind in sorted(said):
        ours = best_ms(partial(renderer.render, kind, "en", said[kind]), ROUNDS)
        theirs = best_ms(partial(naive, kind, "en", said[kind]), NAIVE_ROUNDS)
        yield Row(f"{kind}: one beside naive docxtpl", ours, theirs, "ms", goal=1 / TIMES_FASTER)


def growth(renderer: DocxRenderer, said: Contexts) -> Iterator[Row]:
    """Hundreds in turn: the best of the last ten hundreds beside the best of the first ten."""
    each: list[float] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for first in range(0, MANY, FEW):
        begun = time.process_time()
        for number in range(first, first + FEW):
            for kind in PAPERS:
                renderer.render(kind, "es", said[kind] | {"reference": f"R-{number}"})
        each.append((time.process_time() - begun) * 1000 / FEW)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    early, late = min(each[:10]), min(each[-10:])
    yield Row(f"letter and itinerary of a family: {MANY:,}th beside {FEW}th", late, early, "ms", goal=FLAT)
    yield Row(
        f"memory more after {MANY:,} families, beside before", (before + grown) / 1024, before / 1024, "MB"
    )


def pdfs(renderer: DocxRenderer, said: Contexts) -> Iterator[Row]:
    """Families a minute, two papers and their PDFs. The reference is naive docxtpl and one PDF at a time."""
    soffice = real()
    there: list[tuple[str, Converter, int]] = [("dxpdf", DxpdfConverter(), FAMILIES["dxpdf"])]
    if soffice is not None:
        there.append(("LibreOffice", LibreOfficeConverter(soffice), ALONE))
    for name, converter, alone in there:
        papers = [(kind, said[kind]) for kind in PAPERS]
        converter.convert([renderer.render(*_en(*paper)) for paper in papers])  # its profile is made once
        families = FAMILIES[name]
        with minutes() as quick:
            converter.convert([renderer.render(*_en(*paper)) for _ in range(families) for paper in papers])
        with minutes() as slow:
            for _ in range(alone):
                for paper in papers:
                    converter.convert([naive(*_en(*paper))])
        yield Row(f"families with their PDFs, {name}", families / quick[0], alone / slow[0], "/minute")


def _en(kind: str, context: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return kind, "en", context


@contextmanager
def minutes() -> Iterator[list[float]]:
    """Fills the list with how long it took, in minutes."""
    took: list[float] = []
    begun = time.perf_counter()
    yield took
    took.append((time.perf_counter() - begun) / 60)


def main() -> int:
    renderer = DocxRenderer(TEMPLATES)
    english, spanish = contexts("en"), contexts("es")
    rows = [*rendering(renderer, english), *growth(renderer, spanish), *pdfs(renderer, english)]
    about: dict[str, object] = {"papers": PAPERS, "libreoffice": real() is not None}
    return report("documents", rows, about=about)


if __name__ == "__main__":
    sys.exit(main())
