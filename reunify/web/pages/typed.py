"""What was typed into one field of a form, read; or why it cannot be."""

from __future__ import annotations

from datetime import date

from reunify.kernel.refusals import Refused


class NotRead(Refused):
    """A field of the form holds nothing that can be read as what it asks for."""


def day_read(typed: str, pointer: str, *, say: str = "Write a day, like 2026-11-25.") -> date:
    """Raises NotRead, which says `say`."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise NotRead(say, field=pointer) from None
