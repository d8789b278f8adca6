"""docs/asvs.md tells the truth: what the tests' own marks say, and nothing else."""

from __future__ import annotations

from tests.architecture import asvs
from tests.architecture.asvs_requirements import MEANT, NOT_COVERED, REQUIREMENTS


def test_every_mark_names_a_requirement_we_have_words_for() -> None:
    """A new one: write a line in tests/architecture/asvs_requirements.py."""
    assert set(asvs.marks()) - set(REQUIREMENTS) == set()


def test_nothing_is_both_proved_and_excused() -> None:
    assert set(NOT_COVERED) & set(asvs.marks()) == set()
    assert set(NOT_COVERED) <= set(MEANT)


def test_whatever_is_meant_and_not_proved_has_its_reason() -> None:
    """Mark the test that proves it, or say why there is none in tests/architecture/asvs_requirements.py."""
    assert set(MEANT) - set(asvs.marks()) - set(NOT_COVERED) == set()


def test_the_page_is_what_the_marks_say() -> None:
    """If it is not: `make asvs` writes it again."""
    assert asvs.main(check=True) == 0
