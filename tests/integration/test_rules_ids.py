"""What people decide is kept under an id alone, so no two sources in force share one."""

from __future__ import annotations

import pytest

from reunify.rules import actions, queries
from reunify.rules.policy import IdOfAnotherSource
from tests.integration.rules_world import DAY, EXAMPLES, RULES, Rules

OTHER = RULES.replace("source: sample_help", "source: other_help")


def submitted(rules: Rules, text: str, examples: str) -> str:
    draft_id = actions.begin_draft(
        rules.session, source="other_help", effective_from=DAY, based_on=None, **rules.who("ann")
    )
    rules.save(draft_id, "ann", text, examples)
    return actions.submit(rules.session, draft_id=draft_id, **rules.who("ann"))


def test_an_id_of_another_source_in_force_is_refused_on_submitting(rules: Rules) -> None:
    rules.approved()
    with pytest.raises(IdOfAnotherSource, match="SH-01 is used by sample_help already"):
        submitted(rules, OTHER, EXAMPLES)
    of_its_own = submitted(
        rules, OTHER.replace("SH-01", "OH-01"), EXAMPLES.replace("because: SH-01", "because: OH-01")
    )
    rules.replayed()
    assert rules.approve(of_its_own)


def test_of_two_in_review_with_one_id_only_the_first_is_approved(rules: Rules) -> None:
    second, first = submitted(rules, OTHER, EXAMPLES), rules.submitted()
    rules.replayed()
    assert rules.approve(first)
    with pytest.raises(IdOfAnotherSource, match="an id of its own"):
        rules.approve(second)
    assert "other_help" not in queries.in_force(rules.session).versions
