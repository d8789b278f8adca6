"""For the doctor: what letters are turned into PDFs with."""

from __future__ import annotations

import os
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from reunify.cli.finding import Finding
from reunify.settings import Settings

_SAME_WIDTHS = ("Carlito*.ttf", "calibri*.ttf")
_STAND_IN = ("DejaVuSansCondensed.ttf",)
_INSTALL = "Type: apt install fonts-crosextra-carlito"


def fonts(settings: Settings) -> Finding:
    """What the converters ask fontconfig; without it, the folders and names of scripts/ensure-fonts."""
    from reunify.adapters.pdf_fonts import font_for_calibri, has_its_widths

    what = "fonts of the letters"
    if sys.platform != "linux":
        return Finding(what, "the system's own")
    family, folder = font_for_calibri(), _folder_with(_SAME_WIDTHS)
    if family is not None and has_its_widths(family):
        return Finding(what, f"{family}, of Calibri's widths")
    if family is None and folder is not None:
        return Finding(what, f"of Calibri's widths, in {folder}")
    if _folder_with(_STAND_IN) is None:
        return Finding(what, "none; a letter's PDF needs one", "Type: scripts/ensure-fonts", True)
    remedy = f"Type: fc-cache, so that those in {folder} are found" if folder else _INSTALL
    return Finding(
        what,
        "DejaVu Sans Condensed stands in for Calibri: PDFs break lines elsewhere than Word does",
        remedy,
    )


def converter(settings: Settings) -> Finding:
    """Which converter, and whether it starts; a missing program is already refused as a setting."""
    what = "PDF of letters"
    if settings.libreoffice is None:
        return Finding(
            what,
            "by dxpdf, not tagged: a screen reader cannot follow them; the Word file is offered beside",
            "Type: apt install --no-install-recommends libreoffice-writer-nogui, "
            "and set REUNIFY_LIBREOFFICE=soffice.",
        )
    asked = [str(settings.libreoffice), "--version"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - the operator's own program
    except (OSError, subprocess.TimeoutExpired):
        said = None
    if said is None or not said.stdout.startswith("LibreOffice"):
        return Finding(
            what,
            f"{settings.libreoffice} does not say that it is LibreOffice",
            "Correct REUNIFY_LIBREOFFICE, or unset it.",
            True,
        )
    return Finding(what, f"tagged, by {said.stdout.splitlines()[0].strip()}")


def _folder_with(names: tuple[str, ...]) -> Path | None:
    home = Path.home()
    shared = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    for folder in (*shared, home / ".fonts", home / ".local/share/fonts"):
        for _, __, files in os.walk(folder, followlinks=True):
            if any(fnmatchcase(file, name) for file in files for name in names):
                return folder
    return None
