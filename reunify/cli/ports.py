"""Ports on this machine: free, taken, answering."""

from __future__ import annotations

import http.client
import socket
import time

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """True if a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def becomes_free(port: int, *, within_seconds: float) -> bool:
    """Waits for a server that is just ending, such as one whose supervisor was killed."""
    until = time.monotonic() + within_seconds
    while not is_free(port):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def free_port() -> int:
    """Any free port, chosen by the system."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str = "/", *, timeout: float = 1.0) -> bool:
    """True if somebody speaks HTTP there and does not say that something is broken."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
