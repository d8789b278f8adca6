"""The parts of a rule file by path, as a form reads and writes them: `payer_order/cite/doc`. Pure.

A draft may be broken, so nothing here trusts its shape: what is not there reads as empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import FormData

from reunify.kernel.refusals import Refused
from reunify.kernel.text import cleaned, is_safe
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownField
from reunify.web.pages.view import text_of

Document = dict[str, Any]
LONGEST = 4000
DAYS = "attest/owed_within"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
WORDS = ("en", "es")


class HiddenText(Refused):
    """A field holds characters nobody can see."""


class TooLong(Refused):
    """A field holds more than a rule needs."""


def part_at(document: Any, path: str) -> Any:
    """None where the document has no such part."""
    at = document
    for name in path.split("/"):
        if not isinstance(at, Mapping):
            return None
        at = at.get(name)
    return at


def text_at(document: Any, path: str) -> str:
    value = part_at(document, path)
    return value if isinstance(value, str) else ""


def mappings_at(document: Any, path: str) -> list[Document]:
    """The things of a list that are mappings; others a form cannot show."""
    value = part_at(document, path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def put(document: Document, path: str, value: Any) -> None:
    """Set one part; with nothing, take it out, and what held only it."""
    name, _, below = path.partition("/")
    if below:
        held = document.get(name)
        inner: Document = dict(held) if isinstance(held, Mapping) else {}
        put(inner, below, value)
        value = inner
    if value in ("", None, [], {}):
        document.pop(name, None)
    else:
        document[name] = value


def read_into(document: Document, form: FormData, fields: Iterable[Field]) -> None:
    """Every field of a form into its place. Raises HiddenText, TooLong, FieldTwice."""
    for field in fields:
        put(document, field.path, read_field(form, field))


def read_field(form: FormData, field: Field) -> Any:
    if field.kind == "several":
        known = [code for code, _ in field.options]
        chosen = [v for v in form.getlist(field.path) if isinstance(v, str)]
        return [v for v in known if v in chosen] + [v for v in chosen if v not in known]
    typed = one_line(text_of(form, field.path), field.path, field.label)
    if field.path == DAYS and typed.isascii() and typed.isdigit():
        return f"{typed} day{'' if typed == '1' else 's'}"
    return typed


def one_line(typed: str, path: str, label: str) -> str:
    """As typed, with single spaces. Raises HiddenText, TooLong."""
    if not is_safe(typed.replace("\r\n", "\n").replace("\t", " ")):
        raise HiddenText(f"{label} holds hidden characters. Type it anew.", field=f"/{path}")
    if len(typed) > LONGEST:
        raise TooLong(f"{label} is longer than {LONGEST} characters. Shorten it.", field=f"/{path}")
    return " ".join(typed.split())


def shown(
    document: Any, fields: Iterable[Field], wrong: Mapping[str, list[str]] | None = None, prefix: str = ""
) -> list[ShownField]:
    """Each field as it stands in the document. A code that is offered no longer stays legible."""
    return [
        show_field(field, _value(document, field), (wrong or {}).get(field.path, []), prefix)
        for field in fields
    ]


def as_typed(form: FormData, fields: Iterable[Field], refused: Refused | None = None) -> list[ShownField]:
    """Each field as it was posted, whatever it was."""
    made = []
    for field in fields:
        value: Any = [v for v in form.getlist(field.path) if isinstance(v, str)]
        if field.kind != "several":
            value = cleaned(value[0]) if value else ""
        told = refused is not None and refused.field == f"/{field.path}"
        made.append(show_field(field, value, [str(refused)] if told else []))
    return made


def show_field(field: Field, value: Any, wrong: list[str], prefix: str = "") -> ShownField:
    options = field.options
    if field.kind == "choice" and value and value not in dict(options):
        options = (*options, (value, f"{value} (not known)"))
    readable = field.kind != "date" or not value or _DAY.fullmatch(str(value))
    return ShownField(
        id=field_id(prefix + field.path),
        name=prefix + field.path,
        kind=field.kind if readable else "text",  # a date field would drop what is no date
        label=field.label,
        hint=field.hint,
        needed=field.needed,
        options=options,
        value=value,
        wrong=wrong,
    )


def field_id(path: str) -> str:
    return "r-" + path.replace("/", "-")


def _value(document: Any, field: Field) -> Any:
    value = part_at(document, field.path)
    if field.kind == "several":
        return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
    if not isinstance(value, str):
        return field.start
    if field.path == DAYS:
        return value.removesuffix("s").removesuffix(" day")
    return value == "yes" if field.kind == "tick" else value
