"""A server that speaks S3 over HTTP, in a process of its own, with one empty bucket."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from reunify.cli.ports import free_port

BUCKET = "sealed-files"


class Server:
    """Asked past our own client, as whoever operates it would ask."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.place = f"s3://{BUCKET}/house/one?endpoint=http://127.0.0.1:{port}&region=us-east-1"

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, body)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def serving() -> Iterator[Server]:
    server = Server(free_port())
    command = [sys.executable, "-m", "moto.server", "-p", str(server.port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            try:
                server.ask("PUT", f"/{BUCKET}")
                break
            except OSError:
                time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait(10)
