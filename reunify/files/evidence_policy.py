"""Papers families and staff send in: which are taken, how they move, and who may open one. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import NotAllowed, NotFound, Refused
from reunify.kernel.text import cleaned

LARGEST_EVIDENCE: Final = 10 * 1024 * 1024  # bytes of one paper as it was sent
MOST_AT_ONCE: Final = 5  # papers in one form
MOST_FOR_A_REQUEST: Final = 100
MOST_PIXELS: Final = 64_000_000  # a 48-megapixel phone photo passes
LONGEST_SIDE: Final = 4000  # of the copy people look at; small print stays readable
MOST_PAGES: Final = 200
MOST_OBJECTS: Final = 200_000  # inside one PDF
LONGEST_NAME: Final = 120


class Kind(StrEnum):
    POLICE_REPORT = "police_report"
    COURT_ORDER = "court_order"
    CUSTODY_PAPER = "custody_paper"
    IDENTITY = "identity"  # booking only: erased after the trip
    RECEIPT = "receipt"
    CONSENT_PAPER = "consent_paper"
    OTHER = "other"


class MediaType(StrEnum):
    """What content may be. Never taken from the file's name or from what the sender declared."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"

    @property
    def is_image(self) -> bool:
        return self is not MediaType.PDF


EXTENSIONS: Final = {
    MediaType.JPEG: "jpg",
    MediaType.PNG: "png",
    MediaType.WEBP: "webp",
    MediaType.PDF: "pdf",
}


class Reason(StrEnum):
    """Why a file was not taken. Words for staff stand below, for families on their page."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_A_PAPER = "not_a_paper"
    HEIC = "heic"
    TOO_MANY_PIXELS = "too_many_pixels"
    MOVING = "moving"
    BROKEN_IMAGE = "broken_image"
    PASSWORD = "password"  # noqa: S105 - the reason, not a secret
    BROKEN_PDF = "broken_pdf"
    ACTIVE = "active"
    ATTACHMENTS = "attachments"
    TOO_MANY_PAGES = "too_many_pages"
    MORE_INSIDE = "more_inside"
    TOO_SLOW = "too_slow"


REMEDY: Final = {
    Reason.EMPTY: "The file is empty. Choose it again.",
    Reason.TOO_LARGE: "The file is larger than 10 MB. Send a smaller copy, or the pages one by one.",
    Reason.NOT_A_PAPER: (
        "This is neither a photo (JPEG or PNG) nor a PDF. Take a photo of the paper, or save it as a PDF."
    ),
    Reason.HEIC: (
        "This is an iPhone photo (HEIC). On the phone: Settings, Camera, Formats, Most Compatible; "
        "or share the photo by e-mail to yourself, which makes it a JPEG."
    ),
    Reason.TOO_MANY_PIXELS: "The picture has over 64 million dots. Take the photo again at a normal size.",
    Reason.MOVING: "This is a moving picture. Take a plain photo of the paper.",
    Reason.BROKEN_IMAGE: "The picture is damaged and cannot be opened. Take the photo again.",
    Reason.PASSWORD: "This PDF asks for a password. Save it again without one, or photograph its pages.",
    Reason.BROKEN_PDF: "This PDF is damaged and cannot be opened. Save it again, or photograph its pages.",
    Reason.ACTIVE: "This PDF can run commands when opened. Print it as a new PDF, or photograph its pages.",
    Reason.ATTACHMENTS: "This PDF carries other files inside. Send those alone, or print it as a new PDF.",
    Reason.TOO_MANY_PAGES: "This PDF has more than 200 pages. Send the pages that matter.",
    Reason.MORE_INSIDE: "Something else is hidden before or after the PDF. Print it as a new PDF.",
    Reason.TOO_SLOW: "The file took too long to read. Print it as a new PDF, or photograph its pages.",
}


class FileNotTaken(Refused):
    """The file cannot be kept as evidence. `reason` says why; `str()` the remedy, for staff."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(REMEDY[reason], field="/files")
        self.reason = reason


class TooManyPapers(Refused):
    """One request has as many papers as anybody can look at."""


class NotScannedYet(NotAllowed):
    """Nobody but its sender opens a paper before the malware scan."""


class HoldsMalware(NotAllowed):
    """The scan found malware: nobody opens it."""


class SetAside(NotAllowed):
    """Quarantined unseen: nobody in the product opens it, its sender included."""


class HeldByQuarantine(Refused):
    """A quarantined paper is preserved, whatever the schedule says."""


class UnderLegalHold(Refused):
    """While a legal hold stands for the case, no paper of it is removed."""


class NoLongerKept(NotFound):
    """It was removed, or never taken."""


EVIDENCE = Moves(
    "paper sent in",
    Move(START, "keep", "not_scanned", "staff or family"),
    Move(START, "refuse", "refused", "staff or family"),
    Move(START, "keep_unseen", "quarantined", "system: the same file is quarantined already"),
    Move("not_scanned", "pass", "clean", "scanner"),
    Move("not_scanned", "find_malware", "infected", "scanner"),
    Move("not_scanned", "quarantine", "quarantined", "staff"),
    Move("clean", "quarantine", "quarantined", "staff"),
    Move("infected", "quarantine", "quarantined", "staff"),
    Move("not_scanned", "remove", "removed", "staff"),
    Move("clean", "remove", "removed", "staff"),
    Move("infected", "remove", "removed", "staff"),
)


def may_open(*, state: str, own: bool, has_safe_copy: bool) -> bool:
    try:
        check_open(state=state, own=own, has_safe_copy=has_safe_copy)
    except Refused:
        return False
    return True


def check_open(*, state: str, own: bool, has_safe_copy: bool) -> None:
    """`own`: who asks sent it. A safe copy is a picture drawn again; a PDF has none and waits for the scan.

    Raises SetAside, HoldsMalware, NotScannedYet, NoLongerKept.
    """
    match state:
        case "clean":
            return
        case "not_scanned" if own and has_safe_copy:
            return
        case "not_scanned":
            raise NotScannedYet("This paper is not scanned for malware yet. It opens as soon as it is.")
        case "infected":
            raise HoldsMalware("The scan found malware in this paper. Ask the sender for a photo of it.")
        case "quarantined":
            raise SetAside("This paper is set aside unseen. Nobody opens it; a supervisor knows the steps.")
        case _:
            raise NoLongerKept("That paper is not kept.")


_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def media_type_of(content: bytes) -> MediaType:
    """By the first bytes alone. Raises FileNotTaken."""
    if not content:
        raise FileNotTaken(Reason.EMPTY)
    if len(content) > LARGEST_EVIDENCE:
        raise FileNotTaken(Reason.TOO_LARGE)
    if content.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return MediaType.WEBP
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise FileNotTaken(Reason.HEIC)
    if content.startswith(b"%PDF-"):
        return MediaType.PDF
    if b"%PDF-" in content[:1024]:  # readers accept a PDF that begins later: two files in one
        raise FileNotTaken(Reason.MORE_INSIDE)
    raise FileNotTaken(Reason.NOT_A_PAPER)


_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028\u2029\u2060-\u2064\ufff9-\ufffb]")


def shown_name(said: str | None) -> str:
    """The sender's own name for the file, to show and nothing else: one line, nothing hidden or reordered."""
    text = unicodedata.normalize("NFC", cleaned(said or ""))
    text = " ".join(_INVISIBLE.sub("", text).split())
    text = re.split(r"[/\\]", text)[-1].strip()
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def attachment_name(number: str, kind: Kind, media_type: MediaType) -> str:
    """Our own name: `paper-3f9a-receipt.jpg`. Letters, digits and hyphens, whatever the sender typed."""
    return f"paper-{number}-{kind.replace('_', '-')}.{EXTENSIONS[media_type]}"
