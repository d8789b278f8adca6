"""What we need from outside: somebody who texts and calls. A lost answer is never taken for a no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from reunify.notices.policy import Channel


@dataclass(frozen=True, slots=True)
class Message:
    """`to`: as dialled, `+17035550131`. `body`: read on a screen, or spoken when `channel` is a call."""

    to: str = field(repr=False)
    channel: Channel
    body: str = field(repr=False)
    language: Literal["en", "es"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway has it. `delivered`: True or False once it knows, None while it does not."""

    id: str
    delivered: bool | None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not be sent, and was not. `code`: a word of the gateway's, never its sentence."""

    code: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have been sent: only ever asked for again with the same key."""

    code: str


@dataclass(frozen=True, slots=True)
class NotTried:
    """The gateway turned us away at the door: nothing was sent, and later it may be."""

    code: str


Outcome = Accepted | Refused | Unclear | NotTried


class MessageGateway(Protocol):
    """Threads may share it. Neither call raises: whatever goes wrong is an outcome."""

    def send(self, message: Message, *, key: str) -> Outcome:
        """The same `key` is the same message: sent once, however often it is asked."""
        ...

    def look_up(self, gateway_id: str) -> Outcome:
        """What became of a message it accepted."""
        ...
