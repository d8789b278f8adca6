"""Files made by hand: what families send, and what nobody should."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfWriter
from pypdf.annotations import Link
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    Fit,
    NameObject,
    NumberObject,
    TextStringObject,
)

PLACE = "Zyxwvut Quillfeather Street"  # what must not survive
MAKE, ORIENTATION, DESCRIPTION, GPS = 0x010F, 0x0112, 0x010E, 0x8825


def photo(
    *, size: tuple[int, int] = (60, 40), orientation: int = 6, form: str = "JPEG", color: str = "navy"
) -> bytes:
    """As a phone writes it: where, with what, how it was held, a profile, a comment; red at the top left."""
    picture = Image.new("RGB", size, color)
    picture.paste("red", (0, 0, size[0] // 4, size[1] // 4))
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION], exif[DESCRIPTION] = "Canon", orientation, PLACE
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (33.0, 44.0, 59.0)
    xmp = f"<x:xmpmeta>{PLACE}</x:xmpmeta>".encode()
    if form == "PNG":
        words = PngInfo()
        words.add_text("Comment", PLACE)
        return _picture(picture, "PNG", exif=exif, pnginfo=words)
    if form == "WEBP":
        return _picture(picture, "WEBP", exif=exif, xmp=xmp)
    return _picture(picture, "JPEG", exif=exif, xmp=xmp, comment=PLACE.encode(), quality=95)


def two_in_one_photo() -> bytes:
    """A phone's "multi-picture" JPEG."""
    first, second = Image.new("RGB", (30, 20), "navy"), Image.new("RGB", (30, 20), "green")
    return _picture(first, "MPO", save_all=True, append_images=[second])


def moving(form: str = "WEBP") -> bytes:
    first, second = Image.new("RGB", (30, 20), "navy"), Image.new("RGB", (30, 20), "green")
    return _picture(first, form, save_all=True, append_images=[second], duration=100)


def see_through() -> bytes:
    return _picture(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG")


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few hundred bytes that says it has 2.5 billion dots."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def heic() -> bytes:
    return struct.pack("!I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 100


def pdf(*, pages: int = 1, packed: bool = False, opens_on: int | None = None, link: str = "") -> bytes:
    """`packed`: its objects in object streams, as most programs write today."""
    writer = _written(pages)
    if opens_on is not None:
        page = writer.pages[opens_on].indirect_reference
        writer.root_object[NameObject("/OpenAction")] = ArrayObject([page, NameObject("/Fit")])
    if link:
        writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url=link))
    return _packed(writer) if packed else _bytes(writer)


def acting_pdf(action: str, *, packed: bool = False, on_page: bool = False) -> bytes:
    """A PDF that does something by itself when it, or its page, is opened."""
    writer = _written(1)
    act = DictionaryObject({NameObject("/S"): NameObject(action), NameObject("/F"): TextStringObject("x")})
    if action == "/JavaScript":
        act[NameObject("/JS")] = TextStringObject("app.alert(1)")
    kept = writer._add_object(act)
    if on_page:
        writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): kept})
    else:
        writer.root_object[NameObject("/OpenAction")] = kept
    return _packed(writer) if packed else _bytes(writer)


def playing_pdf(subtype: str) -> bytes:
    writer = _written(1)
    annotation = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(subtype),
            NameObject("/Rect"): ArrayObject([NumberObject(n) for n in (0, 0, 9, 9)]),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(annotation)])
    return _bytes(writer)


def form_pdf(*, xfa: bool) -> bytes:
    """A form to fill in; with XFA it is a program."""
    writer = _written(1)
    form = DictionaryObject({NameObject("/Fields"): ArrayObject()})
    if xfa:
        form[NameObject("/XFA")] = TextStringObject("<xdp/>")
    writer.root_object[NameObject("/AcroForm")] = writer._add_object(form)
    return _bytes(writer)


def carrying_pdf() -> bytes:
    writer = _written(1)
    writer.add_attachment("letter.exe", b"MZ")
    return _bytes(writer)


def locked_pdf(password: str = "secret", algorithm: str = "AES-256", *, active: bool = False) -> bytes:
    """With an empty password everybody may read it; only printing or changing is forbidden."""
    writer = _written(1)
    if active:
        act = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
        writer.root_object[NameObject("/OpenAction")] = writer._add_object(DictionaryObject(act))
    writer.encrypt(password, "owner", algorithm=algorithm)
    return _bytes(writer)


def renamed_pdf() -> bytes:
    """`/JavaScript` spelled so that a search for the word does not find it."""
    return acting_pdf("/JavaScript").replace(b"/JavaScript", b"/J#61vaScript")


def forgotten_pdf(*, packed: bool) -> bytes:
    """An action no table lists any more; a forgiving reader finds it all the same."""
    action = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
    if packed:
        body = zlib.compress(b"98 0 " + action)
        about = b"<</Type/ObjStm/N 1/First 5/Length %d/Filter/FlateDecode>>" % len(body)
        action = about + b"stream\n" + body + b"\nendstream"
    clean = pdf()
    table = clean.rindex(b"xref\n", 0, clean.rindex(b"startxref"))
    hidden = b"99 0 obj\n" + action + b"\nendobj\n"
    end = clean[table : clean.rindex(b"startxref")]
    return clean[:table] + hidden + end + b"startxref\n%d\n%%%%EOF\n" % (table + len(hidden))


def _written(pages: int) -> PdfWriter:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    writer.add_outline_item("One", 0, fit=Fit.fit())
    return writer


def _bytes(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _packed(writer: PdfWriter) -> bytes:
    """The same objects in one object stream with a cross-reference stream (PDF 1.5)."""
    objects = {n: o for n, o in enumerate(writer._objects, 1) if o is not None}
    inside, index = b"", []
    for number, one in objects.items():
        text = io.BytesIO()
        one.write_to_stream(text)
        index.append((number, len(inside)))
        inside += text.getvalue() + b" "
    head = b" ".join(b"%d %d" % pair for pair in index) + b" "
    body = zlib.compress(head + inside)
    pack, table = max(objects) + 1, max(objects) + 2
    out = b"%PDF-1.5\n"
    starts = {pack: len(out)}
    out += b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Length %d/Filter/FlateDecode>>stream\n" % (
        pack,
        len(index),
        len(head),
        len(body),
    )
    out += body + b"\nendstream\nendobj\n"
    starts[table] = len(out)
    order = {number: place for place, (number, _) in enumerate(index)}
    rows = b"\0\0\0\0\0\xff"
    for number in range(1, table + 1):
        if number in order:
            rows += struct.pack("!BIB", 2, pack, order[number])
        else:
            rows += struct.pack("!BIB", 1, starts.get(number, 0), 0)
    packed = zlib.compress(rows)
    root = writer.root_object.indirect_reference
    assert root is not None
    out += b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 1]/Root %d 0 R/Length %d/Filter/FlateDecode>>stream\n" % (
        table,
        table + 1,
        root.idnum,
        len(packed),
    )
    return out + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % starts[table]


def _picture(picture: Image.Image, form: str, **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)  # type: ignore[arg-type]
    return out.getvalue()
