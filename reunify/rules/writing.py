"""A rule file written out from its parts, always in the same order. What a form edits, this writes.

The parts are what `closed_yaml.read` gives: mappings, lists and text. Comments are not among them: a file
that is read and written again has lost its comments, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

WIDTH = 110
_TOP = (
    "source",
    "name",
    "public_name",
    "kind",
    "unit",
    "organisation_set",
    "federal",
    "loan",
    "card_only",
    "effective",
    "verified_on",
    "review_by",
    "pays",
    "payer_order",
    "tables",
    "requirements",
    "hand_off",
)
_REQUIREMENT = (
    "id",
    "name",
    "require",
    "require_any",
    "deny_if",
    "decide_by",
    "decision",
    "question",
    "attest",
    "confidence",
    "verified_on",
    "review_by",
    "cite",
    "say",
)
_EXAMPLE = ("name", "facts", "decisions", "answer", "because", "asks", "caps")
# Parts short enough to stand on one line.
_IN_LINE = (
    "effective",
    "public_name",
    "pays",
    "attest",
    "require",
    "deny_if",
    "decision",
    "facts",
    "decisions",
    "asks",
    "caps",
)
_CELLS = ("require", "require_any", "deny_if", "decision")


def written(draft: Mapping[str, Any]) -> str:
    """The YAML of one version. Unknown words stay, at the end of their part: nothing typed is lost."""
    top = _ordered(draft, _TOP)
    if isinstance(top.get("requirements"), list):
        top["requirements"] = [_requirement(item) for item in top["requirements"]]
    for name in ("payer_order", "tables"):
        if name in top:
            top[name] = _in_line_below(top[name])
    return _blocks(_shaped(top), ("requirements", "tables", "hand_off"))


def written_examples(examples: Mapping[str, Any]) -> str:
    """The YAML of a version's worked examples, in the same manner."""
    top = _ordered(examples, ("given", "examples"))
    if isinstance(top.get("examples"), list):
        top["examples"] = [
            _shaped(_ordered(item, _EXAMPLE)) if isinstance(item, Mapping) else item
            for item in top["examples"]
        ]
    return _blocks(top, ("examples",))


class _Line(dict[str, Any]):
    """A mapping on one line."""


class _Listed(list[Any]):
    """A list on one line."""


class _Quoted(str):
    """Text that is always in quotes, as a cell is."""


def _requirement(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    part = _ordered(item, _REQUIREMENT)
    for key in _CELLS:
        if key in part:
            part[key] = _cells(part[key])
    if isinstance(part.get("require_any"), list):
        part["require_any"] = [_Line(g) if isinstance(g, Mapping) else g for g in part["require_any"]]
    return _shaped(part)


def _cells(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _Quoted(cell) if isinstance(cell, str) else cell for name, cell in value.items()}
    return [_cells(item) for item in value] if isinstance(value, list) else value


def _shaped(part: dict[str, Any]) -> dict[str, Any]:
    for key in _IN_LINE:
        value = part.get(key)
        if isinstance(value, Mapping):
            part[key] = _Line(value)
        elif isinstance(value, list):
            part[key] = _Listed(value)
    return part


def _in_line_below(value: Any) -> Any:
    """A list of short mappings, each on a line of its own; of a mapping, its own mappings."""
    if isinstance(value, list):
        return [_Line(item) if isinstance(item, Mapping) else item for item in value]
    if isinstance(value, Mapping):
        return {name: _Line(item) if isinstance(item, Mapping) else item for name, item in value.items()}
    return value


def _ordered(part: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    known = {name: part[name] for name in names if name in part}
    return known | {name: value for name, value in part.items() if name not in known}


def _blocks(top: Mapping[str, Any], spaced: tuple[str, ...]) -> str:
    """Key by key; before a long part, and between the things of a list in it, an empty line."""
    said: list[str] = []
    for name, value in top.items():
        if name in spaced and isinstance(value, list) and value and all(type(v) is dict for v in value):
            said.append(f"\n{_dumped({name: []}).split(':')[0]}:\n")
            said.append("\n".join(_indented(_dumped([item])) for item in value))
        else:
            said.append(("\n" if name in spaced else "") + _dumped({name: value}))
    return "".join(said).lstrip("\n")


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _dumped(value: Any) -> str:
    return str(yaml.dump(value, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=WIDTH))


class _Plain(yaml.dumper.BaseDumper):
    """Text stays text: nothing is taken for a number, a date or a yes that would need quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    style = '"' if isinstance(value, _Quoted) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style=style)


def _mapping(dumper: Any, value: Mapping[str, Any]) -> Any:
    return dumper.represent_mapping(
        "tag:yaml.org,2002:map", list(value.items()), flow_style=isinstance(value, _Line)
    )


def _list(dumper: Any, value: list[Any]) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=isinstance(value, _Listed))


_Plain.add_representer(str, _text)
_Plain.add_representer(_Quoted, _text)
_Plain.add_representer(dict, _mapping)
_Plain.add_representer(_Line, _mapping)
_Plain.add_representer(list, _list)
_Plain.add_representer(_Listed, _list)
