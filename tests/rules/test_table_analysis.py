"""Gaps, overlaps and rows that never count are found exactly: compared with trying every fact."""

from __future__ import annotations

import random
import time
from itertools import combinations

import pytest

from reunify.rules import analysis, readable
from reunify.rules.analysis import TableFindings, analyse, contradictions
from reunify.rules.model import Requirement, Rulebook, Table
from tests.rules.tables_world import SMALL, Facts, book, every_facts, hits, lawful, requirement, small, table

NOTHING = TableFindings("CAPS")


def found(one: Table, *requirements: Requirement) -> TableFindings:
    return analyse(one, book(*requirements), small())


def test_a_table_that_covers_everything_once_has_no_finding() -> None:
    assert found(table("unique", "age found", "A | < 3 | -", "B | >= 3 | yes", "C | 3..6 | no")) == NOTHING


def test_a_gap_is_named_by_the_facts_that_matter_and_no_others() -> None:
    one = found(table("unique", "age why found", "A | <= 2 | - | -", "B | >= 4 | - | -"))
    assert one.gaps == ({"age": 3},)
    assert readable.facts_in_words(one.gaps[0], small()) == "age of the child is 3"


@pytest.mark.parametrize(
    ("low", "high", "gaps"),
    [("< 100", ">= 100", 0), ("<= 99.99", ">= 100", 0), ("< 99.99", ">= 100", 1), ("< 100", "> 100", 1)],
)
def test_one_cent_at_a_limit_is_a_gap(low: str, high: str, gaps: int) -> None:
    assert len(found(table("unique", "income", f"A | {low}", f"B | {high}")).gaps) == gaps


def test_one_day_between_two_rows_is_a_gap() -> None:
    one = found(table("first", "begins", "A | <= 2026-09-30", "B | > 2026-10-01"))
    assert readable.facts_in_words(one.gaps[0], small()) == "first day is 2026-10-01"


def test_what_the_requirements_refuse_is_no_gap() -> None:
    one = table("unique", "age", "A | < 5")
    refuse = requirement(1, "require", {"age": "< 5"})
    assert found(one).gaps == ({"age": 5},)
    assert found(one, refuse) == NOTHING
    assert found(one, requirement(1, "deny_if", {"age": ">= 5"})) == NOTHING
    # MEDIUM never refuses: a person may let it pass, and then the table has no answer.
    assert found(one, requirement(1, "require", {"age": "< 5"}, confidence="MEDIUM")).gaps


def test_two_requirements_together_may_close_a_gap_that_neither_closes_alone() -> None:
    one = table("unique", "age", "A | < 5")
    either = requirement(1, "require_any", {"found": "no"}, {"age": "< 5"})
    assert found(one, either).gaps
    assert found(one, either, requirement(2, "require", {"found": "yes"})) == NOTHING


def test_rows_that_match_nothing_are_told_apart_from_rows_the_requirements_refuse() -> None:
    one = found(
        table("unique", "age why", "A | < 5 | -", "B | > 6 | -", "C | >= 5 | -"),
        requirement(1, "require", {"age": "< 5"}),
    )
    assert (one.never, one.refused, one.gaps) == (("B",), ("C",), ())


def test_a_row_behind_others_that_always_win_is_shadowed_only_where_the_first_row_counts() -> None:
    rows = ("A | < 4 | -", "B | >= 4 | -", "C | 2..5 | = home")
    assert found(table("first", "age why", *rows)).shadowed == ("C",)
    as_unique = found(table("unique", "age why", *rows))
    assert as_unique.shadowed == ()
    assert [o.rows for o in as_unique.overlaps] == [("A", "C"), ("B", "C")]


def test_an_overlap_comes_with_facts_that_hit_both_rows() -> None:
    one = table("unique", "age why", "A | <= 3 | -", "B | >= 3 | not in home")
    (overlap,) = found(one).overlaps
    assert overlap.example == {"age": 3, "why": "court"}
    assert found(one, requirement(1, "deny_if", {"age": "= 3", "why": "= court"})).overlaps[0].example == {
        "age": 3,
        "why": "visit",
    }


def test_a_table_that_collects_may_overlap_but_says_no_cap_in_a_row_of_its_own() -> None:
    assert found(table("collect", "age", "A | < 3", "B | < 2", "C | -")) == NOTHING
    assert found(table("collect", "age", "A | < 3", "B | < 2")).gaps == ({"age": 3},)


def test_a_table_without_rows_leaves_everything_uncovered() -> None:
    assert found(table("unique", "age")).gaps == ({},)


def test_requirements_that_cannot_hold_together_are_named() -> None:
    both = requirement(1, "require", {"age": "< 3"}), requirement(2, "deny_if", {"age": "<= 3"})
    assert contradictions(book(*both), small()) == (("TT-01", "TT-02"),)
    assert contradictions(book(both[0], requirement(2, "deny_if", {"age": "< 2"})), small()) == ()


def test_a_table_too_large_to_look_through_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    one = table("first", "age why found", "A | < 3 | = home | yes", "B | < 2 | = court | no")
    size = 3 * 3 * 2  # under 2, 2 itself, above; home, court, the rest; yes, no
    monkeypatch.setattr(analysis, "LARGEST_GRID", size)
    assert found(one).too_many is None
    monkeypatch.setattr(analysis, "LARGEST_GRID", size - 1)
    refused = found(one)
    assert (refused.too_many, refused.gaps, refused.shadowed) == (size, (), ())


@pytest.mark.parametrize("seed", range(150))
def test_the_findings_are_those_of_trying_every_combination(seed: int) -> None:
    dice = random.Random(seed)
    one, rules = random_table(dice), random_requirements(dice)
    compare(one, book(*rules))


def compare(one: Table, rules: Rulebook) -> None:
    told = analyse(one, rules, small())
    everything = list(every_facts(SMALL))
    possible = [f for f in everything if lawful(f, rules.requirements)]
    reach = {row.id: [f for f in possible if hits(row, f)] for row in one.rows}
    at_all = {row.id for row in one.rows if any(hits(row, f) for f in everything)}
    assert set(told.never) == {row.id for row in one.rows} - at_all
    assert set(told.refused) == {name for name in at_all if not reach[name]}
    assert told.too_many is None
    holes = [f for f in possible if not any(hits(row, f) for row in one.rows)]
    assert bool(told.gaps) == bool(holes)
    for gap in told.gaps:
        like = [f for f in possible if gap.items() <= f.items()]
        assert like
        assert all(f in holes for f in like)
    if one.hit == "unique":
        pairs = {
            (a.id, b.id) for a, b in combinations(one.rows, 2) if any(f in reach[b.id] for f in reach[a.id])
        }
        assert {o.rows for o in told.overlaps} == pairs
        for overlap in told.overlaps:
            assert any(overlap.example.items() <= f.items() for f in reach[overlap.rows[0]])
    if one.hit == "first":
        behind: set[str] = set()
        seen: list[Facts] = []
        for row in one.rows:
            if reach[row.id] and all(f in seen for f in reach[row.id]):
                behind.add(row.id)
            seen += reach[row.id]
        assert set(told.shadowed) == behind


def random_cell(name: str, dice: random.Random) -> str:
    if name == "found":
        return dice.choice(["yes", "no", "-"])
    if name == "why":
        return dice.choice(["-", "= home", "in home, court", "not in visit", "not in home, visit"])
    a, b = sorted(dice.sample(range(0, 7) if name == "age" else range(1, 5), 2))
    return dice.choice(["-", f"= {a}", f"< {a}", f"<= {a}", f"> {b}", f">= {b}", f"{a}..{b}", f"in {a}, {b}"])


def random_table(dice: random.Random) -> Table:
    names = dice.sample(SMALL, dice.randint(1, 4))
    rows = [
        " | ".join([f"R{n}", *(random_cell(name, dice) for name in names)]) for n in range(dice.randint(0, 7))
    ]
    return table(dice.choice(["unique", "first", "collect"]), " ".join(names), *rows)


def random_requirements(dice: random.Random) -> list[Requirement]:
    made = []
    for number in range(dice.randint(0, 3)):
        form = dice.choice(["require", "require_any", "deny_if"])
        groups = [
            {name: random_cell(name, dice) for name in dice.sample(SMALL, dice.randint(1, 2))}
            for _ in range(dice.randint(1, 2) if form == "require_any" else 1)
        ]
        confidence = dice.choice(["HIGH", "HIGH", "MEDIUM"])
        made.append(requirement(number, form, *groups, confidence=confidence))
    return made


def test_forty_rows_of_six_facts_are_looked_through_at_once() -> None:
    """Generous for a busy machine: trying every combination takes half a minute."""
    dice = random.Random(4)
    one = large_table(dice)
    begun = time.perf_counter()
    told = analyse(one, book(), small())
    took = time.perf_counter() - begun
    assert told.too_many is None
    assert took < 2.0


def large_table(dice: random.Random) -> Table:
    """Many boundaries in every fact, so that the grid has hundreds of thousands of combinations."""
    rows = []
    for n in range(40):
        low, first = dice.randint(0, 900), dice.randint(1, 27)
        money = f"{low}..{low + 60}" if n % 3 else f">= {low}"
        days = f"2026-{dice.randint(1, 12):02}-{first:02}..2027-01-{first:02}"
        others = [random_cell(name, dice) for name in SMALL]
        rows.append(" | ".join([f"R{n}", *others, money, days]))
    return table("first", " ".join([*SMALL, "income", "begins"]), *rows)
