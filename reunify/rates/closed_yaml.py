"""YAML with nothing hidden: every scalar is text, no anchors, no tags, no key twice."""

from __future__ import annotations

from typing import Any

import yaml

from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe

LARGEST_FILE = 200_000


class RuleFileBroken(Refused):
    """A rule file cannot be loaded. Says the file, the place, what was found and what is allowed."""

    def __init__(self, file: str, where: str, found: str, allowed: str) -> None:
        super().__init__(f"{file}, {where}: found {found}. Allowed: {allowed}.")
        self.file = file
        self.where = where
        self.found = found
        self.allowed = allowed


def read(body: bytes, file: str) -> dict[str, Any]:
    """The document as dicts, lists and text. Raises RuleFileBroken; a file is never half read."""
    if len(body) > LARGEST_FILE:
        raise RuleFileBroken(file, "whole file", f"{len(body)} bytes", f"at most {LARGEST_FILE} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise RuleFileBroken(file, f"byte {wrong.start}", "bytes that are not text", "UTF-8 text") from None
    if not is_safe(text.replace("\r\n", "\n")):
        raise RuleFileBroken(file, "whole file", "hidden or control characters", "visible text")
    try:
        _refuse_hidden(text, file)
        document = yaml.load(text, Loader=_OnceLoader)  # noqa: S506 - a BaseLoader: text only, no objects
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        where = f"line {mark.line + 1}" if mark else "whole file"
        raise RuleFileBroken(file, where, wrong.problem or "broken YAML", "YAML indented by spaces") from None
    except (yaml.YAMLError, RecursionError):
        raise RuleFileBroken(file, "whole file", "broken YAML", "YAML indented by spaces") from None
    if not isinstance(document, dict):
        raise RuleFileBroken(file, "whole file", "no `name: value` lines", "a mapping of names to values")
    return document


def _refuse_hidden(text: str, file: str) -> None:
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else "whole file"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RuleFileBroken(file, where, "an anchor or alias (& or *)", "the text written out")
        if getattr(event, "tag", None):
            raise RuleFileBroken(file, where, "a tag (!)", "plain text; put it in quotes")


class _OnceLoader(yaml.BaseLoader):
    """Refuses a key written twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong(key, "a key that is not text")
            if key.value in seen:
                raise _wrong(key, f"`{key.value}` written twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _wrong(node: yaml.Node, problem: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


class Reader:
    """Takes the parts of a mapping one by one and complains of whatever is left over."""

    def __init__(self, value: Any, file: str, where: str) -> None:
        if not isinstance(value, dict):
            raise RuleFileBroken(file, where, _shown(value), "a mapping of names to values")
        self._value = value
        self._taken: set[str] = set()
        self.file = file
        self.where = where

    def broken(self, key: str, found: str, allowed: str) -> RuleFileBroken:
        return RuleFileBroken(self.file, f"{self.where}, `{key}`", found, allowed)

    def has(self, key: str) -> bool:
        return key in self._value

    def take(self, key: str) -> Any:
        self._taken.add(key)
        if key not in self._value:
            raise self.broken(key, "nothing", "a value; it is required")
        return self._value[key]

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.broken(key, _shown(value), "a line of text")
        return value.strip()

    def optional(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def one_of(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        value = self.text(key)
        if value not in allowed:
            raise self.broken(key, f"`{value}`", ", ".join(allowed))
        return value

    def items(self, key: str) -> list[Any]:
        value = self.take(key)
        if not isinstance(value, list):
            raise self.broken(key, _shown(value), "a list")
        return value

    def part(self, key: str) -> Reader:
        return Reader(self.take(key), self.file, f"{self.where}, `{key}`")

    def names(self) -> list[str]:
        return list(self._value)

    def done(self) -> None:
        """Nothing may be left unread: a misspelt word would be silently lost."""
        extra = [k for k in self._value if k not in self._taken]
        if extra:
            raise self.broken(extra[0], "a word that is not known", ", ".join(sorted(self._taken)))


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"`{value[:60]}`" if value else "nothing"
    return "a list" if isinstance(value, list) else "a mapping"
