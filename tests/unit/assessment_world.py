"""Small rules of every kind, and requests that meet them: whatever the real rules say this year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from reunify.eligibility.assessment import Assessment, Known, decide_all
from reunify.eligibility.costs import LineFacts
from reunify.rates.fields import Dictionary, FactValue, load_dictionary
from reunify.rules.bundle import joined
from reunify.rules.model import Decision, Rulebook, Rulebooks
from reunify.rules.reading import compile_rulebook

DAY = date(2026, 11, 25)
_FACTS = """
fields:
  return_authority_decision:
    type: choice
    values:
      safe_and_lawful: {en: Safe and lawful, es: Seguro y legal}
      not_safe_or_lawful: {en: Not safe or not lawful, es: No seguro o no legal}
    attestable: no
    label: {en: Return authority decision, es: Decisión}
    question: {en: "Is it safe and lawful?", es: "¿Es seguro y legal?"}
    pointer: /return_authority/decision
    sensitivity: staff_only
    supplied_by: [staff]
    family_can_fix: no
  report_given:
    type: yes_no
    label: {en: Report number is on file, es: Consta el número}
    question: {en: "What is the report number?", es: "¿Cuál es el número del reporte?"}
    pointer: /case/report_number
    sensitivity: staff_only
    supplied_by: [family, staff]
    family_can_fix: document
  income:
    type: money
    label: {en: Household income, es: Ingreso del hogar}
    question: {en: "What does the household earn?", es: "¿Cuánto gana el hogar?"}
    pointer: /household/yearly_income_cents
    sensitivity: staff_only
    supplied_by: [family, staff]
    family_can_fix: no
  abroad:
    type: yes_no
    label: {en: The trip goes abroad, es: El viaje es al extranjero}
    question: {en: "Does the trip go abroad?", es: "¿El viaje es al extranjero?"}
    pointer: /told/abroad
    sensitivity: open
    supplied_by: [family, staff]
    family_can_fix: route
  child_age:
    type: integer
    range: 0..20
    label: {en: Age of the child, es: Edad}
    question: {en: "How old is the child?", es: "¿Qué edad tiene?"}
    pointer: /told/child_age
    sensitivity: staff_only
    supplied_by: [staff]
    family_can_fix: no
  travel_start:
    type: date
    label: {en: First travel day, es: Primer día}
    question: {en: "On what day does the trip begin?", es: "¿Qué día empieza el viaje?"}
    pointer: /legs/0/departs
    sensitivity: open
    supplied_by: [family, staff]
    family_can_fix: date
"""
_HEAD = """
source: {source}
name: The {source} fund
public_name: {{en: Fund {source}, es: Fondo {source}}}
kind: {kind}
organisation_set: yes
effective: {{from: 2026-01-01, basis: travel_start}}
verified_on: 2026-11-01
review_by: 2027-11-01
"""
_OURS = """
unit: cents
pays: [air_fare, lodging]
payer_order: {tier: 30, because: Ours comes first., cite: {doc: Policy, at: "4"}}
"""
_CARD = """
hand_off:
  staff: {en: Call them., es: Llame.}
  family: {en: They may help., es: Pueden ayudar.}
  deadline: within 30 days
  phone: "1-800-555-0100"
  consequence: {en: It is owed back., es: Se debe devolver.}
  cite: {doc: Their page, at: "1"}
"""
_ONE = """
  - id: {id}
    name: Rule {id}
    {rule}
    confidence: {confidence}
    cite: {{doc: Policy, at: "1"}}
    say: {{met: {{en: Yes., es: Sí.}}, not_met: {{en: Not this one., es: Este no.}}}}
"""
AUTHORITY = "decide_by: staff\n    decision: {return_authority_decision: '= safe_and_lawful'}"
SAFE: dict[str, FactValue] = {
    "return_authority_decision": "safe_and_lawful",
    "report_given": True,
    "income": 1_000_00,
    "abroad": False,
    "child_age": 9,
    "travel_start": DAY,
}


@lru_cache
def words() -> Dictionary:
    return load_dictionary(_FACTS.encode())


def rule(name: str, written: str, confidence: str = "HIGH") -> str:
    return _ONE.format(id=name, rule=written, confidence=confidence)


def book(
    source: str, kind: str, *rules: str, more: str = "", table: str = "", authority: bool = True
) -> Rulebook:
    """`table`: the rows of its one table of caps, heads first."""
    letters = source[:2].upper()
    text = _HEAD.format(source=source, kind=kind)
    text += _CARD if kind == "elsewhere" else _OURS
    text += more
    if table:
        text += f"tables:\n  - {{id: {letters}-CAPS, file: caps.csv, hit: first}}\n"
    listed = [*rules, *([rule(f"{letters}-99", AUTHORITY)] if authority and kind != "elsewhere" else [])]
    if listed:
        text += "requirements:" + "".join(listed)
    body = joined(text.encode(), {"caps.csv": table.encode()} if table else {})
    return compile_rulebook(body, words(), f"{source}/2026-01-01.yaml")


def line(key: str = "fare", category: str = "air_fare", cents: int = 40_000) -> LineFacts:
    return LineFacts(0, key, category, "vendor_billed", cents, cents)


def judged(
    *books: Rulebook,
    facts: Mapping[str, FactValue] | None = None,
    decided: Mapping[str, str] | None = None,
    suspended: frozenset[str] = frozenset(),
    lines: tuple[LineFacts, ...] = (line(),),
) -> Assessment:
    """`facts` are what differs from a request that everything is known and well about."""
    decisions = {name: Decision(word, DAY) for name, word in (decided or {}).items()}
    rulebooks = Rulebooks(words(), "0" * 64, {b.source: (b,) for b in books}, suspended)
    known = Known(SAFE | dict(facts or {}), lines, decisions)
    return decide_all(known, rulebooks)
