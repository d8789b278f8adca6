"""Lists as API v2 gives them: newest first, `next_page_url`, and only the documented filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import URL

from reunify.sandbox.stripe_simulator.problems import Problem
from reunify.sandbox.stripe_simulator.store import Thing

_FILTERS = {
    "outbound_payments": {"created", "recipient", "status"},
    "transactions": {"created", "financial_account", "flow"},
    "financial_accounts": {"statuses"},
    "received_credits": {"created"},
    "payout_methods": set(),
    "events": {"object_id", "types", "created"},
}
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
_COMPARE_V1: dict[str, Callable[[int, int], bool]] = {
    "is": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
_NAME = re.compile(r"(\w+)(?:\[(\w*)\])?")


def listed(things: list[Thing], url: URL) -> Thing:
    """One page. Raises Problem for a filter this list does not have."""
    wanted = parse_qsl(url.query)
    kept, limit, start = things, 20, 0
    known = _FILTERS[url.path.rsplit("/", 1)[-1]]
    several: dict[str, set[str]] = {}
    for raw, value in wanted:
        found = _NAME.fullmatch(raw)
        name, inner = (found[1], found[2]) if found else (raw, None)
        if name == "limit":
            limit = _whole(value, 1, 100)
        elif name == "page":
            start = _whole(value, 0, 10**9)
        elif name not in known:
            raise Problem(400, "invalid_request_error", "parameter_unknown", f"{name}: unknown parameter")
        elif name == "created":
            kept = [t for t in kept if _COMPARE[inner or "gte"](t["created"], _millis(value))]
        else:
            several.setdefault(name, set()).add(value)
    for name, values in several.items():
        kept = [t for t in kept if _value(t, name) in values]
    more = None
    if len(kept) > start + limit:
        rest = [(k, v) for k, v in wanted if k != "page"]
        more = f"{url.path}?{urlencode([*rest, ('page', str(start + limit))])}"
    return {"data": kept[start : start + limit], "next_page_url": more}


def listed_v1(things: list[Thing], url: URL, *, filters: frozenset[str]) -> Thing:
    """One page as API v1 gives it: `starting_after`, seconds, and only the documented filters."""
    kept, limit, after = things, 10, None
    for raw, value in parse_qsl(url.query):
        found = _NAME.fullmatch(raw)
        name, inner = (found[1], found[2]) if found else (raw, None)
        if name == "limit":
            limit = _whole(value, 1, 100)
        elif name == "starting_after":
            after = value
        elif name not in filters:
            raise Problem(400, "invalid_request_error", "parameter_unknown", f"{name}: unknown parameter")
        elif name == "created":
            at = _whole(value, 0, 10**12)
            kept = [t for t in kept if _COMPARE_V1[inner or "is"](t["created"], at)]
        else:
            kept = [t for t in kept if _id_of(t.get(name)) == value]
    if after is not None:
        ids = [t["id"] for t in kept]
        kept = kept[ids.index(after) + 1 :] if after in ids else []
    return {"object": "list", "data": kept[:limit], "has_more": len(kept) > limit, "url": url.path}


def _id_of(said: object) -> object:
    return said["id"] if isinstance(said, dict) else said


def _value(thing: Thing, name: str) -> str | None:
    match name:
        case "recipient":
            return str(thing["to"]["recipient"])
        case "flow":
            return str(thing["flow"][thing["flow"]["type"]])
        case "statuses":
            return str(thing["status"])
        case "types":
            return str(thing["type"])
        case "object_id":
            return str(thing["related_object"]["id"]) if "related_object" in thing else None
        case _:
            return str(thing[name])


def _millis(value: str) -> str:
    """`…:22Z` sorts after `…:22.123Z` as text; give it its milliseconds."""
    return value if "." in value else value.replace("Z", ".000Z")


def _whole(value: str, least: int, most: int) -> int:
    if not value.isdigit() or not least <= int(value) <= most:
        raise Problem(400, "invalid_request_error", "parameter_invalid", f"a whole number {least} to {most}")
    return int(value)
