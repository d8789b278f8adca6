"""Word templates with something in them that no letter may hold, and what staff are told of each."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

from tests.unit.test_documents_samples import TEMPLATES

KIND: Final = "information_request"
FILE: Final = f"{KIND}.en.docx"
SHIPPED: Final = (TEMPLATES / FILE).read_bytes()
OUTSIDE: Final = (
    '<Relationship Id="rX" Type="http://x/{}" Target="{}" TargetMode="External"/></Relationships>'
)
W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELS: Final = "word/_rels/document.xml.rels"
FIELD: Final = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{}</w:instrText></w:r>'
    '<w:r><w:instrText>{}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
)


def altered(name: str, old: str, new: str | bytes, data: bytes = SHIPPED) -> bytes:
    """The letter with one piece of one part replaced; an empty `old` adds a part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as file, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for one in file.namelist():
            body = file.read(one)
            if one == name:
                assert old.encode() in body
                assert isinstance(new, str)
                body = body.replace(old.encode(), new.encode(), 1)
            copy.writestr(one, body)
        if not old:
            copy.writestr(name, new)
    return out.getvalue()


def flood(side: int) -> bytes:
    """The beginning of a PNG of so many pixels a side."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + bytes(4)
        + b"IDAT"
    )


def packed_otherwise() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SHIPPED)) as file, zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as copy:
        for one in file.namelist():
            copy.writestr(one, file.read(one))
    return out.getvalue()


def body(old: str, new: str) -> bytes:
    return altered("word/document.xml", old, new)


HOSTILE: Final[dict[str, tuple[Callable[[], bytes], str]]] = {
    "not a zip": (lambda: b"PK nothing", "not a Word file"),
    "macro": (lambda: altered("word/vbaProject.bin", "", "x"), "a macro"),
    "docm": (
        lambda: altered(
            "[Content_Types].xml",
            "openxmlformats-officedocument.wordprocessingml.document.main+xml",
            "ms-word.document.macroEnabled.main+xml",
        ),
        "a file with macros",
    ),
    "OLE": (lambda: altered("word/embeddings/oleObject1.bin", "", "x"), "an embedded file"),
    "ActiveX": (lambda: altered("word/activeX/activeX1.xml", "", "<x/>"), "an ActiveX control"),
    "comments": (lambda: altered("word/comments.xml", "", "<x/>"), "comments"),
    "picture outside": (
        lambda: altered(RELS, "</Relationships>", OUTSIDE.format("image", "http://a.example/p.png")),
        "image fetched from outside",
    ),
    "attached template": (
        lambda: altered(
            RELS, "</Relationships>", OUTSIDE.format("attachedTemplate", "http://a.example/t.dotm")
        ),
        "attachedTemplate fetched from outside",
    ),
    "script link": (
        lambda: altered(RELS, "</Relationships>", OUTSIDE.format("hyperlink", "javascript:alert(1)")),
        "a link to something other than a page",
    ),
    "words elsewhere": (
        lambda: altered("customXml/item1.xml", "", f'<a xmlns:w="{W}"><w:object/></a>'),
        "customXml/item1.xml: an embedded object",
    ),
    "words in another part": (
        lambda: altered("_rels/.rels", '"word/document.xml"', '"word/footer1.xml"'),
        "the words in an unusual part",
    ),
    "strict": (
        lambda: body(W, "http://purl.oclc.org/ooxml/wordprocessingml/main"),
        "the format Strict Open XML",
    ),
    "a share in a field": (
        lambda: body("</w:p>", FIELD.format("HYPER", "LINK &quot;file:////a.example/s&quot;")),
        "a link to something other than a page",
    ),
    "VML picture outside": (
        lambda: body("</w:p>", '<v:fill xmlns:v="urn:x" src="http://a.example/p.png"/></w:p>'),
        "a picture or page fetched from outside",
    ),
    "nested without end": (
        lambda: body("</w:p>", f"{'<w:sdt>' * 99}{'</w:sdt>' * 99}</w:p>"),
        "parts within parts within parts",
    ),
    "a flood of pixels": (
        lambda: altered("word/media/big.png", "", flood(60_000)),
        "a picture far too large",
    ),
    "a book": (lambda: body("</w:p>", f"{'<w:p>a</w:p>' * 2000}</w:p>"), "far more words than a letter"),
    "a sheet like a field": (
        lambda: body("</w:p>", '<w:pgSz w:w="99999" w:h="1"/></w:p>'),
        "a page of no size that paper has",
    ),
    "DDE in two runs": (lambda: body("</w:p>", FIELD.format("DD", "EAUTO c:\\\\calc")), "the field DDEAUTO"),
    "include": (
        lambda: body("</w:p>", '<w:fldSimple w:instr="INCLUDETEXT http://a.example"/></w:p>'),
        "the field INCLUDETEXT",
    ),
    "object": (lambda: body("</w:p>", "<w:r><w:object/></w:r></w:p>"), "an embedded object"),
    "tracked change": (lambda: body("</w:p>", "<w:del/></w:p>"), "tracked changes"),
    "entities": (
        lambda: altered("word/settings.xml", "<w:settings", '<!DOCTYPE x [<!ENTITY a "b">]><w:settings'),
        "a document type",
    ),
    "bomb": (
        lambda: altered("word/theme/theme2.xml", "", "<x>" + " " * 9_000_000 + "</x>"),
        "a part that swells",
    ),
    "another packing": (packed_otherwise, "packed as Word never does"),
    "code": (
        lambda: body("{{ date }}", "{{ cycler.__init__.__globals__ }}"),
        "a field this letter does not have",
    ),
    "arithmetic": (lambda: body("{{ date }}", "{{ date * 900000000 }}{{ date }}"), "is not a template"),
    "a call": (lambda: body("{{ date }}", "{{ date }}{{ 'x'.ljust(900000000) }}"), "no Call"),
    "a field by the way": (
        lambda: body("{{ date }}", "{{ date }}{{ questions|join(', ', 'case_type') }}"),
        "a filter takes one value",
    ),
    "no escaping": (
        lambda: body("{{ date }}", "{% autoescape false %}{{ date }}{% endautoescape %}"),
        "only fields, if and for",
    ),
    "a loop over letters": (
        lambda: body("{{ date }}", "{{ date }}{% for i in 'aa' %}{% endfor %}"),
        "a list of",
    ),
    "syntax": (lambda: body("{{ date }}", "{% if %}"), "is not a template"),
    "no code": (
        lambda: altered("word/footer1.xml", "{{ genuine.code }}", "K7QF-2M9X-R01D"),
        "genuine.code: is not printed",
    ),
    "no square": (
        lambda: altered("word/header1.xml", 'name="genuine"', 'name="logo"'),
        "the picture named genuine",
    ),
    "other language": (lambda: altered("word/styles.xml", "en-US", "es-US"), "language: es-US"),
    "a word that hurts": (lambda: body("{{ date }}", "{{ date }} You must reply."), "the word “must reply”"),
    "another letter": (
        lambda: (TEMPLATES / "itinerary.en.docx").read_bytes(),
        "fields of another letter, such as",
    ),
    "a required field": (lambda: body("{{ date }}", "today"), "date: is not printed"),
    "less than the other": (
        lambda: body("{{ organisation.phone_night }}", "-"),
        "phone_night: is missing from the English",
    ),
}
