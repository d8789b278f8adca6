"""The parts of the rule forms that need no house: conditions, grids, where a sentence belongs."""

from __future__ import annotations

import pytest
from starlette.datastructures import FormData

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Field as Fact
from reunify.rules import cells
from reunify.rules.cells import Cell
from reunify.rules.library import shipped
from reunify.web.pages import rules_condition_fields as condition_fields
from reunify.web.pages import rules_conditions as conditions
from reunify.web.pages.rules_conditions import AS_WRITTEN, Condition, FactTwice
from reunify.web.pages.rules_document import Document, HiddenText, put, text_at
from reunify.web.pages.rules_fields import CITE, SAY
from reunify.web.pages.rules_grid import Grid, grid_in, head_in_words
from reunify.web.pages.rules_problems import placed, wrong_facts, wrong_fields
from reunify.web.pages.rules_showing import chart_of, matrix_of, money_moved

BOOKS = shipped()
FACTS = BOOKS.dictionary
CELLS = sorted(
    {
        (cell.field, cell.written)
        for versions in BOOKS.versions.values()
        for book in versions
        for rule in book.requirements
        for group in rule.groups
        for cell in group
    }
)


def means(cell: Cell, fact: Fact) -> tuple[object, ...]:
    """What it answers for its own values and for what lies beside them."""
    beside = [v + d for v in cell.wants if isinstance(v, int) and type(v) is not bool for d in (-1, 1)]
    return tuple(cell.holds(v) for v in (*cell.wants, *beside, *fact.values, True, False, None))


# Conditions ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("fact", "cell"), CELLS)
def test_every_shipped_test_is_shown_as_drop_downs_and_means_the_same_again(fact: str, cell: str) -> None:
    shown = conditions.split(fact, cell, FACTS)
    assert shown.how != AS_WRITTEN
    assert shown.how in dict(condition_fields.how_options(FACTS[fact]))
    before, again = (cells.parse(c, FACTS[fact]) for c in (cell, conditions.joined(shown)))
    assert means(again, FACTS[fact]) == means(before, FACTS[fact])


@pytest.mark.parametrize(
    ("how", "values", "to", "cell"),
    [
        ("yes", (), "", "yes"),
        ("no", (), "", "no"),
        ("is", ("a",), "", "= a"),
        ("is_not", ("a",), "", "not in a"),
        ("under", ("5",), "", "< 5"),
        ("at_most", ("5",), "", "<= 5"),
        ("over", ("5",), "", "> 5"),
        ("at_least", ("5",), "", ">= 5"),
        ("between", ("2",), "6", "2..6"),
        ("one_of", ("a", "b"), "", "in a, b"),
        ("none_of", ("a", "b"), "", "not in a, b"),
        ("any", (), "", "-"),
        (AS_WRITTEN, ("< 1 8 foo",), "", "< 1 8 foo"),
        ("at_most", (), "", "<="),
        ("between", ("2",), "", "2.."),
    ],
)
def test_every_way_to_test_has_its_cell_and_comes_back(
    how: str, values: tuple[str, ...], to: str, cell: str
) -> None:
    made = Condition("household_size", how, values, to)
    assert conditions.joined(made) == cell
    assert conditions.joined(conditions.split("household_size", cell, FACTS)) == cell


def test_what_cannot_be_a_test_stays_as_it_was_written() -> None:
    condition = conditions.split("household_size", "lots of them", FACTS)
    (group,) = condition_fields.show_groups([[condition]], FACTS, {})
    (shown,) = group.conditions
    assert shown.how.value == AS_WRITTEN
    assert shown.value is not None
    assert shown.value.value == "lots of them"


def test_a_posted_form_becomes_groups_and_empty_conditions_fall_away() -> None:
    form = FormData(
        [("g0", "1"), ("g0t0_fact", "purpose"), ("g0t0_how", "one_of"), ("g0t0_value", "bring_child_home"),
         ("g0t0_value", "attend_hearing"), ("g0t1_fact", ""), ("g0t1_how", "is"), ("g1", "1"),
         ("g1t0_fact", "household_size"), ("g1t0_how", "between"), ("g1t0_value", "2"), ("g1t0_to", "6")]
    )  # fmt: skip
    rule: Document = {"deny_if": {"old": "yes"}}
    conditions.put_groups(rule, "require_any", conditions.groups_in(form))
    assert rule == {
        "require_any": [{"purpose": "in bring_child_home, attend_hearing"}, {"household_size": "2..6"}]
    }
    conditions.put_groups(rule, "decide_by", [[]])
    assert rule == {"decide_by": "staff"}


def test_a_fact_twice_in_one_group_is_refused_before_one_of_them_is_lost() -> None:
    twice = [Condition("purpose", "is", ("a",)), Condition("purpose", "is", ("b",))]
    with pytest.raises(FactTwice, match="another group"):
        conditions.put_groups({}, "require", [twice])
    rule: Document = {}
    conditions.put_groups(rule, "require_any", [twice[:1], twice[1:]])
    assert rule == {"require_any": [{"purpose": "= a"}, {"purpose": "= b"}]}


# Grids ---------------------------------------------------------------------------------------------------
def test_a_grid_keeps_facts_before_what_it_gives_and_the_citation_last() -> None:
    grid = Grid.of('row,purpose,=> trip_cap,cite\nA,"in a, b",100.00,x\n')
    grid.add_column("household_size")
    grid.add_column("=> child_cap")
    grid.add_column("household_size")
    grid.add_row()
    assert grid.heads == ["row", "purpose", "household_size", "=> trip_cap", "=> child_cap", "cite"]
    assert grid.rows[1] == ["B", "-", "-", "-", "-", ""]
    assert grid.csv.splitlines()[1] == 'A,"in a, b",-,100.00,-,x'
    for number in (0, 5, 99):
        grid.drop_column(number)
    assert len(grid.heads) == 6, "neither the row nor the citation can be taken out"
    grid.drop_column(2)
    assert "household_size" not in grid.heads


def test_a_posted_grid_is_the_grid_that_was_shown() -> None:
    grid = Grid.of("row,purpose,=> trip_cap,cite\nA,-,1.00,x\nB,= a,2.00,y\n")
    form = {f"h{n}": head for n, head in enumerate(grid.heads)}
    form |= {f"c{r}_{c}": cell for r, row in enumerate(grid.rows) for c, cell in enumerate(row)}
    assert grid_in(FormData(form)) == grid
    with pytest.raises(HiddenText):
        grid_in(FormData(form | {"c0_1": "a\u202eb"}))


def test_a_csv_that_cannot_be_split_is_an_empty_grid() -> None:
    assert Grid.of("").rows == []
    assert Grid.of("row,a,cite\nA\n").rows == [["A", "", ""]]
    assert Grid.of("row,a\nA,b,c\n").csv == "row,a,\nA,b,c\n", "a cell too many is shown, not lost"


def test_more_groups_and_conditions_than_anybody_needs_are_all_read() -> None:
    form = FormData({f"g{g}": "1" for g in range(40)} | {f"g{g}t0_fact": "purpose" for g in range(40)})
    assert [len(group) for group in conditions.groups_in(form)] == [1] * 40


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("row", "Row"),
        ("cite", "Where it is written"),
        ("=> trip_cap", "At most for a trip"),
        ("=> child_cap lodging", "At most for a child, lodging"),
        ("=> lifetime_uses", "At most in a lifetime"),
        ("household_size", "Household size"),
        ("<b>", "<b>"),
    ],
)
def test_heads_are_read_in_words(head: str, words: str) -> None:
    assert head_in_words(head, FACTS) == words


# Where a sentence belongs -----------------------------------------------------------------------------------
def test_a_sentence_stands_beside_the_field_it_is_about() -> None:
    document: Document = {"requirements": [{"id": "DR-01"}, {"id": "DR-02"}]}
    at = placed(RuleFileBroken("f", "requirement DR-02, `say`, `met`, `es`", "nothing", "a text"), document)
    assert at.requirement == 1
    assert wrong_fields(at, SAY) == {"say/met/es": ["Found nothing. Allowed: a text."]}
    whole = placed(RuleFileBroken("f", "requirement 2, `cite`", "nothing", "a value"), document)
    assert whole.requirement == 1
    assert list(wrong_fields(whole, CITE)) == ["cite/doc"]
    test = placed(RuleFileBroken("f", "requirement DR-01, `require`, `purpose`", "`x`", "a, b"), document)
    assert wrong_facts(test) == {"fact purpose": ["Found `x`. Allowed: a, b."]}
    top = placed(RuleFileBroken("f", "top, `payer_order`, `tier`", "`x`", "1..999"), document)
    assert top.requirement is None


def test_parts_are_put_and_taken_out_by_their_path() -> None:
    document: Document = {"cite": {"doc": "a"}}
    put(document, "cite/at", "b")
    put(document, "cite/doc", "")
    assert document == {"cite": {"at": "b"}}
    put(document, "cite/at", "")
    assert document == {}
    put(document, "say/met/en", "x")
    assert text_at(document, "say/met/en") == "x"
    assert text_at({"say": "broken"}, "say/met/en") == ""


# The report ------------------------------------------------------------------------------------------------
def test_bars_are_as_long_as_their_amounts_and_never_vanish() -> None:
    report = {
        "by_fund": [
            {"source": "a", "payable_before": 100_00, "payable_after": 50_00, "unit": "cents"},
            {"source": "b", "payable_before": 1, "payable_after": 0, "unit": "cents"},
            {"source": "c", "payable_before": 3, "payable_after": 3, "unit": "night"},
        ]
    }
    a, b, c = chart_of(report, {"a": "Fund A"})
    assert (a.source, a.before, a.after, a.difference) == ("Fund A", "$100.00", "$50.00", "$50.00 less")
    assert a.after_wide * 2 == a.before_wide
    assert b.before_wide >= 2
    assert b.after_wide == 0
    assert (c.before, c.difference) == ("3 nights", "the same")
    assert c.before_wide == a.before_wide, "each unit has a scale of its own"
    assert chart_of({}, {}) == ()


def test_the_matrix_has_yes_first_and_only_what_occurs() -> None:
    matrix = matrix_of({"answers": [["ineligible", "eligible", 2], ["eligible", "eligible", 5]]})
    assert matrix.before == ("eligible", "ineligible")
    assert matrix.after == ("eligible",)
    assert matrix.cells == ((5,), (2,))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0, 0, "nothing, before and after"),
        (0, 500, "nothing before, $5.00 after"),
        (500, 500, "$5.00"),
        (500, 0, "$5.00 before, nothing after"),
    ],
)
def test_what_a_flip_moves_is_said_in_words(before: int, after: int, said: str) -> None:
    assert money_moved({"cents_from": before, "cents_to": after}, "cents") == said
