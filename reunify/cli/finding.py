"""What one check of `reunify doctor` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `remedy` is set if something should be done; `failed` if it must be."""

    what: str
    said: str
    remedy: str | None = None
    failed: bool = False

    def __str__(self) -> str:
        mark = "FAIL" if self.failed else "note" if self.remedy else "ok"
        line = f"{mark:<5}{self.what}: {self.said}"
        return f"{line}\n     -> {self.remedy}" if self.remedy else line
