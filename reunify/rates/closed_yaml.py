"""YAML with nothing hidden: every scalar is text, no anchors, no tags, no key twice."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml

from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe

LARGEST_FILE = 200_000
DEEPEST = 20  # levels of lists and mappings inside each other
MOST_PARTS = 10_000  # names, values, lists and mappings: more would take long to read, however small each is
_UTF8 = "UTF-8 text throughout (in a spreadsheet: save as CSV UTF-8)"


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
    found = _known(body, file)
    if isinstance(found, RuleFileBroken):
        raise RuleFileBroken(found.file, found.where, found.found, found.allowed)
    return deepcopy(found)


@lru_cache(maxsize=16)
def _known(body: bytes, file: str) -> dict[str, Any] | RuleFileBroken:
    """A page reads the same text several times, and a long one is slow to read, broken or not."""
    try:
        return _read(body, file)
    except RuleFileBroken as broken:
        return broken.with_traceback(None)


def _read(body: bytes, file: str) -> dict[str, Any]:
    if len(body) > LARGEST_FILE:
        raise RuleFileBroken(file, "whole file", f"{len(body)} bytes", f"at most {LARGEST_FILE} bytes")
    text = decoded(body, file)
    try:
        document = _ClosedLoader(text, file).get_single_data()
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        where = f"line {mark.line + 1}" if mark else "whole file"
        raise RuleFileBroken(file, where, wrong.problem or "broken YAML", "YAML indented by spaces") from None
    except (yaml.YAMLError, RecursionError):
        raise RuleFileBroken(file, "whole file", "broken YAML", "YAML indented by spaces") from None
    if not isinstance(document, dict):
        raise RuleFileBroken(file, "whole file", "no `name: value` lines", "a mapping of names to values")
    return document


def decoded(body: bytes, file: str) -> str:
    """Visible UTF-8 text, or RuleFileBroken with the line. A mark before it must be taken off first."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RuleFileBroken(file, "whole file", "UTF-16 text", _UTF8)
    if body.startswith(b"\xef\xbb\xbf"):
        raise RuleFileBroken(file, "line 1", "a byte order mark", "UTF-8 text without one")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as wrong:
        line = body.count(b"\n", 0, wrong.start) + 1
        raise RuleFileBroken(file, f"line {line}", "bytes that are not text in UTF-8", _UTF8) from None
    for line, written in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not is_safe(written):
            raise RuleFileBroken(file, f"line {line}", "hidden or control characters", "visible text")
    return text


class _ClosedLoader(yaml.BaseLoader):
    """Text only, no objects. Refuses what is hidden or too much at the event that brings it, and a key
    written twice: the second would silently win."""

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self._file, self._depth, self._parts = file, 0, 0

    def get_event(self) -> Any:
        event: Any = super().get_event()  # type: ignore[no-untyped-call]  # the stubs lack it
        begins = isinstance(event, yaml.CollectionStartEvent)
        self._depth += begins - isinstance(event, yaml.CollectionEndEvent)
        self._parts += begins or isinstance(event, yaml.ScalarEvent)
        if self._depth > DEEPEST:  # before the parser's time grows with the square of it
            raise self._refused(event, f"more than {DEEPEST} levels", "lists and mappings less deep")
        if self._parts > MOST_PARTS:
            allowed = f"at most {MOST_PARTS}; leave out what nobody needs, or split the file"
            raise self._refused(event, f"more than {MOST_PARTS} names and values", allowed)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refused(event, "an anchor or alias (& or *)", "the text written out")
        if getattr(event, "tag", None):
            raise self._refused(event, "a tag (!)", "plain text; put it in quotes")
        return event

    def _refused(self, event: Any, found: str, allowed: str) -> RuleFileBroken:
        where = f"line {event.start_mark.line + 1}" if event.start_mark else "whole file"
        return RuleFileBroken(self._file, where, found, allowed)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._refused(key, "a key that is not text", "a name, then a colon")
            if key.value in seen:
                found = f"`{key.value}` written twice"
                raise self._refused(key, found, "each name once; take one of the two lines out")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


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
