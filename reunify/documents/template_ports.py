"""What an uploaded or shipped template is found to hold, and what finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `file`: as `<kind>.<language>.docx`; `place`: the part or field; both in words."""

    file: str
    place: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place + ': ' if self.place else ''}{self.found}. {self.allowed}"


@dataclass(frozen=True, slots=True)
class Inside:
    """What one Word file holds. With problems, the rest may be empty.

    `paths`: fields it names, dotted, `[]` for each item of a list; `printed` among them. `paragraphs`: its
    words, fields as they are written. `languages`: of the words and of the file's properties, such as
    `es-US`. `square`: it keeps a place for the square code. `plain`: it cannot be compiled, so each letter
    takes about twenty times longer. `unfilled`: why the sample family's letter cannot be made with it.
    """

    problems: tuple[tuple[str, str, str], ...] = ()  # place, found, allowed
    paths: frozenset[str] = frozenset()
    printed: frozenset[str] = frozenset()
    paragraphs: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    square: bool = False
    plain: bool = False
    unfilled: str = ""


class TemplateExaminer(Protocol):
    """Opens Word files of unknown origin where nothing they do can reach us."""

    def examine(
        self, files: Mapping[str, bytes], samples: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> Mapping[str, Inside]:
        """By name. `samples`: what each file is filled in with, to see that it can be."""
        ...
