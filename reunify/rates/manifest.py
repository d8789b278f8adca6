"""Which published tables stood behind an answer: every parameter file with its fingerprint."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from reunify.kernel.canonical import digest_of
from reunify.rates.parameter_rows import FOLDER
from reunify.rates.places import rules_folder


@lru_cache(maxsize=4)
def parameters_manifest(folder: Path | None = None) -> MappingProxyType[str, str]:
    """File name -> SHA-256 of its bytes, by name. `folder` is the rules folder. Read once per process, as
    `published` is."""
    files = sorted(p for p in ((folder or rules_folder()) / FOLDER).iterdir() if p.is_file())
    return MappingProxyType({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files})


@lru_cache(maxsize=4)
def parameters_sha256(folder: Path | None = None) -> str:
    """One fingerprint of the whole folder: of the canonical manifest."""
    return digest_of(dict(parameters_manifest(folder)))
