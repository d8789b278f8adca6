"""Who calls, by network address, and how often: `Depends(limited(Kind.SIGN_IN))` on a route."""

from __future__ import annotations

import hashlib
import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import cast
from uuid import UUID

from fastapi import Request

from reunify.bootstrap import House
from reunify.identity import limits
from reunify.identity.limits import Kind, TooManyCalls
from reunify.settings import Network

# Everybody in the sandbox and in the tests calls from one address.
_TIMES_IN_SANDBOX = 1000
_MOST_TOKENS = 10_000
_ONE_HOUSEHOLD = 64  # bits: an IPv6 line hands out as many addresses below these as it likes


def address_of(request: Request) -> str:
    """The caller's network address. A header is believed only from a proxy we were told of (ASVS 4.1.3)."""
    at = cast(House, request.app.state.house)
    peer = request.client.host if request.client else ""
    said = request.headers.getlist("x-forwarded-for")
    return _place(nearest_unknown(peer, ",".join(said), at.settings.trusted_proxies))


def nearest_unknown(peer: str, forwarded_for: str, proxies: Iterable[Network]) -> str:
    """Walk back from the connection over our own proxies; the first address that is none of ours called.

    Each proxy adds at the right, so whatever a caller wrote stands to the left of what is believed.
    """
    known = tuple(proxies)
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    caller = peer
    while hops and _within(caller, known):
        before = hops.pop()
        if _read(before) is None:
            break
        caller = before
    return caller


def limited(kind: Kind) -> Callable[[Request], None]:
    """A dependency that counts the call before anything else is looked at. Raises TooManyCalls."""

    def counted(request: Request) -> None:
        at = cast(House, request.app.state.house)
        count(at, kind, address_of(request))

    return counted


def count(at: House, kind: Kind, place: str, calls: int = 1) -> None:
    """Calls from this place. Raises TooManyCalls past the allowance."""
    times = _TIMES_IN_SANDBOX if at.settings.sandbox else 1
    limits.check(at.db, kind=kind, place=place, now=at.now(), times=times, calls=calls)


def count_upload(at: House, who: UUID) -> None:
    """Papers sent in by one member of staff or through one family's link. Raises TooManyCalls."""
    count(at, Kind.UPLOAD, str(who))


class Programs:
    """A dependency for the API: each bearer token's calls, told to the database a bundle at a time.

    To write each down would cost every call more than the limit is worth; so it holds to within one bundle
    for each process. A token that was refused is refused here, without asking, until its time is over.
    """

    bundle = 200

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._refused_until: dict[str, datetime] = {}

    def __call__(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer":
            return
        at = cast(House, request.app.state.house)
        place = hashlib.sha256(token.encode()).hexdigest()
        if not self._is_full(place, at.now()):
            return
        try:
            count(at, Kind.API, place, self.bundle)
        except TooManyCalls as refused:
            with self._lock:
                self._refused_until[place] = at.now() + timedelta(seconds=refused.seconds)
            raise

    def _is_full(self, place: str, now: datetime) -> bool:
        """Whether a bundle is complete. Raises TooManyCalls for who was refused a moment ago."""
        with self._lock:
            until = self._refused_until.get(place, now)
            if until > now:
                raise TooManyCalls(max(1, ceil((until - now).total_seconds())))
            self._refused_until.pop(place, None)
            if len(self._calls) + len(self._refused_until) > _MOST_TOKENS:  # made up, or long gone
                self._calls.clear()
                self._refused_until.clear()
            self._calls[place] += 1
            if self._calls[place] < self.bundle:
                return False
            del self._calls[place]
            return True


def _read(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(text: str, networks: tuple[Network, ...]) -> bool:
    address = _read(text)
    return address is not None and any(address in network for network in networks)


def _place(text: str) -> str:
    address = _read(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _ONE_HOUSEHOLD), strict=False))
    return str(address or text)
