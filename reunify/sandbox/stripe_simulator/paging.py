"""Lists as API v2 gives them: newest first, `next_page_url`, and only the documented filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import URL

from reunify.sandbox.stripe_simulator.bank import Problem
from reunify.sandbox.stripe_simulator.store import Thing

_FILTERS = {
    "outbound_payments": {"created", "recipient", "status"},
    "transactions": {"created", "financial_account", "flow"},
    "financial_accounts": {"statuses"},
    "events": {"object_id", "types", "created"},
}
_COMPARE: dict[str, Callable[[str, str], bool]] = {
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


def _value(thing: Thing, name: str) -> str | None:
    match name:
        case "recipient":
            return str(thing["to"]["recipient"])
        case "flow":
            return str(thing["flow"].get("outbound_payment") or thing["flow"].get("received_credit"))
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
