"""The code printed on each paper we issue, and what it proves: an HMAC nobody else can make.

The code cannot name the file it is printed in. It names what the file was made from; the files' hashes are
bound to the code beside it (ADR 35). Both under the keys of blind indexes, whose versions stay on the ring.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from reunify.documents.ports import Genuine
from reunify.vault import keyring

# Base 32 without I, L, O and U: what is read off paper over a telephone comes back the same.
SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12  # 60 bits
PAGE: Final = "/genuine"
_MEANT: Final = str.maketrans("OIL", "011")
_BETWEEN: Final = frozenset("- \u00a0\u2010\u2011\u2013")
_CODES: Final = "documents.code"
_FILES: Final = "documents.files_proof"


@dataclass(frozen=True, slots=True)
class Named:
    """All that a code stands for. `number` and `revision` are the version of the paper."""

    document_id: UUID
    kind: str
    language: str
    number: int
    revision: int
    template_hash: str
    context_hash: str

    def parts(self) -> list[str]:
        version = (str(self.number), str(self.revision))
        made_from = (self.template_hash, self.context_hash)
        return [str(self.document_id), self.kind, self.language, *version, *made_from]


def code_of(named: Named) -> str:
    """Twelve signs, under the newest key."""
    return _spelled(keyring.current().blind_index(*named.parts(), place=_CODES))


def is_code_of(code: str, named: Named) -> bool:
    """Whether a key of ours made it for exactly this paper, under any version of the key."""
    made = keyring.current().blind_indexes(*named.parts(), place=_CODES)
    return _is_one_of(code.encode(), [_spelled(one).encode() for one in made])


def files_proof(code: str, hashes: Sequence[str]) -> bytes:
    """Binds the files to the code, by their SHA-256 (hex): a row that names another file does not hold."""
    return keyring.current().blind_index(code, *hashes, place=_FILES)


def is_files_proof(proof: bytes, code: str, hashes: Sequence[str]) -> bool:
    """Whether exactly these files were issued under the code."""
    return _is_one_of(proof, keyring.current().blind_indexes(code, *hashes, place=_FILES))


def printed(code: str, own_url: str) -> Genuine:
    """As it stands on the paper. `own_url`: of our pages."""
    page = own_url.rstrip("/") + PAGE
    return Genuine(code=grouped(code), place=page.partition("://")[2], link=f"{page}/{code}")


def grouped(code: str) -> str:
    """`K7QF-2M9X-R3TD`."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def typed(text: str) -> str | None:
    """The code somebody typed, in any case and grouping, or its whole address; None if it is no code."""
    last = text.strip().rpartition("/")[2].upper()
    code = "".join(sign for sign in last if sign not in _BETWEEN).translate(_MEANT)
    return code if len(code) == LENGTH and set(code) <= set(SIGNS) else None


def _spelled(eight: bytes) -> str:
    number = int.from_bytes(eight) >> (64 - 5 * LENGTH)
    return "".join(SIGNS[(number >> 5 * place) & 31] for place in reversed(range(LENGTH)))


def _is_one_of(one: bytes, others: Sequence[bytes]) -> bool:
    return any([hmac.compare_digest(one, other) for other in others])
