"""DOCX to PDF with LibreOffice: tagged PDFs that a screen reader can follow, many in one run of the program.

A cold start costs about a second, each further document of the same run about a tenth: give it many at once.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

from reunify.adapters.leash import Leash
from reunify.adapters.pdf_converter import CannotMakePdf, Converter, is_word
from reunify.adapters.pdf_fonts import with_a_font_we_have

# PDF/UA-1 (ISO 14289-1), which needs structure tags; bookmarks from the headings.
_FILTER: Final = "pdf:writer_pdf_Export:" + (
    '{"PDFUACompliance":{"type":"boolean","value":"true"},"UseTaggedPDF":{"type":"boolean","value":"true"},'
    '"ExportBookmarks":{"type":"boolean","value":"true"}}'
)
# Without it LibreOffice takes anything it does not know for plain text, and makes a PDF of that.
_ONLY_WORD: Final = "--infilter=MS Word 2007 XML"
# No key and no address of ours reaches the program.
_ITS_ENVIRONMENT: Final = (
    "PATH",
    "HOME",
    "LANG",
    "XDG_DATA_HOME",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "TMPDIR",
)
_SECONDS_EACH: Final = 2


class LibreOfficeConverter(Converter):
    """Safe to share between threads, which wait for each other; each process makes its own.

    `program`: LibreOffice's `soffice`. `batch`: documents in one run. `start_seconds`: what a run may take
    beside 2 seconds a document. `recycle`: documents after which the program gets a new profile.
    The letters lie in a folder that only this user may enter, for as long as their run lasts.
    """

    name = "LibreOffice"
    tagged = True

    def __init__(
        self, program: Path, *, batch: int = 50, start_seconds: float = 30, recycle: int = 300
    ) -> None:
        self._program = program
        self._batch = batch
        self._start_seconds = start_seconds
        self._recycle = recycle
        self._turn = threading.Lock()
        self._profile: _Profile | None = None

    def convert_each(self, documents: Sequence[bytes]) -> list[bytes | CannotMakePdf]:
        """For each document, in the same order, its PDF or why there is none.

        The program takes documents in order. Those after the last one that came out, where it may have broken
        off or been ended, are tried once more, each alone; those before were refused by the program itself.
        """
        waiting = {at: document for at, document in enumerate(documents) if is_word(document)}
        made: dict[int, bytes] = {}
        with self._turn:
            several = iter(waiting.items())
            while some := dict(islice(several, self._batch)):
                came = self._run(some)
                made |= came
                unreached = [at for at in some if at > max(came, default=-1)] if len(some) > 1 else []
                for at in unreached:
                    made |= self._run({at: some[at]})
        return [made.get(at) or _why_not(at in waiting) for at in range(len(documents))]

    def _run(self, documents: Mapping[int, bytes]) -> dict[int, bytes]:
        """The PDFs that came out right, by the number of the document."""
        profile = self._profile_for(len(documents))
        with tempfile.TemporaryDirectory(dir=profile.folder) as work:
            inside, outside = Path(work, "docx"), Path(work, "pdf")
            inside.mkdir()
            files = [inside / f"{at}.docx" for at in documents]
            for file, document in zip(files, documents.values(), strict=True):
                file.write_bytes(with_a_font_we_have(document))
            seconds = self._start_seconds + _SECONDS_EACH * len(documents)
            _call(self._command(profile, outside, files), seconds)
            made = {at: pdf for at in documents if (pdf := _tagged_pdf(outside / f"{at}.pdf")) is not None}
        if len(made) < len(documents):
            self._profile = None  # whatever went wrong may have left its mark there
        return made

    def _command(self, profile: _Profile, outside: Path, files: Sequence[Path]) -> list[str]:
        own = f"-env:UserInstallation={(profile.folder / 'profile').as_uri()}"
        quiet = ("--headless", "--norestore", "--nolockcheck", "--nologo")
        into = ("--convert-to", _FILTER, "--outdir", str(outside))
        return [str(self._program), own, *quiet, _ONLY_WORD, *into, *map(str, files)]

    def _profile_for(self, more: int) -> _Profile:
        if self._profile is None or self._profile.used + more > self._recycle:
            self._profile = _Profile()
        self._profile.used += more
        return self._profile


class _Profile:
    """A folder of LibreOffice's own, removed when it is no longer used: two runs cannot share one."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reunify-letters-"))
        self.used = 0
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _call(command: Sequence[str], seconds: float) -> None:
    """Run it to its end, or end it. Its exit code is 0 even when it loaded nothing, so nobody reads it."""
    theirs = {name: os.environ[name] for name in _ITS_ENVIRONMENT if name in os.environ}
    leash = Leash(command, env=theirs, output=subprocess.DEVNULL)
    try:
        leash.program.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        leash.stop(within_seconds=1)


def _tagged_pdf(file: Path) -> bytes | None:
    """The file if it is a whole PDF with a page, a language and structure tags."""
    if not file.exists():
        return None
    pdf = file.read_bytes()
    if not pdf.startswith(b"%PDF-") or b"%%EOF" not in pdf[-1024:]:
        return None
    try:
        reader = PdfReader(io.BytesIO(pdf))
        top = reader.root_object
        marks = top.get("/MarkInfo", DictionaryObject()).get_object()
        tagged = bool(marks.get("/Marked")) and "/StructTreeRoot" in top and "/Lang" in top
        return pdf if tagged and len(reader.pages) else None
    except (PyPdfError, ValueError, KeyError, AttributeError):
        return None


def _why_not(was_word: bool) -> CannotMakePdf:
    if not was_word:
        return CannotMakePdf("The Word document is damaged. Make the letter again.")
    return CannotMakePdf("The PDF could not be made. Open the Word document and check it.")
