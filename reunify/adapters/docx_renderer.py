"""Word templates through docxtpl, compiled once, in a tight sandbox.

A `DocxTemplate` object is never kept or shared: it holds the last family's data. Only its pure text
preparation is used; what is kept is one compiled Jinja template per part, and the parts that never change.
What cannot be compiled is rendered by plain docxtpl, letter by letter (`docx_plain`).
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from docxtpl import DocxTemplate
from jinja2 import Template, TemplateError, UndefinedError

from reunify.adapters import docx_plain
from reunify.adapters.docx_sandbox import (
    RENDERED,
    LetterIncomplete,
    TemplateMissing,
    TemplateUnsafe,
    environment,
    template_paths,
    unnamed,
    well_formed,
)
from reunify.adapters.docx_zip import Member, member, zipped
from reunify.adapters.square_code import picture, slot_of
from reunify.documents.ports import Genuine

__all__ = ["DocxRenderer", "LetterIncomplete", "TemplateMissing", "TemplateUnsafe", "template_paths"]

_UNSUPPORTED: Final = re.compile(r"\{\{-?\s*(?:r|p|tr)\s")
_FORBIDDEN_PARTS: Final = re.compile(r"vbaProject|/embeddings/|/activeX/|/comments|/afchunk|/fonts/")
_MARKUP: Final = re.compile("<[^>]*>")
_LINK: Final = re.compile(rb"<Relationship\b[^>]*>")
_A_LINK_READERS_FOLLOW: Final = re.compile(rb'Type="[^"]*/hyperlink"')
_KEPT_AT_MOST: Final = 64  # compiled templates; every version that still has letters to make, and more


@dataclass(frozen=True, slots=True)
class Compiled:
    """Parts in file order: ready as they are, or a compiled template. Rendering changes nothing here."""

    parts: tuple[tuple[str, Member | Template], ...]
    square: str | None  # the picture that the square code takes the place of

    def render(self, context: dict[str, Any], genuine: Genuine | None) -> bytes:
        shown = genuine or Genuine("", "", "")
        said = context | {"genuine": {"code": shown.code, "place": shown.place}}
        return zipped([self._member(name, part, said, shown.link) for name, part in self.parts])

    def _member(self, name: str, part: Member | Template, said: dict[str, Any], link: str) -> Member:
        if not isinstance(part, Member):
            return member(name, well_formed(part.render(said), name))
        return member(name, picture(link)) if link and name == self.square else part


@dataclass(frozen=True, slots=True)
class Plain:
    """A template that is worked through anew for each letter."""

    data: bytes

    def render(self, context: dict[str, Any], genuine: Genuine | None) -> bytes:
        return docx_plain.render(self.data, context, genuine)


def compiled(data: bytes) -> Compiled | Plain:
    """Ready to render any number of letters. Raises TemplateUnsafe."""
    sandbox = environment()
    prepare = DocxTemplate(io.BytesIO(data)).patch_xml  # text in, text out; keeps nothing
    parts: list[tuple[str, Member | Template]] = []
    plain = False
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in file.namelist():
            body = unnamed(name, file.read(name))
            if _FORBIDDEN_PARTS.search(name) or _reaches_out(body):
                raise TemplateUnsafe(
                    f"Remove {name}: macros, embedded files and pictures from outside are not used."
                )
            if not RENDERED.fullmatch(name):
                parts.append((name, member(name, body)))
                continue
            typed = _MARKUP.sub("", body.decode())  # a tag may be spread over runs
            if _UNSUPPORTED.search(typed):
                raise TemplateUnsafe(
                    "Use only {{ field }}, {%p if/for %}, {%tr for %}, {%tc for %} and their ends."
                )
            plain = plain or docx_plain.needs_plain(name, typed)
            try:
                parts.append((name, sandbox.from_string(prepare(body.decode()))))
            except TemplateError as wrong:
                raise TemplateUnsafe(f"{name}: {wrong.message}") from wrong
        square = slot_of(file)
    return Plain(data) if plain else Compiled(tuple(parts), square)


def _reaches_out(body: bytes) -> bool:
    """Whether opening the paper fetches something; a plain link waits for its reader."""
    return b'TargetMode="External"' in body and any(
        b'TargetMode="External"' in one and not _A_LINK_READERS_FOLLOW.search(one)
        for one in _LINK.findall(body)
    )


class Versions(Protocol):
    """The templates that staff brought in, by the SHA-256 (hex) of their bytes."""

    def in_force(self, kind: str) -> Mapping[str, str]:
        """By language; empty while the shipped files are in force."""
        ...

    def content(self, sha256: str) -> bytes | None:
        """None if nobody ever kept it."""
        ...


class DocxRenderer:
    """Renders the version in force, else `<kind>.<language>.docx` of the folder. Threads may share it."""

    def __init__(self, folder: Path, versions: Versions | None = None) -> None:
        self._folder = folder
        self._versions = versions
        self._shipped: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._compiled: dict[str, Compiled | Plain] = {}
        self._lock = threading.Lock()

    def render(
        self,
        kind: str,
        language: str,
        context: dict[str, Any],
        genuine: Genuine | None = None,
        *,
        template: str | None = None,
    ) -> bytes:
        """The filled-in document. The same template, context and code give the same bytes."""
        ready = self._of(kind, language, template or self.template_hash(kind, language))
        try:
            return ready.render(context, genuine)
        except UndefinedError as missing:
            raise LetterIncomplete(f"{kind}: {missing.message}. The context must give it.") from missing
        except (TemplateError, TypeError, ArithmeticError) as unsafe:
            raise TemplateUnsafe(f"{kind}: {unsafe}") from unsafe
        except (
            ValueError,
            LookupError,
            AttributeError,
            SyntaxError,
        ) as wrong:  # docxtpl's own; may name a value
            raise TemplateUnsafe(f"{kind} cannot be filled in ({type(wrong).__name__}).") from None

    def template_hash(self, kind: str, language: str, wanted: str | None = None) -> str:
        """SHA-256 (hex) of the template in force; of the `wanted` one while that is still known."""
        if wanted is not None and (
            wanted in self._compiled or self._content(kind, language, wanted) is not None
        ):
            return wanted
        chosen = self._versions.in_force(kind).get(language) if self._versions else None
        return chosen or self._file(kind, language)[0]

    def _of(self, kind: str, language: str, sha256: str) -> Compiled | Plain:
        with self._lock:
            ready = self._compiled.get(sha256)
        if ready is not None:
            return ready
        data = self._content(kind, language, sha256)
        if data is None:
            raise TemplateMissing(f"The {kind} template {sha256[:12]} was never kept here.")
        ready = compiled(data)
        with self._lock:
            if len(self._compiled) >= _KEPT_AT_MOST:
                del self._compiled[next(iter(self._compiled))]
            self._compiled[sha256] = ready
        return ready

    def _content(self, kind: str, language: str, sha256: str) -> bytes | None:
        try:
            shipped = self._file(kind, language)
        except TemplateMissing:
            shipped = ("", b"")
        if shipped[0] == sha256:
            return shipped[1]
        return self._versions.content(sha256) if self._versions else None

    def _file(self, kind: str, language: str) -> tuple[str, bytes]:
        """Version 0, read once: a release that brings others starts anew."""
        key = (kind, language)
        with self._lock:
            if key not in self._shipped:
                data = shipped_template(self._folder, kind, language)
                self._shipped[key] = (hashlib.sha256(data).hexdigest(), data)
            return self._shipped[key]


def shipped_template(folder: Path, kind: str, language: str) -> bytes:
    """The Word file that a release ships. Raises TemplateMissing."""
    if not re.fullmatch(r"[a-z_]+", kind) or not re.fullmatch(r"[a-z]{2}", language):
        raise TemplateMissing("A template is named by its kind and a two-letter language.")
    try:
        return (folder / f"{kind}.{language}.docx").read_bytes()
    except FileNotFoundError as missing:
        raise TemplateMissing(f"There is no {kind} template in {language}.") from missing
