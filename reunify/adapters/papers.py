"""pypdf: a PDF is kept as it was sent, or refused. Nothing in it may act, hide, or carry other files.

Looked at twice: object by object as a reader finds them, and as raw bytes for what no table lists (older
revisions, objects a forgiving reader would pick up).
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterator
from typing import Any, Final

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from reunify.files.evidence_policy import MOST_OBJECTS, MOST_PAGES, FileNotTaken, MediaType, Reason
from reunify.files.ports import Examined

logging.getLogger("pypdf").disabled = True  # it prints pieces of what it reads

_ACTIONS: Final = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/ResetForm",
    "/Hide",
    "/GoToR",
    "/GoToE",
    "/Rendition",
    "/Movie",
    "/Sound",
    "/RichMediaExecute",
    "/GoTo3DView",
}
_PLAYERS: Final = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
_HARMLESS_AT_OPENING: Final = {"/GoTo"}  # "open on page 1"
_END: Final = re.compile(rb"startxref\s*\d+\s*%%EOF\Z")
_BLANK: Final = b"\x00\t\n\x0c\r "
_CUT_SHORT: Final = re.compile(rb"[\s\x00]*(\d+\s+\d+\s+obj|xref\b)")
# The end of a ZIP archive stands in the last 65,557 bytes of a file.
_ZIP_END, _ZIP_REACH = b"PK\x05\x06", 65_557 + 22
_HIDDEN: Final = re.compile(
    rb"/(?:(JavaScript|Launch|SubmitForm|ImportData|RichMedia|GoToR|GoToE|XFA)|(EmbeddedFiles?|FileAttachment))"
    rb"(?=[\s\x00/<>\[\](){}%]|\Z)"
)
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_PACK: Final = re.compile(rb"/ObjStm\b")
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_LONGEST_HEADER: Final = 4096
_MOST_UNPACKED: Final = 50 * 1024 * 1024


def checked(content: bytes) -> Examined:
    """Raises FileNotTaken: a password, damage, active content, other files inside, too many pages."""
    _check_ends(content)
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise FileNotTaken(Reason.PASSWORD)
        for dictionary in _dictionaries(reader):
            _check_dictionary(dictionary)
        pages = reader.get_num_pages()
    except (FileNotDecryptedError, DependencyError, NotImplementedError):
        raise FileNotTaken(Reason.PASSWORD) from None  # locked in a way we cannot open without its sender
    except RecursionError:
        raise FileNotTaken(Reason.BROKEN_PDF) from None
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, AssertionError):
        # pypdf answers damage with any of these.
        raise FileNotTaken(Reason.BROKEN_PDF) from None
    _check_raw(content)
    if pages == 0:
        raise FileNotTaken(Reason.BROKEN_PDF)
    if pages > MOST_PAGES:
        raise FileNotTaken(Reason.TOO_MANY_PAGES)
    return Examined(MediaType.PDF)


def _check_ends(content: bytes) -> None:
    """From the first byte to `%%EOF`, and nothing after it that another program would read."""
    if not content.startswith(b"%PDF-") or _ZIP_END in content[-_ZIP_REACH:]:
        raise FileNotTaken(Reason.MORE_INSIDE)
    if _END.search(content.rstrip(_BLANK)):
        return
    _, end, after = content.rpartition(b"%%EOF")
    if end and after.strip(_BLANK) and not _CUT_SHORT.match(after):
        raise FileNotTaken(Reason.MORE_INSIDE)
    raise FileNotTaken(Reason.BROKEN_PDF)


def _dictionaries(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary of every object the file's tables list, packed ones included."""
    listed = {(number, generation) for generation, found in reader.xref.items() for number in found}
    listed |= {(number, 0) for number in reader.xref_objStm}
    if len(listed) > MOST_OBJECTS:
        raise FileNotTaken(Reason.TOO_SLOW)
    waiting: list[Any] = [reader.trailer]
    for number, generation in sorted(listed):
        if generation == 65535 or reader.xref_free_entry.get(generation, {}).get(number):
            continue
        waiting.append(reader.get_object(IndirectObject(number, generation, reader)))
        while waiting:
            one = waiting.pop()
            if isinstance(one, DictionaryObject):
                yield one
                waiting.extend(one.raw_get(key) for key in one)
            elif isinstance(one, ArrayObject):
                waiting.extend(list.__iter__(one))


def _check_dictionary(one: DictionaryObject) -> None:
    subtype, kind = str(one.get("/Subtype", "")), str(one.get("/Type", ""))
    if "/EF" in one or "/EmbeddedFiles" in one or kind == "/EmbeddedFile" or subtype == "/FileAttachment":
        raise FileNotTaken(Reason.ATTACHMENTS)
    if kind == "/Catalog" and "/Collection" in one:
        raise FileNotTaken(Reason.ATTACHMENTS)
    acts = (
        "/JS" in one
        or "/JavaScript" in one
        or "/XFA" in one
        or str(one.get("/S", "")) in _ACTIONS
        or subtype in _PLAYERS
        or bool(one.get("/AA"))
        or ("/OpenAction" in one and not _only_turns_a_page(one["/OpenAction"]))
    )
    if acts:
        raise FileNotTaken(Reason.ACTIVE)


def _only_turns_a_page(action: Any) -> bool:
    if isinstance(action, DictionaryObject):
        return str(action.get("/S", "")) in _HARMLESS_AT_OPENING
    return isinstance(action, ArrayObject)


def _check_raw(content: bytes) -> None:
    """What no table lists: names in the open, and in packs of objects nobody refers to any more."""
    _check_names(content)
    for begins in _STREAM.finditer(content):
        around = content[max(0, begins.start() - _LONGEST_HEADER) : begins.start()]
        if not _PACK.search(_unescaped(around.rpartition(b" obj")[2])):
            continue
        try:
            unpacked = zlib.decompressobj().decompress(content[begins.end() :], _MOST_UNPACKED)
        except zlib.error:
            continue  # packed another way, or locked: the tables list those we can judge
        _check_names(unpacked)


def _check_names(content: bytes) -> None:
    found = _HIDDEN.search(_unescaped(content))
    if found is not None:
        raise FileNotTaken(Reason.ACTIVE if found[1] else Reason.ATTACHMENTS)


def _unescaped(content: bytes) -> bytes:
    """`/J#61vaScript` is `/JavaScript`."""
    return _ESCAPED.sub(lambda code: bytes((int(code[1], 16),)), content)
