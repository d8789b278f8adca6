"""Where an address of the web leads: to this machine, over HTTPS, or neither."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_https_or_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return (parts.scheme == "https" and bool(parts.hostname)) or is_loopback(
        f"{parts.scheme}://{parts.netloc}"
    )


def is_loopback(url: str) -> bool:
    """On this machine, plain, without a path and without a name to sign in with."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.path.strip("/"):
        return False
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"
