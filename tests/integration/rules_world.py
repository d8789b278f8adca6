"""People who change the rules, and the text of a small source of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.identity import delegation
from reunify.kernel.people import Role, Staff, System
from reunify.rules import actions, queries
from tests.integration.people_world import hire, standing

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
SOURCE = "sample_help"
DAY = date(2027, 1, 1)
FLOW = System("replay")
SAID = "The sponsor changed its conditions."
REPORT: dict[str, Any] = {"determinations": 0, "flips": [], "flips_total": 0}

RULES = """\
source: sample_help
name: Sample help
public_name: {en: Sample help, es: Ayuda de muestra}
kind: elsewhere
organisation_set: no
effective: {from: 2027-01-01, basis: travel_start}
verified_on: 2026-11-22
review_by: 2027-11-22
requirements:
  - id: SH-01
    name: The child was found outside the home state
    require: {found_out_of_state: "yes"}
    confidence: HIGH
    cite: {doc: Sample programme, at: page 1}
    say:
      met: {en: Your child is in another state., es: Su hijo o hija está en otro estado.}
      not_met: {en: This help is for trips from another state., es: Es para viajes desde otro estado.}
hand_off:
  staff: {en: Call the sample programme., es: Llame al programa de muestra.}
  family: {en: Another programme may help., es: Otro programa puede ayudar.}
  deadline: none
  cite: {doc: Sample programme, at: page 2}
"""
EXAMPLES = """\
given: {found_out_of_state: yes}
examples:
  - {name: Found in another state, answer: worth_applying}
  - {name: Found at home, facts: {found_out_of_state: no}, answer: unlikely, because: SH-01}
"""
# The same conditions in other words, and other conditions.
OTHER_WORDS = RULES.replace("Your child is in another state.", "Your child was found in another state.")
STRICTER = RULES.replace(
    'require: {found_out_of_state: "yes"}', 'require: {found_out_of_state: "yes", held_over_24_hours: "yes"}'
)
STRICTER_EXAMPLES = EXAMPLES.replace(
    "{found_out_of_state: yes}", "{found_out_of_state: yes, held_over_24_hours: yes}"
)


@dataclass
class Rules:
    """Three rules authors, a supervisor and an administrator at work in one transaction."""

    session: Session
    now: datetime = NOW
    people: dict[str, Staff] = field(default_factory=dict)

    def __post_init__(self) -> None:
        roles = {"ann": Role.RULES_AUTHOR, "bob": Role.RULES_AUTHOR, "cy": Role.RULES_AUTHOR}
        roles |= {"sue": Role.SUPERVISOR, "abe": Role.ADMINISTRATOR, "ivy": Role.AUDITOR}
        for name, role in roles.items():
            self.people[name] = hire(self.session, name, role, now=self.now)

    def who(self, name: str) -> dict[str, Any]:
        """A minute later, by this person."""
        self.now += timedelta(minutes=1)
        return {"by": self.people[name], "now": self.now}

    def draft(
        self, by: str, rules: str = RULES, examples: str = EXAMPLES, based_on: str | None = None
    ) -> UUID:
        draft_id = actions.begin_draft(
            self.session, source=SOURCE, effective_from=DAY, based_on=based_on, **self.who(by)
        )
        self.save(draft_id, by, rules, examples)
        return draft_id

    def save(self, draft_id: UUID, by: str, rules: str = RULES, examples: str = EXAMPLES) -> int:
        revision = queries.draft(self.session, draft_id).revision
        return actions.save_draft(
            self.session,
            draft_id=draft_id,
            expected_revision=revision,
            rules=rules,
            tables={},
            examples=examples,
            **self.who(by),
        )

    def submitted(
        self, by: str = "ann", rules: str = RULES, examples: str = EXAMPLES, based_on: str | None = None
    ) -> str:
        draft_id = self.draft(by, rules, examples, based_on)
        return actions.submit(self.session, draft_id=draft_id, **self.who(by))

    def replayed(self) -> None:
        """Every replay that waits, over nothing."""
        self.now += timedelta(minutes=1)
        for replay_id in queries.replays_waiting(self.session, limit=100):
            actions.begin_replay(self.session, replay_id=replay_id, by=FLOW, now=self.now)
            actions.report_replay(self.session, replay_id=replay_id, report=REPORT, by=FLOW, now=self.now)

    def approve(self, sha256: str, by: str = "bob", reason: str = "") -> bool:
        return actions.approve(self.session, sha256=sha256, reason=reason, **self.who(by))

    def approved(self, by: str = "ann", rules: str = RULES, examples: str = EXAMPLES, **more: Any) -> str:
        sha256 = self.submitted(by, rules, examples, **more)
        self.replayed()
        assert self.approve(sha256)
        return sha256

    def suspended(self) -> None:
        actions.ask_suspension(self.session, source=SOURCE, reason=SAID, **self.who("ann"))
        actions.confirm_suspension(self.session, source=SOURCE, **self.who("sue"))

    def lend(self, lender: str, receiver: str, days: int = 30) -> None:
        """Holiday cover: the receiver is a rules author too, and counts as one with the lender."""
        starts, ends = self.now, self.now + timedelta(days=days)
        by = self.people[lender]
        delegation.lend(
            self.session,
            lender_id=by.id,
            receiver_id=self.people[receiver].id,
            role=Role.RULES_AUTHOR,
            starts_at=starts,
            ends_at=ends,
            by=by,
            now=self.now,
        )
        self.as_they_stand()

    def as_they_stand(self) -> None:
        for name, person in self.people.items():
            self.people[name] = standing(self.session, person.id, self.now)

    def status(self, sha256: str) -> str:
        return queries.version(self.session, sha256).row.status
