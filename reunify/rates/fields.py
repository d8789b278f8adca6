"""The dictionary of facts: what a rule may speak of, and the question when nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from reunify.kernel.money import Money, NotMoney
from reunify.rates.closed_yaml import Reader, RuleFileBroken, read
from reunify.rates.places import rules_folder

FactValue = str | int | bool | date | None

MENDED_BY = ("document", "date", "route", "no")
TYPES = ("choice", "yes_no", "integer", "money", "date")
_WHOLE = re.compile(r"-?\d{1,12}")
_FUNCTION = re.compile(r"[a-z][a-z0-9_]{0,59}@[1-9]\d{0,2}")


class NotAValue(ValueError):
    """A written value does not fit its field. `str()` is what is allowed."""


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    en: str
    es: str

    def in_language(self, language: str) -> str:
        return self.es if language == "es" else self.en


@dataclass(frozen=True, slots=True)
class Field:
    """One fact. `pointer` is where the answer goes in the request (JSON pointer)."""

    name: str
    type: str
    unit: str | None
    values: dict[str, Words]
    low: int | None
    high: int | None
    label: Words
    question: Words
    pointer: str
    sensitivity: str
    supplied_by: tuple[str, ...]
    family_can_fix: str  # by a document, a date, the route; or no
    attestable: bool
    computed_from: tuple[str, ...] | None
    computed_by: str | None = None  # the function that works it out, `name@version`

    def parse(self, written: str) -> FactValue:
        """Read a literal by this field's type. Raises NotAValue saying what is allowed."""
        match self.type:
            case "choice":
                if written not in self.values:
                    raise NotAValue(", ".join(self.values))
                return written
            case "yes_no":
                if written not in ("yes", "no"):
                    raise NotAValue("yes or no")
                return written == "yes"
            case "integer":
                return self._whole(written)
            case "money":
                return _cents(written)
            case _:
                return _day(written)

    def from_json(self, value: str | int | bool | None) -> FactValue:
        """A stored fact, typed again; None (not known) where it does not fit what the field is now."""
        match self.type:
            case "choice":
                return value if isinstance(value, str) and value in self.values else None
            case "yes_no":
                return value if isinstance(value, bool) else None
            case "date":
                return _day_or_none(value)
            case _:
                return value if isinstance(value, int) and not isinstance(value, bool) else None

    def shown(self, value: FactValue) -> str:
        """For staff screens, in English."""
        if value is None:
            return "not known yet"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.type == "money" and isinstance(value, int):
            return str(Money(value))
        if self.type == "choice" and isinstance(value, str) and value in self.values:
            return self.values[value].en
        return str(value)

    def _whole(self, written: str) -> int:
        allowed = "a whole number" + (f" {self.low}..{self.high}" if self.low is not None else "")
        if not _WHOLE.fullmatch(written):
            raise NotAValue(allowed)
        number = int(written)
        if self.low is not None and self.high is not None and not self.low <= number <= self.high:
            raise NotAValue(allowed)
        return number


def _cents(written: str) -> int:
    try:
        return Money.parse(written).cents
    except NotMoney:
        raise NotAValue("dollars and cents like 1284.50") from None


def _day(written: str) -> date:
    try:
        if len(written) != 10:
            raise ValueError
        return date.fromisoformat(written)
    except ValueError:
        raise NotAValue("a date like 2026-09-30") from None


def _day_or_none(value: FactValue) -> date | None:
    try:
        return _day(value) if isinstance(value, str) else None
    except NotAValue:
        return None


@dataclass(frozen=True, slots=True)
class Dictionary:
    fields: dict[str, Field]
    body: bytes

    def __hash__(self) -> int:
        return hash(self.body)

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]

    def allowed_for(self, name: str) -> str:
        """What may stand in place of a name that is no fact: the ones most like it first."""
        near = get_close_matches(name, self.fields, n=3)
        return f"a field of _fields.yaml, such as {' or '.join(near)}" if near else "a field of _fields.yaml"

    @property
    def case_types(self) -> tuple[str, ...]:
        """The values an intake form may offer as case type."""
        return tuple(self.fields["case_type"].values)


def load_dictionary(body: bytes, file: str = "_fields.yaml") -> Dictionary:
    """Raises RuleFileBroken."""
    top = Reader(read(body, file), file, "top")
    part = top.part("fields")
    fields = {name: _field(name, Reader(part.take(name), file, name)) for name in part.names()}
    top.done()
    for field in fields.values():
        for source in field.computed_from or ():
            if source not in fields:
                raise RuleFileBroken(
                    file, f"{field.name}, `computed_from`", f"`{source}`", "a field of this file"
                )
    _refuse_circles(fields, file)
    return Dictionary(fields, body)


def _refuse_circles(fields: dict[str, Field], file: str) -> None:
    """A fact worked out from itself, directly or through others, could never be asked for."""
    grounded: set[str] = set()
    while new := {
        f.name
        for f in fields.values()
        if f.name not in grounded and grounded.issuperset(f.computed_from or ())
    }:
        grounded |= new
    for field in fields.values():
        if field.name not in grounded:
            allowed = "facts that are not worked out from this one"
            raise RuleFileBroken(file, f"{field.name}, `computed_from`", "a circle", allowed)


def _field(name: str, part: Reader) -> Field:
    kind = part.one_of("type", TYPES)
    values: dict[str, Words] = {}
    if kind == "choice":
        listed = part.part("values")
        values = {value: words(listed, value) for value in listed.names()}
    low, high = _range(part) if part.has("range") else (None, None)
    field = Field(
        name=name,
        type=kind,
        unit=part.optional("unit"),
        values=values,
        low=low,
        high=high,
        label=words(part, "label"),
        question=words(part, "question"),
        pointer=part.text("pointer"),
        sensitivity=part.one_of("sensitivity", ("open", "staff_only")),
        supplied_by=_suppliers(part),
        family_can_fix=part.one_of("family_can_fix", MENDED_BY),
        attestable=part.one_of("attestable", ("yes", "no"), default="yes") == "yes",
        computed_from=_sources(part) if part.has("computed_from") else None,
        computed_by=_function(part) if part.has("computed_by") else None,
    )
    part.done()
    return field


def words(part: Reader, key: str) -> Words:
    """A text that must be there in both languages."""
    both = part.part(key)
    found = Words(both.text("en"), both.text("es"))
    both.done()
    return found


def _range(part: Reader) -> tuple[int, int]:
    written = part.text("range")
    found = re.fullmatch(r"(-?\d{1,12})\.\.(-?\d{1,12})", written)
    if not found or int(found[1]) > int(found[2]):
        raise part.broken("range", f"`{written}`", "two whole numbers like 0..40")
    return int(found[1]), int(found[2])


def _suppliers(part: Reader) -> tuple[str, ...]:
    named = part.items("supplied_by")
    allowed = ("family", "staff", "agency")
    if not named or any(n not in allowed for n in named):
        raise part.broken("supplied_by", ", ".join(map(str, named)) or "nothing", ", ".join(allowed))
    return tuple(named)


def _sources(part: Reader) -> tuple[str, ...]:
    return tuple(str(n) for n in part.items("computed_from"))


def _function(part: Reader) -> str:
    written = part.text("computed_by")
    if not _FUNCTION.fullmatch(written):
        raise part.broken("computed_by", f"`{written}`", "a function and its version, like one_way_miles@1")
    return written


@lru_cache(maxsize=4)
def dictionary(folder: Path | None = None) -> Dictionary:
    """The dictionary of the rules folder, loaded once per process."""
    path = (folder or rules_folder()) / "_fields.yaml"
    return load_dictionary(path.read_bytes())
