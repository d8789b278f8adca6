"""What the gateway knows: messages by key, phones that do not answer, trouble that was asked for."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

FAULTS: Final = ("lose_answer", "busy", "turn_away")


@dataclass(frozen=True, slots=True)
class Sent:
    id: str
    key: str
    to: str
    channel: str
    body: str
    language: str
    at: datetime

    def told(self) -> dict[str, str]:
        return {
            "id": self.id,
            "key": self.key,
            "to": self.to,
            "channel": self.channel,
            "body": self.body,
            "at": self.at.isoformat(),
        }


@dataclass
class Book:
    """`no_such`: numbers the gateway refuses; `off`: phones that never receive what was accepted."""

    messages: list[Sent] = field(default_factory=list)
    no_such: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)
    asked: int = 0  # calls to send, repeated ones included
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take_fault(self, kind: str) -> bool:
        """True if this trouble was asked for once more."""
        with self._lock:
            if self.faults[kind] > 0:
                self.faults[kind] -= 1
                return True
            return False

    def accept(self, key: str, said: dict[str, Any]) -> tuple[int, dict[str, str]]:
        """Status and answer; the same key is the same message."""
        wanted = {name: said.get(name) for name in ("to", "channel", "body", "language")}
        if not all(isinstance(value, str) and value for value in wanted.values()):
            return 422, {"code": "field_missing"}
        with self._lock:
            self.asked += 1
            known = next((m for m in self.messages if m.key == key), None)
            if known is not None:
                same = all(getattr(known, name) == value for name, value in wanted.items())
                return (200, {"id": known.id, "status": "queued"}) if same else (409, {"code": "key_reused"})
            if wanted["to"] in self.no_such:
                return 422, {"code": "no_such_number"}
            made = Sent(f"msg_{token_hex(8)}", key, **wanted, at=datetime.now(UTC))  # type: ignore[arg-type]
            self.messages.append(made)
            return 201, {"id": made.id, "status": "queued"}

    def standing(self, message_id: str) -> tuple[int, dict[str, str]]:
        found = next((m for m in self.messages if m.id == message_id), None)
        if found is None:
            return 404, {"code": "no_such_message"}
        return 200, {"id": found.id, "status": "failed" if found.to in self.off else "delivered"}

    def to(self, number: str) -> list[Sent]:
        """What this phone received, oldest first."""
        return [m for m in self.messages if m.to == number and number not in self.off]
