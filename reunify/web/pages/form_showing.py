"""The draft as the form shows it: every value as typed, every problem at its field. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from reunify.kernel.money import Money, NotMoney
from reunify.kernel.refusals import Problem, Refused
from reunify.web.pages import form_told
from reunify.web.pages.form_fields import BY_POINTER, GROUPS, Field, Group, Options
from reunify.web.pages.form_reading import AS_TYPED, MONEY_REMEDY, is_as_typed, new_key
from reunify.web.pages.form_told import fields_at
from reunify.web.pages.view import text_of


@dataclass(frozen=True, slots=True)
class ShownProblem:
    id: str
    label: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ShownField:
    id: str
    name: str
    kind: str
    label: str
    hint: str
    needed: bool
    options: Options
    value: Any
    wrong: list[str]


def problems_of(
    fields: Iterable[ShownField], refused: Refused | None, *, elsewhere: str
) -> list[ShownProblem]:
    """For the list above the page: at its field; what names no field of the form leads to `elsewhere`."""
    if refused is None:
        return []
    found = [ShownProblem(f.id, f.label, remedy) for f in fields for remedy in f.wrong]
    return found or [ShownProblem(elsewhere, "This cannot be done", str(refused))]


def short_form(form: FormData, fields: Iterable[Field], wrong: Iterable[Problem]) -> list[ShownField]:
    """A short form, each field named by its pointer, with what was typed and what is wrong with it."""
    said = {p.pointer: [p.remedy] for p in wrong}
    return [
        ShownField(
            id=id_of(f"/{f.path}"),
            name=f"/{f.path}",
            kind=f.kind,
            label=f.label,
            hint=f.hint,
            needed=f.needed,
            options=f.options,
            value=text_of(form, f"/{f.path}") or f.start,
            wrong=said.get(f"/{f.path}", []),
        )
        for f in fields
    ]


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    open: bool
    fields: list[ShownField]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a list, or the group itself (`pointer` is then the group's)."""

    pointer: str
    id: str
    title: str
    key: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    group: Group
    id: str
    items: list[Item]
    wrong: list[str]


def id_of(pointer: str) -> str:
    return "f" + pointer.replace("/", "-").replace("~", "_")


def value_at(draft: Any, pointer: str) -> Any:
    """What stands at the pointer; None where the draft has another shape."""
    at = draft
    for part in pointer.split("/")[1:]:
        if isinstance(at, dict):
            at = at.get(part)
        elif isinstance(at, list) and part.isdigit() and int(part) < len(at):
            at = at[int(part)]
        else:
            return None
    return at


class Showing:
    """One draft with its problems, ready for the template. `asked`: told facts the rules can ask, by name."""

    def __init__(
        self,
        draft: Any,
        problems: Sequence[Problem],
        case_types: Options,
        asked: Mapping[str, str] | None = None,
    ) -> None:
        self._draft = draft
        more = form_told.group(asked or {}, draft)
        self._groups = (*GROUPS, more) if more else GROUPS
        self._names = {name: _choices(draft, name) for name in ("travelers", "legs", "payees")}
        self._names["case_types"] = (("", "Choose"), *case_types)
        self._wrong: dict[str, list[str]] = {}
        self.problems = [self._placed(p) for p in problems]

    def groups(self) -> list[ShownGroup]:
        return [self._group(group) for group in self._groups]

    def fields(self, pointer: str) -> list[ShownField]:
        """For the answer to one question; a plain text field where the form knows none."""
        found = fields_at(pointer) or [(pointer, Field(pointer, "Answer"))]
        return [self._field(at, field) for at, field in found]

    def _group(self, group: Group) -> ShownGroup:
        items = self._listed(group) if group.one else [self._item(group.pointer, "", "", group)]
        return ShownGroup(group, id_of(group.pointer or "/trip"), items, self._wrong.get(group.pointer, []))

    def _listed(self, group: Group) -> list[Item]:
        shown = []
        for number, thing in enumerate(_things(self._draft, group)):
            key = thing.get("key") if isinstance(thing, dict) else None
            title = f"{group.one.capitalize()} {number + 1}"
            made = key if isinstance(key, str) else f"{group.key}{number + 1}"
            shown.append(self._item(f"{group.pointer}/{number}", title, made, group))
        return shown

    def _item(self, pointer: str, title: str, key: str, group: Group) -> Item:
        parts: dict[str, list[ShownField]] = {}
        touched: set[str] = set()
        for field in group.fields:
            shown = self._field(f"{pointer}/{field.path}", field)
            parts.setdefault(field.part, []).append(shown)
            if shown.wrong or (shown.value and shown.value != field.start):
                touched.add(field.part)
        made = [Part(name, name in touched, fields) for name, fields in parts.items()]
        return Item(pointer, id_of(pointer or "/trip"), title, key, made)

    def _field(self, pointer: str, field: Field) -> ShownField:
        value = value_at(self._draft, pointer)
        options = field.options or self._names.get(field.names, ())
        # "All of them" stays legible where a code is kept that is offered no longer.
        if field.kind == "choice" and isinstance(value, str) and value not in dict(options):
            options = (*options, (value, value))
        return ShownField(
            id=id_of(pointer),
            name=pointer,
            kind=field.kind,
            label=field.label,
            hint=field.hint,
            needed=field.needed,
            options=tuple(o for o in options if o[0]) if field.kind == "several" else options,
            value=_written(value, field),
            wrong=self._wrong.get(pointer, []),
        )

    def _placed(self, problem: Problem) -> ShownProblem:
        """The nearest field or group; `/legs/0/travelers/1` belongs to `/legs/0/travelers`."""
        pointer, remedy = problem.pointer, problem.remedy
        while pointer:
            exact = [(at, f) for at, f in fields_at(pointer) if at == pointer]
            if exact:
                field = exact[0][1]
                if field.kind == "money" and is_as_typed(value_at(self._draft, pointer)):
                    remedy = MONEY_REMEDY
                said = self._wrong.setdefault(pointer, [])
                if remedy not in said:
                    said.append(remedy)
                return ShownProblem(id_of(pointer), f"{_whose(pointer)}{field.label}", remedy)
            if any(g.pointer == pointer for g in self._groups):
                break
            pointer = pointer.rpartition("/")[0]
        self._wrong.setdefault(pointer, []).append(remedy)
        group = next((g for g in self._groups if g.pointer == pointer), GROUPS[0])
        return ShownProblem(id_of(group.pointer or "/trip"), group.title, remedy)


def _whose(pointer: str) -> str:
    parts = pointer.split("/")
    group = next((g for g in GROUPS if g.one and g.pointer == f"/{parts[1]}"), None)
    return f"{group.one.capitalize()} {int(parts[2]) + 1}, " if group else ""


def _things(draft: Any, group: Group) -> list[Any]:
    """What a list of the form shows: at least one, blank if need be."""
    kept = value_at(draft, group.pointer)
    things = list(kept) if isinstance(kept, list) else []
    while len(things) < (group.at_first if kept is None else 1):
        things.append({"key": new_key(things, group)})
    return things


def _choices(draft: Any, name: str) -> Options:
    group = BY_POINTER[f"/{name}"]
    made = [("", "Choose")]
    for number, thing in enumerate(_things(draft, group), 1):
        if isinstance(thing, dict) and isinstance(thing.get("key"), str):
            made.append((thing["key"], _called(thing, group, number)))
    return tuple(made)


def _called(thing: Mapping[str, Any], group: Group, number: int) -> str:
    if group.key == "leg":
        cities = [value_at(thing, f"/{end}/city") for end in ("origin", "destination")]
        return f"Leg {number}" + (f": {cities[0]} to {cities[1]}" if all(cities) else "")
    name = thing.get("name")
    return name if isinstance(name, str) and name else f"{group.one.capitalize()} {number}"


def _written(value: Any, field: Field) -> Any:
    if field.kind == "several":
        return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
    if field.kind == "lines" and isinstance(value, list):
        return "\n".join(str(v) for v in value)
    if field.kind == "tick":
        return value is True
    if value is None:
        return field.start
    if isinstance(value, str):
        return value.removeprefix(AS_TYPED)
    if field.kind == "money" and type(value) is int:
        try:
            return str(Money(value)).removeprefix("$")
        except NotMoney:
            return str(value)
    return str(value)
