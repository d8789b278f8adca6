"""The tight sandbox every Word template runs in, and which fields a template names."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from docxtpl import DocxTemplate
from jinja2 import DictLoader, StrictUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.text import cleaned

LONGEST_VALUE: Final = 4000
# A phone number or a code is never broken at the end of a line; a name may be.
_INSIDE_A_CODE: Final = re.compile(r"(?<=[A-Z0-9])-(?=[A-Z0-9])")
_UNBROKEN: Final = "\u2011"
_FILTERS: Final = ("join", "upper", "length")
RENDERED: Final = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml|docProps/core\.xml")


_NAMING: Final = re.compile(r"docProps/(core|app)\.xml|word/people\.xml")
_WRITER: Final = re.compile(rb"(<(dc:creator|cp:lastModifiedBy|Manager|Company)\b[^>]*(?<!/)>)[^<{]*(</)")
_AUTHOR: Final = re.compile(rb'(\b(?:author|userId)=)"[^"{]*"')


# What a loop says of itself: the tags for joined cells ask it. An item before or after is a field.
_LOOP: Final = "\0"
_OF_LOOPS: Final = frozenset(f"{_LOOP}.{said}" for said in ("first", "last", "index", "index0", "length"))


class TemplateMissing(NotFound):
    """There is no Word template of that kind in that language."""


class TemplateUnsafe(Refused):
    """The template asks for something that letters never need."""


class LetterIncomplete(Refused):
    """The template names a field that was not given, or the result is not a Word document."""


# All a letter ever says. No arithmetic and no calls, which could fill the memory; no loop over anything but a
# list of the context, which could last for ever; and nothing that switches the escaping off.
_SAID: Final = frozenset(
    {
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Getattr,
        nodes.Const,
        nodes.Filter,
        nodes.If,
        nodes.For,
    }
    | {nodes.CondExpr, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Test}
)


class _Sandbox(ImmutableSandboxedEnvironment):
    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Every template passes here, compiled or by plain docxtpl. Raises SecurityError."""
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(nodes.Node):
            if type(node) not in _SAID:
                raise SecurityError(f"only fields, if and for are used in a letter, no {type(node).__name__}")
            if isinstance(node, nodes.Filter) and len(node.args) > 1:
                raise SecurityError("a filter takes one value: a second names a field nobody would see")
            if isinstance(node, nodes.For) and _path(node.iter, {}) is None:
                raise SecurityError("for goes through a list of the letter's fields only")
        return tree


def _printable(value: Any) -> Any:
    """The one choke point for every value printed: plain text and whole numbers, cleaned and bounded."""
    if isinstance(value, Markup):
        raise SecurityError("ready-made markup is not printed")
    if isinstance(value, str):
        return _INSIDE_A_CODE.sub(_UNBROKEN, " ".join(cleaned(value).split())[:LONGEST_VALUE])
    if isinstance(value, StrictUndefined) or type(value) is int:
        return value
    raise SecurityError(f"{type(value).__name__} cannot be printed; give text or a whole number")


def environment() -> _Sandbox:
    """A new one: nothing of one template is seen by another."""
    nothing = DictLoader({})  # no template includes another
    made = _Sandbox(autoescape=True, undefined=StrictUndefined, finalize=_printable, loader=nothing)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


def unnamed(part: str, body: bytes) -> bytes:
    """Without who wrote the template and where they work: Word notes it, and families would get it."""
    if not _NAMING.fullmatch(part):
        return body
    return _AUTHOR.sub(b'\\1""', _WRITER.sub(b"\\1\\3", body))


def well_formed(xml: str, name: str) -> bytes:
    """Parse strictly: a recovering parser would silently drop the rest of the letter."""
    body = xml.encode()
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(body, True)
    except expat.ExpatError as wrong:
        raise LetterIncomplete(f"{name} did not come out as a Word document; check the template.") from wrong
    return body


class Paths(NamedTuple):
    """Fields, dotted, with `[]` for each item of a list: `lines[].what`. Those `printed` are `named` too."""

    named: frozenset[str]
    printed: frozenset[str]


def paths_of(data: bytes) -> Paths:
    """Raises TemplateUnsafe."""
    sandbox = environment()
    prepare = DocxTemplate(io.BytesIO(data)).patch_xml
    named: set[str] = set()
    printed: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in filter(RENDERED.fullmatch, file.namelist()):
            try:
                tree = sandbox.parse(prepare(file.read(name).decode()))
            except TemplateError as wrong:
                raise TemplateUnsafe(f"{name}: {wrong.message}") from wrong
            _walk(tree, {}, named, printed)
    return Paths(frozenset(named | printed), frozenset(printed))


def template_paths(data: bytes) -> frozenset[str]:
    """Every field a template prints or tests."""
    return paths_of(data).named


def _walk(node: nodes.Node, names: dict[str, str], found: set[str], printed: set[str]) -> None:
    """Follow loops, so that `line.what` inside `for line in lines` becomes `lines[].what`."""
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        source = _path(node.iter, names)
        _walk(node.iter, names, found, printed)
        inner = names | {"loop": _LOOP} | ({node.target.name: f"{source}[]"} if source else {})
        if source:
            found.add(f"{source}[]")
        for child in (*node.body, *node.else_):
            _walk(child, inner, found, printed)
        return
    path = _path(node, names)
    if path is not None:
        if path not in _OF_LOOPS:
            found.add(path.replace(_LOOP, "loop"))
        return
    into = printed if isinstance(node, nodes.Output) else found
    for child in node.iter_child_nodes():
        _walk(child, names, into, printed)


def _path(node: nodes.Node, names: dict[str, str]) -> str | None:
    if isinstance(node, nodes.Name):
        return names.get(node.name, node.name)
    if isinstance(node, nodes.Getattr):
        before = _path(node.node, names)
        return None if before is None else f"{before}.{node.attr}"
    return None
