"""API v1 takes forms (`a[b][0][c]=v`); the gate takes JSON. One becomes the other, strings stay strings."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\[\]]*)\]")


def as_json(body: bytes) -> bytes:
    """The form as a JSON object; a mapping whose keys are 0, 1, 2 ... is a list."""
    whole: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        path = [name.partition("[")[0], *_PART.findall(name)]
        here = whole
        for part in path[:-1]:
            inner = here.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            here = inner
        else:
            here[path[-1]] = value
    return json.dumps({name: _listed(value) for name, value in whole.items()}).encode()


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
