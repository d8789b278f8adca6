"""A program of this machine, named in a setting."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def _found(program: Path) -> Path:
    there = shutil.which(program)
    if there is None:
        raise ValueError("names no program that can be run: install it, write where it is, or unset this")
    return Path(there)


Program = Annotated[Path, AfterValidator(_found)]  # a path, or a name on PATH; kept as where it was found
