"""Pillow: a photo drawn again. Nothing of the sent file survives but what the eye sees."""

from __future__ import annotations

import io
import warnings
from typing import Any, Final

from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from reunify.files.evidence_policy import (
    LARGEST_EVIDENCE,
    LONGEST_SIDE,
    MOST_PIXELS,
    FileNotTaken,
    MediaType,
    Reason,
)
from reunify.files.ports import Examined

_FORMATS: Final = {MediaType.JPEG: "JPEG", MediaType.PNG: "PNG", MediaType.WEBP: "WEBP"}
# A phone's "multi-picture" JPEG holds a second picture of the same moment: the first is the photo.
_SEVERAL_OF_ONE_MOMENT: Final = "MPO"
_ORIENTATION: Final = 0x0112  # EXIF: how the phone was held
_UPRIGHT: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def drawn_again(content: bytes, media_type: MediaType) -> Examined:
    """Turned upright, at most LONGEST_SIDE, without EXIF, GPS, XMP, comments, profile or tail.

    Raises FileNotTaken for a flood of pixels (told from the header, before decoding), a moving or a
    damaged picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            safe, safe_type = _saved(_looked_at(content, media_type), media_type)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileNotTaken(Reason.TOO_MANY_PIXELS) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, IndexError, KeyError, TypeError):
        # Pillow's decoders answer damage with any of these.
        raise FileNotTaken(Reason.BROKEN_IMAGE) from None
    return Examined(media_type, safe, safe_type)


def _looked_at(content: bytes, media_type: MediaType) -> Image.Image:
    """RGB on white, upright and small enough."""
    with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as sent:
        if sent.width * sent.height > MOST_PIXELS:
            raise FileNotTaken(Reason.TOO_MANY_PIXELS)
        if getattr(sent, "n_frames", 1) > 1 and sent.format != _SEVERAL_OF_ONE_MOMENT:
            raise FileNotTaken(Reason.MOVING)
        turn = _UPRIGHT.get(_orientation(sent))
        sent.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is decoded smaller where it can be
        sent.load()
        see_through = sent.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in sent.info
        plain: Image.Image = sent
        if sent.mode.startswith("I"):  # 16 bits of gray
            plain = sent.convert("I").point(lambda value: value / 256).convert("L")
        flat = plain.convert("RGBA" if see_through else "RGB")
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if turn is not None:
        flat = flat.transpose(turn)
    # A new picture: Pillow writes out what stands in `info`, and a new picture has none.
    clean = Image.new("RGB", flat.size, "white")
    clean.paste(flat, mask=flat.getchannel("A") if see_through else None)
    return clean


def _orientation(sent: Image.Image) -> int:
    """Damaged EXIF must not cost a family their photo: it is shown as it lies."""
    try:
        return int(sent.getexif().get(_ORIENTATION, 1))
    except Exception:  # the parser of a part we drop anyway
        return 1


def _saved(clean: Image.Image, sent_as: MediaType) -> tuple[bytes, MediaType]:
    """A PNG stays one (print is sharp) unless it grows too large."""
    if sent_as is MediaType.PNG:
        png = _as_bytes(clean, "PNG")
        if len(png) <= LARGEST_EVIDENCE:
            return png, MediaType.PNG
    return _as_bytes(clean, "JPEG", quality=88), MediaType.JPEG


def _as_bytes(picture: Image.Image, form: str, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()
