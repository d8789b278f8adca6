"""A stand-in for LibreOffice's `soffice`: what the converter relies on of it, and how it can go wrong.

`tests/unit/test_pdf_libreoffice.py` asks the real program the same, where there is one.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import zipfile
from pathlib import Path


def stand_in(folder: Path) -> Path:
    """A program named soffice in the folder. It answers a document by the words in it: `break off here`,
    `hang here`, `no tags here`, `cut off here`; anything else becomes a tagged PDF of one page."""
    program = folder / "soffice"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E {Path(__file__).resolve()} "$@"\n')
    program.chmod(0o755)
    return program


def real() -> Path | None:
    """LibreOffice, where it is installed."""
    found = shutil.which("soffice")
    return Path(found) if found else None


def main(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        sys.stdout.write("LibreOffice 0.0 (stand-in)\n\n")
        return 0
    profile = next(one for one in arguments if one.startswith("-env:UserInstallation=file:///"))
    Path(profile.partition("file://")[2]).mkdir(exist_ok=True)
    outside = Path(arguments[arguments.index("--outdir") + 1])
    asked = arguments[arguments.index("--convert-to") + 1]
    tagged = '"UseTaggedPDF":{"type":"boolean","value":"true"}' in asked
    only_word = "--infilter=MS Word 2007 XML" in arguments
    outside.mkdir(exist_ok=True)
    for file in (Path(one) for one in arguments if one.endswith(".docx")):
        (outside.parent.parent / "asked.log").open("a").write(f"{file.stem} ")
        pdf = answer(file, tagged=tagged, only_word=only_word)
        if pdf is not None:
            (outside / f"{file.stem}.pdf").write_bytes(pdf)
    return 0  # as the real one says even when it loaded nothing


def answer(file: Path, *, tagged: bool, only_word: bool) -> bytes | None:
    try:
        said = zipfile.ZipFile(file).read("word/document.xml")
    except (zipfile.BadZipFile, KeyError):
        said = b""
    if b"</w:document>" not in said:
        return None if only_word else a_pdf(tagged=tagged)
    if b"break off here" in said:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"hang here" in said:
        time.sleep(60)
    whole = a_pdf(tagged=tagged and b"no tags here" not in said)
    return whole[:-40] if b"cut off here" in said else whole


def a_pdf(*, tagged: bool) -> bytes:
    """One empty page, written by hand (ISO 32000-1, 7.5)."""
    more = "/Lang(en-US)/MarkInfo<</Marked true>>/StructTreeRoot 4 0 R" if tagged else ""
    objects = (
        f"<</Type/Catalog/Pages 2 0 R{more}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
        "<</Type/StructTreeRoot>>",
    )
    body, places = "%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{at:010} 00000 n \n" for at in places)
    end = f"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 5\n0000000000 65535 f \n{table}{end}".encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
