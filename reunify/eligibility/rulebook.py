"""One source's rules of one day: read from YAML, checked whole, compiled once, known by their fingerprint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from reunify.eligibility import cells
from reunify.eligibility.cells import Cell, NotACell
from reunify.kernel.refusals import Refused
from reunify.rates.closed_yaml import Reader, RuleFileBroken, read
from reunify.rates.fields import Dictionary, FactValue, Words, load_dictionary, words
from reunify.rates.places import rules_folder

RETURN_AUTHORITY = "return_authority_decision"
KINDS = ("require", "require_any", "deny_if", "decide_by")
_ID = re.compile(r"[A-Z]{2,4}-\d{2}")


class NoRulesForDate(Refused):
    """No version of a source's rules is in force on the date of the trip."""


@dataclass(frozen=True, slots=True)
class Cite:
    """Where the rule is written, so that anyone can look it up."""

    doc: str
    at: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition. `groups` is an OR of ANDs; `deny_if` turns the result round."""

    id: str
    name: str
    kind: str
    groups: tuple[tuple[Cell, ...], ...]
    confidence: str
    cite: Cite
    met: Words
    not_met: Words

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.field for group in self.groups for c in group))


@dataclass(frozen=True, slots=True)
class HandOff:
    """Who else may pay, and what a member of staff does next."""

    staff: Words
    family: Words
    deadline: str
    cite: Cite


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A compiled file. `unit` is cents or night for a held source, None for elsewhere."""

    source: str
    name: str
    public_name: Words
    kind: str
    unit: str | None
    organisation_set: bool
    effective_from: date
    basis: str
    requirements: tuple[Requirement, ...]
    hand_off: HandOff | None
    sha256: str
    body: bytes

    @property
    def held(self) -> bool:
        return self.kind == "held"


def compile_rulebook(body: bytes, dictionary: Dictionary, file: str) -> Rulebook:
    """Raises RuleFileBroken at the first thing that is wrong; never returns half a file."""
    top = Reader(read(body, file), file, "top")
    kind = top.one_of("kind", ("held", "elsewhere"))
    effective = top.part("effective")
    start, basis = _date(effective, "from"), effective.text("basis")
    if basis not in dictionary.fields or dictionary[basis].type != "date":
        raise effective.broken("basis", f"`{basis}`", "a date fact of _fields.yaml")
    effective.done()
    requirements = tuple(_requirements(top, dictionary, file))
    _check_built_in(requirements, kind, file)
    book = Rulebook(
        source=top.text("source"),
        name=top.text("name"),
        public_name=words(top, "public_name"),
        kind=kind,
        unit=top.one_of("unit", ("cents", "night")) if kind == "held" else None,
        organisation_set=top.one_of("organisation_set", ("yes", "no")) == "yes",
        effective_from=start,
        basis=basis,
        requirements=requirements,
        hand_off=_hand_off(top.part("hand_off")) if kind == "elsewhere" else None,
        sha256=hashlib.sha256(body).hexdigest(),
        body=body,
    )
    top.done()
    return book


def _date(part: Reader, key: str) -> date:
    written = part.text(key)
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise part.broken(key, f"`{written}`", "a date like 2026-01-01") from None


def _requirements(top: Reader, dictionary: Dictionary, file: str) -> Iterator[Requirement]:
    seen: set[str] = set()
    listed = top.items("requirements")
    if not listed:
        raise top.broken("requirements", "nothing", "at least one requirement")
    for number, value in enumerate(listed, 1):
        part = Reader(value, file, f"requirement {number}")
        name = part.text("id")
        if not _ID.fullmatch(name) or name in seen:
            raise part.broken("id", f"`{name}`", "capital letters, a dash, two digits, like DR-01; each once")
        seen.add(name)
        part.where = f"requirement {name}"
        yield _requirement(name, part, dictionary)


def _requirement(name: str, part: Reader, dictionary: Dictionary) -> Requirement:
    used = [k for k in KINDS if part.has(k)]
    if len(used) != 1:
        found = ", ".join(used) or "none of them"
        raise RuleFileBroken(part.file, part.where, found, f"exactly one of {', '.join(KINDS)}")
    kind = used[0]
    if kind == "decide_by":
        part.one_of("decide_by", ("staff",))
        groups = _groups(part, "decision", dictionary)
    else:
        groups = _groups(part, kind, dictionary)
    say = part.part("say")
    requirement = Requirement(
        id=name,
        name=part.text("name"),
        kind=kind,
        groups=groups,
        confidence=part.one_of("confidence", ("HIGH", "MEDIUM")),
        cite=_cite(part.part("cite")),
        met=words(say, "met"),
        not_met=words(say, "not_met"),
    )
    say.done()
    part.done()
    if kind == "decide_by":
        _check_staff_decides(requirement, part, dictionary)
    return requirement


def _groups(part: Reader, key: str, dictionary: Dictionary) -> tuple[tuple[Cell, ...], ...]:
    value = part.take(key)
    listed: list[Any] = value if isinstance(value, list) else [value]
    if (key == "require_any") != isinstance(value, list) or not listed:
        allowed = "a list of groups" if key == "require_any" else "one group of `fact: cell`"
        raise part.broken(key, "a list" if isinstance(value, list) else "one group", allowed)
    return tuple(_group(item, part, key, dictionary) for item in listed)


def _group(value: Any, part: Reader, key: str, dictionary: Dictionary) -> tuple[Cell, ...]:
    group = Reader(value, part.file, f"{part.where}, `{key}`")
    if not group.names():
        raise part.broken(key, "an empty group", "at least one `fact: cell`")
    found = []
    for field in group.names():
        if field not in dictionary.fields:
            raise group.broken(field, f"unknown field `{field}`", "a field of _fields.yaml")
        try:
            found.append(cells.parse(group.text(field), dictionary[field]))
        except NotACell as wrong:
            raise group.broken(field, wrong.found, wrong.allowed) from None
    return tuple(found)


def _check_staff_decides(requirement: Requirement, part: Reader, dictionary: Dictionary) -> None:
    for name in requirement.fields:
        field = dictionary[name]
        if field.supplied_by != ("staff",) or field.attestable:
            raise part.broken("decision", f"`{name}`", "a fact that only staff supply and nobody may attest")


def _check_built_in(requirements: tuple[Requirement, ...], kind: str, file: str) -> None:
    """Every held source carries the return authority, met by nothing but `safe_and_lawful`."""
    if kind != "held":
        return
    for r in requirements:
        if r.kind == "decide_by" and r.fields == (RETURN_AUTHORITY,) and r.confidence == "HIGH":
            (cell,) = r.groups[0]
            if cell.wants == ("safe_and_lawful",) and cell.written.startswith("="):
                return
    raise RuleFileBroken(
        file,
        "requirements",
        "no return authority",
        "one requirement with `decide_by: staff`, confidence HIGH and "
        '`decision: {return_authority_decision: "= safe_and_lawful"}`',
    )


def _cite(part: Reader) -> Cite:
    cite = Cite(part.text("doc"), part.text("at"), part.optional("link"))
    part.done()
    return cite


def _hand_off(part: Reader) -> HandOff:
    hand_off = HandOff(
        words(part, "staff"), words(part, "family"), part.text("deadline"), _cite(part.part("cite"))
    )
    part.done()
    return hand_off


@dataclass(frozen=True, slots=True)
class Rulebooks:
    """Every source with its versions, oldest first, and the dictionary they were compiled against."""

    dictionary: Dictionary
    dictionary_sha256: str
    versions: dict[str, tuple[Rulebook, ...]]

    def in_force(self, facts: Mapping[str, FactValue]) -> tuple[Rulebook, ...]:
        """The version of each source chosen by its basis date. Raises NoRulesForDate."""
        return tuple(self._chosen(source, facts) for source in self.versions)

    def _chosen(self, source: str, facts: Mapping[str, FactValue]) -> Rulebook:
        for book in reversed(self.versions[source]):
            day = facts.get(book.basis)
            if isinstance(day, date) and day >= book.effective_from:
                return book
        raise NoRulesForDate(
            f"No rules of {source} are in force on the day this trip begins. "
            f"Correct the travel dates, or add a rule file for that day."
        )


def load(folder: Path) -> Rulebooks:
    """Read `_fields.yaml` and every `<source>/<date>.yaml`. Raises RuleFileBroken."""
    body = (folder / "_fields.yaml").read_bytes()
    dictionary = load_dictionary(body)
    versions: dict[str, tuple[Rulebook, ...]] = {}
    for place in sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "parameters"):
        if place.name.startswith((".", "_")):
            continue
        files = sorted(f for f in place.glob("*.yaml") if not f.name.endswith(".examples.yaml"))
        versions[place.name] = tuple(_load_one(f, dictionary) for f in files)
        if not files:
            raise RuleFileBroken(place.name, "folder", "no rule file", "<date>.yaml and its examples")
    return Rulebooks(dictionary, hashlib.sha256(body).hexdigest(), versions)


def _load_one(path: Path, dictionary: Dictionary) -> Rulebook:
    file = f"{path.parent.name}/{path.name}"
    book = compile_rulebook(path.read_bytes(), dictionary, file)
    if book.source != path.parent.name:
        raise RuleFileBroken(file, "`source`", f"`{book.source}`", f"`{path.parent.name}`, like its folder")
    if book.effective_from.isoformat() != path.stem:
        raise RuleFileBroken(
            file, "`effective.from`", f"{book.effective_from}", f"{path.stem}, like its file"
        )
    if not path.with_name(f"{path.stem}.examples.yaml").is_file():
        raise RuleFileBroken(file, "folder", "no examples file", f"{path.stem}.examples.yaml beside it")
    return book


@lru_cache(maxsize=4)
def rulebooks(folder: Path | None = None) -> Rulebooks:
    """The rules of the folder (`eligibility_rules/` by default), loaded once per process."""
    return load(folder or rules_folder())
