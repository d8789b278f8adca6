"""Write the audit row that belongs to a change, in the same transaction."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify import logs
from reunify.audit.records import AuditEntry
from reunify.kernel.canonical import digest_of
from reunify.kernel.moves import Moved
from reunify.kernel.people import Actor, written_by
from reunify.vault import keyring, layout
from reunify.vault.sealing import seal_now

log = logs.named("audit")
# Said in the log as well, which is watched as it is written (ASVS 16.3.1).
AT_THE_DOOR = frozenset(
    {
        "sign_in", "sign_out", "step_up", "end_session", "end_sessions",
        "wrong_password", "wrong_code", "wrong_passkey", "wrong_pin", "open",
    }
)  # fmt: skip


def record(
    session: Session,
    *,
    by: Actor,
    at: datetime,
    subject: str,
    subject_id: UUID,
    moved: Moved | str,
    why: str | None = None,
    family: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """`moved` is the move made, or the bare verb where no state changed. `detail` holds no personal data.

    `family` is the request a reason speaks about: its words are erased with that family's key.
    """
    move = moved if isinstance(moved, Moved) else Moved(moved, "", "")
    body: dict[str, Any] = {
        "at": at,
        "actor": written_by(by),
        "verb": move.verb,
        "subject": subject,
        "subject_id": subject_id,
        "source": move.source or None,
        "target": move.target or None,
        "family": family,
        "detail": detail or {},
    }
    entry = AuditEntry(**body, why=why)
    if why is not None:
        seal_now(session, [entry])
    entry.hash = hash_of(**body, why_sealed=AuditEntry.why.bytes_of(entry))
    session.add(entry)
    if subject in ("staff", "family_link") and move.verb in AT_THE_DOOR:
        log.info("at_the_door", verb=move.verb, subject=subject, piece=subject_id)
    return entry


def hash_of(*, at: datetime, why_sealed: bytes | None, family: UUID | None, **said: Any) -> str:
    """The row's own hash, of its columns as kept; whoever verifies a row computes it again.

    A reason counts as the SHA-256 of its sealed bytes, so that the hash stands when its key is destroyed.
    Rows written before families had keys (layout 1) count the reason itself, and know no family.
    """
    body = said | {"at": at.astimezone(UTC), "why": _why_hashed(why_sealed)}
    return digest_of(body if family is None else body | {"family": family})


def _why_hashed(sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    if layout.version(sealed) == layout.FIRST:
        ring = keyring.having(layout.key_id(sealed))
        return ring.unseal_first_layout(sealed, place=AuditEntry.why.place).decode()
    return hashlib.sha256(sealed).hexdigest()
