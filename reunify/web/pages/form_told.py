"""Facts of the dictionary that the form has no field of its own for, as form fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from reunify.intake import told
from reunify.rates import fields as rates
from reunify.rates.fields import Dictionary
from reunify.rules.model import Rulebooks
from reunify.web.pages import form_fields
from reunify.web.pages.form_parts import AsTyped, Field, Group, Kind, Options

UNKNOWN = "unknown"
_YES_NO: Options = ((UNKNOWN, "Not known yet"), ("yes", "Yes"), ("no", "No"))
_KINDS: Mapping[str, Kind | AsTyped] = {
    "yes_no": "radios",
    "choice": "choice",
    "integer": "digits",
    "money": "dollars",
    "date": "date",
}
LEAVE_OUT = "leave it out"  # no dictionary value has a blank in it
_TOLD_BEFORE = "Told before, asked by no rule in force"


def fields_at(pointer: str) -> list[tuple[str, Field]]:
    """The fields a JSON pointer names, those of told facts too."""
    name = pointer.removeprefix(f"{told.POINTER}/")
    if name != pointer:
        fact = told.facts().get(name)
        return [(pointer, _field(fact, "") if fact else _asked_by_nothing(name))]
    return form_fields.fields_at(pointer)


def group(asked: Mapping[str, str], draft: Any) -> Group | None:
    """The section "More facts": what the rules can ask (fact -> under which heading), and what was told."""
    kept = draft.get("told") if isinstance(draft, dict) else None
    before = {name: _TOLD_BEFORE for name in kept} if isinstance(kept, dict) else {}
    known = told.facts()
    fields = tuple(
        _field(known[name], part) for name, part in (before | dict(asked)).items() if name in known
    )
    if not fields:
        return None
    intro = "Only what a rule can ask for. What is not known yet stays open: it becomes a question."
    return Group(told.POINTER, "More facts", intro, fields)


def asked_by(rulebooks: Rulebooks) -> dict[str, str]:
    """Told facts that rules in force look at, each under the name of the first source that does.

    Loans and sources whose card a person reads ask nothing.
    """
    found: dict[str, str] = {}
    for versions in rulebooks.versions.values():
        for book in versions:
            if book.loan or book.card_only:
                continue
            looked_at = [f for r in book.requirements for f in r.fields]
            looked_at += [f for table in book.tables for f in table.fields]
            for name in _inputs(looked_at, rulebooks.dictionary):
                found.setdefault(name, book.name)
    return found


def read(form: FormData) -> dict[str, str]:
    """What was told, as the dictionary writes it; what is not known is left out."""
    found = {}
    for name in told.facts():
        typed = form.get(f"{told.POINTER}/{name}")
        if isinstance(typed, str) and typed.strip() not in ("", UNKNOWN):
            found[name] = typed.strip()
    return found


def _inputs(names: list[str], dictionary: Dictionary) -> list[str]:
    """Told facts among these, and among what they are worked out from."""
    here = told.facts(dictionary)
    found: list[str] = []
    seen: set[str] = set()
    waiting = list(reversed(names))
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in here:
            found.append(name)
        waiting += reversed(dictionary[name].computed_from or ())
    return found


def _asked_by_nothing(name: str) -> Field:
    """A fact that left the dictionary after it was told."""
    options: Options = (("", "Keep it"), (LEAVE_OUT, "Leave it out"))
    label = f"{name.replace('_', ' ').capitalize()}: no rule asks for it any more"
    return Field(name, label, "choice", "", options)


def _field(fact: rates.Field, part: str) -> Field:
    kind = _KINDS[fact.type]
    hint = {"digits": "A whole number", "dollars": "Dollars and cents, like 1284.50"}.get(kind, "")
    options: Options = ()
    if kind == "radios":
        options = _YES_NO
    elif kind == "choice":
        options = (("", "Choose"), *((value, words.en) for value, words in fact.values.items()))
    return Field(
        fact.name,
        fact.label.en,
        kind,
        f"{hint}, {fact.unit}" if hint and fact.unit else hint,
        options,
        start=UNKNOWN if kind == "radios" else "",
        part=part,
    )
