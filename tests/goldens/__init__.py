"""Each page of each paper as a picture that somebody looked at: kept here, and compared with what is made.

`make goldens` draws them again. Look at each that changed before you keep it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pdfua
import pypdfium2
from PIL import Image, ImageChops

FOLDER: Final = Path(__file__).parent
# Where the pages that differ are left, to be looked at beside those that are kept.
DIFFERING: Final = Path(__file__).parents[2] / "build" / "goldens"
# The font they stand on. With another, every line ends elsewhere.
FONT: Final = "Carlito"
FONT_AMISS: Final = (
    "The pictures of the pages stand on Carlito, and this machine would print {font}. "
    "Type: sudo apt-get install fonts-crosextra-carlito"
)
# A dot counts where its gray is off by more than this, of 255: less is how a corner was smoothed.
GRAY: Final = 48
# One digit of an amount is some 15 dots of the 484,704 of a page.
MOST_DOTS: Final = 8


def font() -> str:
    """What the PDFs of this machine are printed in where a paper says Calibri."""
    fc_match = shutil.which("fc-match")
    if fc_match is None:
        return "nothing known (fc-match of fontconfig is missing)"
    asked = [fc_match, "--format=%{family[0]}", "Calibri"]
    return subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout


def pages(pdf: bytes) -> list[Image.Image]:
    """Each page in gray, 72 dots to an inch."""
    with pypdfium2.PdfDocument(pdf) as file:
        return [page.render(scale=1).to_pil().convert("L") for page in file]


def dots(kept: Image.Image, made: Image.Image) -> int:
    """How many differ; all of them where the pages are of two sizes."""
    if kept.size != made.size:
        return kept.width * kept.height
    return sum(ImageChops.difference(kept.convert("L"), made).histogram()[GRAY + 1 :])


def file_of(kind: str, language: str, page: int, *, folder: Path = FOLDER) -> Path:
    return folder / f"{kind}.{language}.{page}.png"


def keep(picture: Image.Image, file: Path) -> None:
    """In sixteen even grays: a third of the size, and no dot moves by more than 8."""
    file.parent.mkdir(parents=True, exist_ok=True)
    sixteen = picture.point([(gray + 8) // 17 for gray in range(256)])
    small = Image.frombytes("P", sixteen.size, sixteen.tobytes())
    small.putpalette([gray * 17 for gray in range(16) for _ in "rgb"])
    small.save(file, optimize=True, bits=4)


def untagged(pdf: bytes, folder: Path) -> list[str]:
    """What `pdfua` finds amiss of PDF/UA-1: a part of its rules, those that a program can decide."""
    file = folder / "paper.pdf"
    file.write_bytes(pdf)
    return [f"{one.rule_id}: {one.message}" for one in pdfua.validate(file).findings]
