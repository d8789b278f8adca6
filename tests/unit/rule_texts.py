"""Small rule files as text, for whoever tests what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reunify.rates.fields import Dictionary, FactValue, dictionary
from reunify.rules.bundle import joined
from reunify.rules.model import Decision, Rulebook
from reunify.rules.reading import compile_rulebook

RETURN = """
  - id: XX-99
    name: Safe and lawful
    decide_by: staff
    decision: {return_authority_decision: "= safe_and_lawful"}
    confidence: HIGH
    cite: {doc: Policy, at: "1"}
    say: {met: {en: a, es: b}, not_met: {en: c, es: d}}
"""
HEAD = """
source: sample
name: Sample
public_name: {en: Sample, es: Muestra}
kind: held
unit: cents
organisation_set: yes
effective: {from: 2026-01-01, basis: travel_start}
verified_on: 2026-01-01
review_by: 2027-01-01
pays: [lodging]
payer_order: {tier: 40, because: Ours, cite: {doc: Policy, at: "9"}}
requirements:
"""
SAFE: dict[str, FactValue] = {"return_authority_decision": "safe_and_lawful"}


def requirement(condition: str, *, confidence: str = "HIGH", name: str = "XX-01", more: str = "") -> str:
    return f"""
  - id: {name}
    name: A condition
    {condition}
    confidence: {confidence}
    {more}
    cite: {{doc: Policy, at: "1"}}
    say: {{met: {{en: a, es: b}}, not_met: {{en: c, es: d}}}}
"""


def book(
    *requirements: str,
    head: str = HEAD,
    tables: Mapping[str, str] | None = None,
    hit: str = "unique",
    words: Dictionary | None = None,
) -> Rulebook:
    """`tables`: CSV text by table id; each is read as `<id>.csv`."""
    listed = "".join(f"  - {{id: {name}, file: {name}.csv, hit: {hit}}}\n" for name in tables or {})
    rules = head + "".join(requirements) + RETURN + (f"tables:\n{listed}" if listed else "")
    files = {f"{name}.csv": text.encode() for name, text in (tables or {}).items()}
    return compile_rulebook(joined(rules.encode(), files), words or dictionary(), "sample/x.yaml")


def decided(word: str) -> Decision:
    return Decision(word, date(2026, 11, 25))
