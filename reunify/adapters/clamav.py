"""ClamAV's own daemon, asked over its socket (`INSTREAM`). The content never touches a disk on the way."""

from __future__ import annotations

import re
import socket
import struct
from typing import Final
from urllib.parse import urlsplit

from reunify.files.ports import Clean, Infected, Scanned, Unavailable

_CHUNK: Final = 64 * 1024
_CONNECT_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 60.0
_LONGEST_ANSWER: Final = 4096
_FOUND: Final = re.compile(r"stream: (?P<name>[\x21-\x7e ]{1,200}) FOUND")


class BadAddress(ValueError):
    """Neither `unix:/path/to/socket` nor `tcp://host:port`."""


class Clamd:
    """`address`: `unix:/run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`."""

    def __init__(self, address: str) -> None:
        self._family, self._address = _read(address)

    def scan(self, content: bytes) -> Scanned:
        """Never raises: whatever is not a clear answer is Unavailable."""
        try:
            answer = self._asked(content)
        except OSError as wrong:
            return Unavailable(f"the scanner does not answer ({type(wrong).__name__})")
        if answer == "stream: OK":
            return Clean()
        found = _FOUND.fullmatch(answer)
        if found:
            return Infected(found["name"])
        return Unavailable("the scanner gave no answer we know")

    def _asked(self, content: bytes) -> str:
        with socket.socket(self._family, socket.SOCK_STREAM) as line:
            line.settimeout(_CONNECT_SECONDS)
            line.connect(self._address)
            line.settimeout(_ANSWER_SECONDS)
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                piece = content[start : start + _CHUNK]
                line.sendall(struct.pack("!I", len(piece)) + piece)
            line.sendall(struct.pack("!I", 0))
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                more = line.recv(_LONGEST_ANSWER)
                if not more:
                    break
                answer += more
        # An answer without its end was cut off: no answer.
        return answer[:-1].decode("ascii", "replace") if answer.endswith(b"\0") else ""


def _read(address: str) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    if address.startswith("unix:/"):
        return socket.AF_UNIX, address.removeprefix("unix:")
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme == "tcp" and parts.hostname and port:
        return socket.AF_INET, (parts.hostname, port)
    raise BadAddress("write unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310")
