"""A rules folder of its own: the published tables, a dictionary of four facts, one small source to break."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reunify.rates.need_factors import FILE as NEED_FILE
from reunify.rates.places import rules_folder

FIELDS = """\
fields:
  child_age_now:
    type: integer
    unit: years
    range: 0..40
    label: {en: Age of the child now, es: Edad actual del menor}
    question: {en: "How old is your child now?", es: "¿Qué edad tiene ahora su hijo o hija?"}
    pointer: /case/child/age_now
    sensitivity: open
    supplied_by: [family]
    family_can_fix: no
  return_authority_decision:
    type: choice
    values:
      safe_and_lawful: {en: Safe and lawful, es: Seguro y legal}
      not_safe_or_lawful: {en: Not safe or not lawful, es: No seguro o no legal}
    attestable: no
    label: {en: Return authority decision, es: Decisión sobre la entrega}
    question: {en: "Is it safe and lawful?", es: "¿Es seguro y legal?"}
    pointer: /return_authority/decision
    sensitivity: staff_only
    supplied_by: [staff]
    family_can_fix: no
  travel_start:
    type: date
    label: {en: First travel day, es: Primer día de viaje}
    question: {en: "On what day does the trip begin?", es: "¿Qué día empieza el viaje?"}
    pointer: /legs/0/departs
    sensitivity: open
    supplied_by: [family]
    family_can_fix: date
  guideline_provisional:
    type: yes_no
    label: {en: The guideline is not loaded yet, es: Falta cargar la guía}
    question: {en: "Is it loaded?", es: "¿Está cargada?"}
    pointer: /legs/0/departs
    sensitivity: staff_only
    supplied_by: [staff]
    family_can_fix: no
"""
NEED = """\
versions:
  - effective_from: 2026-01-01
    source: Organisation-set
    factors:
      - fact: child_age_now
        label: Age of the child
        weight: 1
        bands: [{up_to: 5, points: 10}, {above: 5, points: 2}]
        unknown: 5
"""
RULES = """\
source: small_fund
name: Small fund
public_name: {en: Small fund, es: Fondo pequeño}
kind: held
unit: cents
organisation_set: yes
effective: {from: 2026-01-01, basis: travel_start}
verified_on: 2026-01-02
review_by: 2027-01-02
pays: [air_fare, lodging]
payer_order: {tier: 10, because: It is ours., cite: {doc: Policy, at: "1"}}
tables:
  - {id: SF-CAPS, file: 2026-01-01.caps.csv, hit: unique}

requirements:
  - id: SF-01
    name: The child is under 18
    require: {child_age_now: "< 18"}
    confidence: HIGH
    cite: {doc: Policy, at: "2", link: https://example.org/policy}
    say:
      met: {en: Your child is under 18., es: Su hijo o hija es menor de 18 años.}
      not_met: {en: This fund is for children under 18., es: Este fondo es para menores de 18 años.}

  - id: SF-02
    name: It is safe and lawful to bring this child to this adult
    decide_by: staff
    decision: {return_authority_decision: "= safe_and_lawful"}
    confidence: HIGH
    cite: {doc: Policy, at: "3"}
    say:
      met: {en: A person on our team checked the plan., es: Una persona del equipo revisó el plan.}
      not_met: {en: A person on our team will call you., es: Una persona del equipo le llamará.}
"""
CAPS = """\
row,child_age_now,=> trip_cap,cite
A,< 12,1500.00,4(a)
B,12..17,1000.00,4(b)
"""
EXAMPLES = """\
given: {child_age_now: 9, return_authority_decision: safe_and_lawful}
examples:
  - name: A child of nine
    answer: eligible
  - name: A young man of eighteen
    facts: {child_age_now: 18}
    answer: ineligible
    because: SF-01
  - name: Nobody has decided yet
    facts: {return_authority_decision: unknown}
    answer: needs_staff_decision
    because: SF-02
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """Its one source, and how to change a text in it."""

    path: Path

    @property
    def source(self) -> Path:
        return self.path / "small_fund"

    def write(self, name: str, text: str) -> None:
        (self.source / name).write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        path = self.source / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def version(self, day: str, *, to: str | None = None) -> None:
        """A copy of the rules that takes effect on another day."""
        until = f", to: {to}" if to else ""
        rules = RULES.replace("from: 2026-01-01", f"from: {day}{until}")
        self.write(f"{day}.yaml", rules.replace("2026-01-01.caps", f"{day}.caps"))
        self.write(f"{day}.caps.csv", CAPS)
        self.write(f"{day}.examples.yaml", EXAMPLES)


def folder_in(place: Path) -> Folder:
    made = Folder(place / "eligibility_rules")
    made.source.mkdir(parents=True)
    (made.path / "_fields.yaml").write_text(FIELDS, encoding="utf-8")
    (made.path / "parameters").mkdir()
    for path in sorted((rules_folder() / "parameters").iterdir()):
        if path.name != NEED_FILE:
            (made.path / "parameters" / path.name).symlink_to(path)
    (made.path / "parameters" / NEED_FILE).write_text(NEED, encoding="utf-8")
    made.version("2026-01-01")
    return made
