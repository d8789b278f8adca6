"""Draws the pages again that differ from those kept: `make goldens`. Look at each before you keep it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).parents[1] / "fonts.conf"))

from reunify.adapters.pdf_libreoffice import LibreOfficeConverter
from tests import goldens
from tests.soffice import real
from tests.unit.document_papers import EVERY, pdf, unlike, word


def main() -> int:
    if goldens.font() != goldens.FONT:
        sys.stderr.write(goldens.FONT_AMISS.format(font=goldens.font()) + "\n")
        return 1
    left = set(goldens.FOLDER.glob("*.png"))
    for kind, language in EVERY:
        for number, made in enumerate(goldens.pages(pdf(kind, language)), 1):
            file = goldens.file_of(kind, language, number)
            left.discard(file)
            if not file.exists() or goldens.dots(Image.open(file), made):
                goldens.keep(made, file)
                sys.stdout.write(f"drawn again: {file.name}\n")
    for file in sorted(left):
        file.unlink()
        sys.stdout.write(f"no page any more: {file.name}\n")
    program = real()
    return look_at_tags(program) if program else 0


def look_at_tags(program: Path) -> int:
    """Every paper as LibreOffice makes a tagged PDF of it: what a screen reader would miss."""
    documents = [word(*one) for one in EVERY]
    amiss = 0
    with tempfile.TemporaryDirectory() as folder:
        for one, docx, made in zip(
            EVERY, documents, LibreOfficeConverter(program).convert(documents), strict=True
        ):
            missing, beside = unlike(docx, made)
            said = [*goldens.untagged(made, Path(folder)), *missing, *beside]
            amiss += len(said)
            sys.stdout.writelines(f"{'.'.join(one)}: {words}\n" for words in said)
    sys.stdout.write(f"{len(EVERY)} tagged PDFs looked at: {amiss} findings\n")
    return int(amiss > 0)


if __name__ == "__main__":
    sys.exit(main())
