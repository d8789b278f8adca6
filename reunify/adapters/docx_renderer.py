"""Word templates through docxtpl, compiled once, in a tight sandbox.

A `DocxTemplate` object is never kept or shared: it holds the last family's data. Only its pure text
preparation is used; what is kept is one compiled Jinja template per part, and the parts that never change.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat

from docxtpl import DocxTemplate
from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reunify.adapters.docx_zip import Member, member, zipped
from reunify.adapters.square_code import picture, slot_of
from reunify.documents.ports import Genuine
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.text import cleaned

LONGEST_VALUE = 4000
_FILTERS = ("join", "upper", "length")
_RENDERED = re.compile(r"word/(document|header\d*|footer\d*)\.xml|docProps/core\.xml")
_UNSUPPORTED = re.compile(r"\{%-?\s*(?:tc|colspan|cellbg|hm|vm)\b|\{\{-?\s*(?:tc|r|p|tr)\s")
_FORBIDDEN_PARTS = re.compile(r"vbaProject|/embeddings/|/activeX/|/footnotes\.xml|/endnotes\.xml|/comments")


class TemplateMissing(NotFound):
    """There is no Word template of that kind in that language."""


class TemplateUnsafe(Refused):
    """The template asks for something that letters never need."""


class LetterIncomplete(Refused):
    """The template names a field that was not given, or the result is not a Word document."""


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["*", "**", "%"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Repetition and powers could fill the memory; letters do no arithmetic."""
        raise SecurityError(f"{operator} is not available in a letter")


def _printable(value: Any) -> Any:
    """The one choke point for every value printed: plain text and whole numbers, cleaned and bounded."""
    if isinstance(value, Markup):
        raise SecurityError("ready-made markup is not printed")
    if isinstance(value, str):
        return " ".join(cleaned(value).split())[:LONGEST_VALUE]
    if isinstance(value, StrictUndefined) or type(value) is int:
        return value
    raise SecurityError(f"{type(value).__name__} cannot be printed; give text or a whole number")


def _environment() -> _Sandbox:
    nothing = DictLoader({})  # no template includes another
    made = _Sandbox(autoescape=True, undefined=StrictUndefined, finalize=_printable, loader=nothing)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Parts in file order: ready as they are, or a compiled template. Rendering changes nothing here."""

    sha256: str
    parts: tuple[tuple[str, Member | Template], ...]
    square: str | None  # the picture that the square code takes the place of

    def render(self, context: dict[str, Any], genuine: Genuine | None) -> bytes:
        shown = genuine or Genuine("", "", "")
        said = context | {"genuine": {"code": shown.code, "place": shown.place}}
        return zipped([self._member(name, part, said, shown.link) for name, part in self.parts])

    def _member(self, name: str, part: Member | Template, said: dict[str, Any], link: str) -> Member:
        if not isinstance(part, Member):
            return member(name, _well_formed(part.render(said), name))
        return member(name, picture(link)) if link and name == self.square else part


def _well_formed(xml: str, name: str) -> bytes:
    """Parse strictly: a recovering parser would silently drop the rest of the letter."""
    body = xml.encode()
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(body, True)
    except expat.ExpatError as wrong:
        raise LetterIncomplete(f"{name} did not come out as a Word document; check the template.") from wrong
    return body


def _compile(data: bytes) -> _Compiled:
    environment = _environment()
    prepare = DocxTemplate(io.BytesIO(data)).patch_xml  # text in, text out; keeps nothing
    parts: list[tuple[str, Member | Template]] = []
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in file.namelist():
            body = file.read(name)
            if _FORBIDDEN_PARTS.search(name) or b'TargetMode="External"' in body:
                raise TemplateUnsafe(f"Remove {name}: macros, embedded files, notes and links are not used.")
            if not _RENDERED.fullmatch(name):
                parts.append((name, member(name, body)))
                continue
            source = prepare(body.decode())
            if _UNSUPPORTED.search(source):
                raise TemplateUnsafe("Use only {{ field }}, {%p if/for %}, {%tr for %} and their ends.")
            try:
                parts.append((name, environment.from_string(source)))
            except TemplateError as wrong:
                raise TemplateUnsafe(f"{name}: {wrong.message}") from wrong
        square = slot_of(file)
    return _Compiled(hashlib.sha256(data).hexdigest(), tuple(parts), square)


class DocxRenderer:
    """Renders `<kind>.<language>.docx` from one folder. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compiled: dict[tuple[str, str], _Compiled] = {}
        self._lock = threading.Lock()

    def render(
        self, kind: str, language: str, context: dict[str, Any], genuine: Genuine | None = None
    ) -> bytes:
        """The filled-in document. The same context and code give the same bytes."""
        compiled = self._of(kind, language)
        try:
            return compiled.render(context, genuine)
        except UndefinedError as missing:
            raise LetterIncomplete(f"{kind}: {missing.message}. The context must give it.") from missing
        except (TemplateError, TypeError, ArithmeticError) as unsafe:
            raise TemplateUnsafe(f"{kind}: {unsafe}") from unsafe

    def template_hash(self, kind: str, language: str) -> str:
        """SHA-256 (hex) of the template in use."""
        return self._of(kind, language).sha256

    def _of(self, kind: str, language: str) -> _Compiled:
        key = (kind, language)
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = _compile(self._read(kind, language))
            return self._compiled[key]

    def _read(self, kind: str, language: str) -> bytes:
        if not re.fullmatch(r"[a-z_]+", kind) or not re.fullmatch(r"[a-z]{2}", language):
            raise TemplateMissing("A template is named by its kind and a two-letter language.")
        try:
            return (self._folder / f"{kind}.{language}.docx").read_bytes()
        except FileNotFoundError as missing:
            raise TemplateMissing(f"There is no {kind} template in {language}.") from missing


def template_paths(data: bytes) -> frozenset[str]:
    """Every field a template prints or tests, dotted, with `[]` for each item of a list: `lines[].what`."""
    environment = _environment()
    prepare = DocxTemplate(io.BytesIO(data)).patch_xml
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in file.namelist():
            if _RENDERED.fullmatch(name):
                try:
                    tree = environment.parse(prepare(file.read(name).decode()))
                except TemplateError as wrong:
                    raise TemplateUnsafe(f"{name}: {wrong.message}") from wrong
                _walk(tree, {}, found)
    return frozenset(found)


def _walk(node: nodes.Node, names: dict[str, str], found: set[str]) -> None:
    """Follow loops, so that `line.what` inside `for line in lines` becomes `lines[].what`."""
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        source = _path(node.iter, names)
        _walk(node.iter, names, found)
        inner = names | ({node.target.name: f"{source}[]"} if source else {})
        if source:
            found.add(f"{source}[]")
        for child in (*node.body, *node.else_):
            _walk(child, inner, found)
        return
    path = _path(node, names)
    if path is not None:
        found.add(path)
        return
    for child in node.iter_child_nodes():
        _walk(child, names, found)


def _path(node: nodes.Node, names: dict[str, str]) -> str | None:
    if isinstance(node, nodes.Name):
        return names.get(node.name, node.name)
    if isinstance(node, nodes.Getattr):
        before = _path(node.node, names)
        return None if before is None else f"{before}.{node.attr}"
    return None
