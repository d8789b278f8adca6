"""What a form's table is made of: fields, their kinds, and groups of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from reunify.web.pages.labels import label

Kind = Literal[
    "text",
    "long",
    "date",
    "moment",
    "money",
    "whole",
    "choice",
    "tick",
    "several",
    "zone",
    "email",
    "phone",
    "lines",
]
# Free words of staff reach the paper untranslated.
AS_WRITTEN: Final = "The family's plan says it as written here: write it in the family's language"
AsTyped = Literal["radios", "digits", "dollars"]  # read as text, whatever they look like
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is under its group, as in `child/name`. `start` is what an untouched field holds."""

    path: str
    label: str
    kind: Kind | AsTyped = "text"
    hint: str = ""
    options: Options = ()
    names: Literal["", "travelers", "legs", "payees", "case_types"] = ""  # options from elsewhere
    start: str = ""
    needed: bool = False
    part: str = ""  # the heading of the foldable part it stands in


@dataclass(frozen=True, slots=True)
class Group:
    """`pointer` empty: the request itself. With `one`, a list of such things."""

    pointer: str
    title: str
    intro: str
    fields: tuple[Field, ...]
    one: str = ""
    key: str = ""  # how new keys begin
    at_first: int = 1


def options(values: type[StrEnum], **named: str) -> Options:
    return (("", "Choose"), *((v.value, named.get(v.value) or label(v.value)) for v in values))


def listed(**named: str) -> Options:
    return (("", "Choose"), *named.items())


YES_NO: Options = (("unknown", "Not known yet"), ("yes", "Yes"), ("no", "No"))


def yes_no(path: str, name: str, hint: str = "", part: str = "") -> Field:
    return Field(path, name, "choice", hint, YES_NO, start="unknown", part=part)


def place(under: str, *, needed: bool = False, part: str = "") -> tuple[Field, ...]:
    return (
        Field(f"{under}/city", "City", needed=needed, part=part),
        Field(f"{under}/state", "State", hint="Two letters, like TX", part=part),
        Field(f"{under}/country", "Country", hint="Two letters", start="US", part=part),
        Field(f"{under}/county", "County", part=part),
        Field(f"{under}/zip", "ZIP code", hint="Five digits", part=part),
    )
