"""What a Word file from somebody's computer must not hold: anything that runs, fetches, hides or swells.

Read member by member with limits, before anything of it is given to docxtpl. Pure: bytes in, words out.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

from PIL import Image

LARGEST: Final = 2 * 1024 * 1024  # bytes, as uploaded
LARGEST_OPENED: Final = 30 * 1024 * 1024  # all members together
_MOST_MEMBERS: Final = 200
_DEEPEST: Final = 100  # elements in elements: converters follow them by recursion, and a thread ends there
_MOST_PIXELS: Final = 20_000_000
_LARGEST_SHEET: Final = 22 * 1440  # twips: what Word itself allows
_MOST_PARAGRAPHS: Final = 2000
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for gigabytes to unpack
_MOST_RATIO: Final = 120  # Word's own XML shrinks to about a tenth
_SMALL: Final = 256 * 1024  # below this a ratio harms nobody
_PARTS: Final = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(core|app|custom|thumbnail)\.(xml|jpe?g|png)"
    r"|word/(document|styles|stylesWithEffects|settings|webSettings|fontTable|numbering|people|footnotes|endnotes"
    r"|header\d*|footer\d*)\.xml|word/_rels/\w+\.xml\.rels|word/theme/theme\d*\.xml(\.rels)?"
    r"|word/media/[\w .-]+\.(png|jpe?g)|customXml/(item|itemProps)\d+\.xml|customXml/_rels/item\d+\.xml\.rels"
)
_NAMED: Final = (
    ("vbaProject", "a macro"),
    ("vbaData", "a macro"),
    ("/embeddings/", "an embedded file"),
    ("/activeX/", "an ActiveX control"),
    ("/comments", "comments, which the family would get"),
    ("/fonts/", "an embedded font"),
    ("/afchunk", "a file inside the file"),
    ("/glossary/", "building blocks"),
    ("/media/", "a picture that is neither PNG nor JPEG"),
)
_MAIN: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_FIELDS: Final = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES", "HYPERLINK"})
_SWITCH: Final = re.compile(r'\\[lot]\s*(?:"[^"]*"|\S+)|\\\S+')  # of HYPERLINK, with its word
_FETCHING: Final = frozenset({"src", "href", "althref"})  # attributes of VML, beside the relationships
_SCHEMES: Final = frozenset({"https", "http", "mailto", "tel"})
_ELEMENTS: Final = {
    "object": "an embedded object",
    "control": "an ActiveX control",
    "altChunk": "a file inside the file",
    "subDoc": "another document inside this one",
    "attachedTemplate": "a template this file fetches",
    "mailMerge": "a mail merge",
    "frameset": "a frameset",
    "ins": "tracked changes",
    "del": "tracked changes",
    "moveFrom": "tracked changes",
    "moveTo": "tracked changes",
    "vanish": "hidden text",
}
_STRICT: Final = "{http://purl.oclc.org/ooxml/"  # Word reads it as the other, under names not looked for here
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Hostile(NamedTuple):
    """`place` in the file, what was `found`, what is `allowed` instead."""

    place: str
    found: str
    allowed: str


def hostile(data: bytes) -> list[Hostile]:
    """Everything that is not allowed, in the order of the file; empty if it may be opened further."""
    if len(data) > LARGEST:
        return [Hostile("", f"{len(data):,} bytes", f"A file of at most {LARGEST:,} bytes.")]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return [*_of_the_zip(file)] or [*_of_the_parts(file)]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, RuntimeError, OSError):
        return [Hostile("", "not a Word file, or a damaged one", "A .docx that Word saved.")]


def _of_the_zip(file: zipfile.ZipFile) -> Iterator[Hostile]:
    """By the directory alone: nothing is unpacked yet."""
    members = file.infolist()
    opened = sum(one.file_size for one in members)
    if len(members) > _MOST_MEMBERS:
        yield Hostile("", f"{len(members)} parts", f"At most {_MOST_MEMBERS} parts.")
    if opened > LARGEST_OPENED:
        yield Hostile("", f"{opened:,} bytes once opened", f"At most {LARGEST_OPENED:,} bytes once opened.")
    seen: set[str] = set()
    for one in members:
        name = one.filename
        if name.casefold() in seen:
            yield Hostile(name, "the same part twice", "Each part once: save the file again in Word.")
        seen.add(name.casefold())
        if one.compress_type not in _PACKED:
            yield Hostile(name, "packed as Word never does", "Save the file again in Word.")
        if one.flag_bits & 1:
            yield Hostile(name, "a password", "A file without a password.")
        if one.file_size > max(_SMALL, _MOST_RATIO * one.compress_size):
            yield Hostile(name, "a part that swells when opened", "Parts as Word saves them.")
        if not one.is_dir() and not _PARTS.fullmatch(name):
            what = next((words for part, words in _NAMED if part in name), "a part letters never need")
            yield Hostile(name, what, "Words, tables, PNG and JPEG pictures: remove it in Word.")


def _of_the_parts(file: zipfile.ZipFile) -> Iterator[Hostile]:
    names = file.namelist()
    for needed in ("[Content_Types].xml", "word/document.xml", "docProps/core.xml"):
        if needed not in names:
            yield Hostile(needed, "is missing", "A .docx that Word saved.")
    for name in names:
        body = file.read(name)
        if not name.endswith((".xml", ".rels")):
            yield from _of_the_picture(name, body)
            continue
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\x00" in body:
            yield Hostile(
                name, "a document type or another encoding", "Plain XML in UTF-8, as Word saves it."
            )
            continue
        try:
            root = ElementTree.fromstring(body)  # noqa: S314 - without a document type nothing expands
        except ElementTree.ParseError:
            yield Hostile(name, "XML that cannot be read", "Save the file again in Word.")
            continue
        if _depth(root) > _DEEPEST:
            yield Hostile(name, "parts within parts within parts", "Fewer tables inside tables.")
        elif name == "[Content_Types].xml":
            yield from _of_the_types(root)
        elif name.endswith(".rels"):
            yield from _of_the_links(name, root)
        else:  # wherever it lies: a header may be any part
            yield from _of_the_words(name, root)


def _of_the_picture(name: str, body: bytes) -> Iterator[Hostile]:
    """By its header: nothing is drawn."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=["PNG", "JPEG"]) as picture:
                pixels = picture.width * picture.height
    except Image.DecompressionBombError:
        pixels = _MOST_PIXELS + 1
    except (OSError, ValueError, SyntaxError):
        if body:  # a folder of the zip has none
            yield Hostile(name, "a picture that cannot be read", "PNG and JPEG pictures.")
        return
    if pixels > _MOST_PIXELS:
        yield Hostile(name, "a picture far too large", f"A picture of at most {_MOST_PIXELS:,} pixels.")


def _depth(root: ElementTree.Element) -> int:
    """How many elements lie in each other at most."""
    level, deep = [root], 0
    while level:
        level, deep = [inner for one in level for inner in one], deep + 1
    return deep


def _of_the_types(root: ElementTree.Element) -> Iterator[Hostile]:
    for one in root:
        kind = one.get("ContentType", "")
        if "macroEnabled" in kind or "vba" in kind.casefold():
            yield Hostile("[Content_Types].xml", "a file with macros", "Save it as .docx, not .docm.")
    mains = [one.get("ContentType") for one in root if one.get("PartName") == "/word/document.xml"]
    if mains != [_MAIN]:
        yield Hostile("[Content_Types].xml", "not a Word document", "Save it as .docx, not .dotx or .docm.")


def _of_the_links(name: str, root: ElementTree.Element) -> Iterator[Hostile]:
    for one in root:
        kind = one.get("Type", "").rsplit("/", 1)[-1]
        target = one.get("Target", "")
        if name == "_rels/.rels" and kind == "officeDocument" and target.lstrip("/") != "word/document.xml":
            yield Hostile(name, "the words in an unusual part", "A .docx that Word saved.")
        if one.get("TargetMode") != "External":
            continue
        if kind != "hyperlink":
            yield Hostile(name, f"{kind} fetched from outside", "What the paper shows is inside its file.")
        elif not _is_page(target):
            yield Hostile(name, "a link to something other than a page", "Links to https, mailto or tel.")


def _is_page(target: str) -> bool:
    try:
        return urlsplit(target).scheme.casefold() in _SCHEMES
    except ValueError:
        return False


def _of_the_words(name: str, root: ElementTree.Element) -> Iterator[Hostile]:
    if any(one.tag.startswith(_STRICT) for one in root.iter()):
        yield Hostile(name, "the format Strict Open XML", "Save it as Word Document (.docx), not as Strict.")
    found = {one.tag.removeprefix(_WORD) for one in root.iter() if one.tag.startswith(_WORD)}
    for element in sorted(found & _ELEMENTS.keys()):
        if element == "vanish" and name != "word/document.xml":
            continue  # Word's own styles name it
        yield Hostile(name, _ELEMENTS[element], "Remove it in Word; accept tracked changes first.")
    if any("}OLEObject" in one.tag for one in root.iter()):
        yield Hostile(name, "an OLE object", "Remove it in Word.")
    drawn = name.startswith("word/")
    if drawn and any(key.rpartition("}")[2] in _FETCHING for one in root.iter() for key in one.attrib):
        yield Hostile(name, "a picture or page fetched from outside", "Pictures inserted into the file.")
    if sum(one.tag == f"{_WORD}p" for one in root.iter()) > _MOST_PARAGRAPHS:
        yield Hostile(name, "far more words than a letter", f"At most {_MOST_PARAGRAPHS:,} paragraphs.")
    sheets = [one.get(f"{_WORD}{side}", "0") for one in root.iter(f"{_WORD}pgSz") for side in ("w", "h")]
    if any(not side.isdecimal() or int(side[:9]) > _LARGEST_SHEET for side in sheets):
        yield Hostile(name, "a page of no size that paper has", "Letter, 8.5 by 11 inches.")
    codes = _field_codes(root)
    for code in sorted({(said.split() or ["EMPTY"])[0].upper() for said in codes} - _FIELDS):
        yield Hostile(name, f"the field {code[:40]}", "The fields " + ", ".join(sorted(_FIELDS)) + ".")
    links = [_SWITCH.sub(" ", said).split() for said in codes]
    targets = [one for kind, *rest in filter(None, links) if kind.upper() == "HYPERLINK" for one in rest]
    if any(not _is_page(target.strip('"')) for target in targets):
        yield Hostile(name, "a link to something other than a page", "Links to https, mailto or tel.")


def _field_codes(root: ElementTree.Element) -> set[str]:
    """Each field as it is written, put together again from the runs Word splits it into."""
    said = [one.get(f"{_WORD}instr", "") for one in root.iter(f"{_WORD}fldSimple")]
    open_fields: list[list[str]] = []
    for one in root.iter():
        kind = one.get(f"{_WORD}fldCharType") if one.tag == f"{_WORD}fldChar" else None
        if kind == "begin":
            open_fields.append([])
        elif kind == "end" and open_fields:
            said.append("".join(open_fields.pop()))
        elif one.tag in (f"{_WORD}instrText", f"{_WORD}delInstrText"):
            (open_fields[-1] if open_fields else said).append(one.text or "")
    said += ["".join(parts) for parts in open_fields]
    return set(said)
