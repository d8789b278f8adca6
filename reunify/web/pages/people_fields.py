"""Forms about people: a few fields each, shown again with what was typed when one of them is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from starlette.datastructures import FormData

from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role
from reunify.kernel.refusals import Refused
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.form_showing import ShownField, ShownProblem
from reunify.web.pages.labels import label
from reunify.web.pages.typed import NotRead
from reunify.web.pages.view import text_of

NOBODY = StaffId(UUID(int=0))


def shown(
    fields: Iterable[Field], form: FormData, refused: Refused | None, prefix: str = ""
) -> list[ShownField]:
    """Each field with what was typed, or what it starts with; `refused` names at most one of them."""
    return [
        ShownField(
            id=prefix + field.path,
            name=field.path,
            kind=field.kind,
            label=field.label,
            hint=field.hint,
            needed=field.needed,
            options=field.options,
            value=_value(field, form),
            wrong=[str(refused)] if refused is not None and refused.field == f"/{field.path}" else [],
        )
        for field in fields
    ]


def problems(fields: Sequence[ShownField], refused: Refused | None) -> list[ShownProblem]:
    """For the list above the page; a refusal that names no field leads to the first one."""
    if refused is None:
        return []
    found = [ShownProblem(f.id, f.label, str(refused)) for f in fields if f.wrong]
    return found or [ShownProblem(fields[0].id if fields else "main", "This cannot be done", str(refused))]


def staff_id(form: FormData, name: str) -> StaffId:
    """Nobody's id for anything that is none: the verb then says that there is no such person.

    Raises NotRead where nobody was chosen.
    """
    if not text_of(form, name):
        raise NotRead("Choose a person.", field=f"/{name}")
    try:
        return StaffId(UUID(text_of(form, name)))
    except ValueError:
        return NOBODY


def some_staff_id(form: FormData, name: str) -> StaffId | None:
    return staff_id(form, name) if text_of(form, name) else None


def moment(form: FormData, name: str, zone: tzinfo) -> datetime:
    """On the organisation's clock; of an hour that comes twice the first is meant. Raises NotRead."""
    try:
        return datetime.fromisoformat(text_of(form, name)).replace(tzinfo=zone)
    except ValueError:
        raise NotRead("Write a day and a time, like 2026-12-01 17:00.", field=f"/{name}") from None


def roles_of(form: FormData, name: str = "roles") -> set[Role]:
    known = {role.value for role in Role}
    return {Role(value) for value in form.getlist(name) if value in known}


def role_options(roles: Iterable[Role] = Role) -> Options:
    return tuple((role.value, label(role.value)) for role in roles)


def people_options(people: Iterable[tuple[StaffId, str]], none: str = "Choose") -> Options:
    return (("", none), *((str(i), name) for i, name in people))


def _value(field: Field, form: FormData) -> object:
    if field.kind == "several":
        return [v for v in form.getlist(field.path) if isinstance(v, str)] or field.start.split()
    return text_of(form, field.path) if field.path in form else field.start
