"""Serve the gateway on this machine: in the foreground, or in a thread for tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import compare_digest
from typing import Any, Final

from reunify.sandbox.phones import page
from reunify.sandbox.phones.book import FAULTS, Book

HOST: Final = "127.0.0.1"
_LARGEST: Final = 16 * 1024


class Gateway(ThreadingHTTPServer):
    """`key`: what callers must bring. Any number of calls at once."""

    daemon_threads = True

    def __init__(self, port: int, key: str, book: Book) -> None:
        super().__init__((HOST, port), _Call)
        self.key, self.book = key, book

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An answer lost on purpose is no news."""


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: in two, each call waits 40 ms for the other side
    server: Gateway

    def do_GET(self) -> None:
        if self.path == "/":
            return self._page(page.phones(self.server.book))
        if self.path == "/_control/messages":
            return self._say(200, [m.told() for m in self.server.book.messages])
        if not self._may():
            return self._say(401, {"code": "unknown_key"})
        before, _, message_id = self.path.rpartition("/")
        if before != "/v1/messages":
            return self._say(404, {"code": "no_such_path"})
        return self._say(*self.server.book.standing(message_id))

    def do_POST(self) -> None:
        body, book = self._body(), self.server.book
        if self.path == "/_control/faults" and body.get("kind") in FAULTS:
            book.faults[body["kind"]] += 1
            return self._say(200, {})
        if self.path != "/v1/messages":
            return self._say(404, {"code": "no_such_path"})
        if not self._may() or book.take_fault("turn_away"):
            return self._say(401, {"code": "unknown_key"})
        key = self.headers.get("idempotency-key", "")
        if not key:
            return self._say(400, {"code": "key_missing"})
        if book.take_fault("busy"):
            return self._say(503, {"code": "busy"})
        status, answer = book.accept(key, body)
        if book.take_fault("lose_answer"):
            self.close_connection = True
            self.connection.close()
            return None
        return self._say(status, answer)

    def _may(self) -> bool:
        return compare_digest(self.headers.get("authorization", ""), f"Bearer {self.server.key}")

    def _body(self) -> dict[str, Any]:
        length = int(self.headers.get("content-length") or 0)
        try:
            said = json.loads(self.rfile.read(min(length, _LARGEST)) or b"{}")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _say(self, status: int, answer: object) -> None:
        self._answer(status, "application/json", json.dumps(answer))

    def _page(self, html: str) -> None:
        self._answer(200, "text/html; charset=utf-8", html)

    def _answer(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses and numbers stay out of the log."""


@dataclass(frozen=True, slots=True)
class Running:
    url: str
    book: Book


@contextmanager
def running(*, key: str) -> Iterator[Running]:
    """On a port the system chooses; gone at the end."""
    gateway = Gateway(0, key, Book())
    thread = threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Running(f"http://{HOST}:{gateway.server_port}", gateway.book)
    finally:
        gateway.shutdown()
        thread.join(timeout=5)
        gateway.server_close()
