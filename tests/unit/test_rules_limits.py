"""How much a rule file and a table may hold: at the limit, one over, and quick to refuse and to answer."""

from __future__ import annotations

import random
from time import process_time
from typing import Any

import pytest

from reunify.rates.closed_yaml import MOST_PARTS, RuleFileBroken, read
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rules import proving, table_files
from reunify.rules.answers import Determination
from reunify.rules.decide import determine
from reunify.rules.examples import Example
from reunify.rules.requirements import MOST as MOST_REQUIREMENTS
from reunify.rules.table_files import MOST_FACTS, MOST_ROWS, MOST_WORLDS, TableHead, read_table
from tests.unit.rule_books import words
from tests.unit.rule_texts import SAFE, book, requirement

_FACT = """
  {name}:
    type: {type}
    {more}
    label: {{en: A fact, es: Un dato}}
    question: {{en: "What is it?", es: "¿Qué es?"}}
    pointer: /told/{name}
    sensitivity: open
    supplied_by: [staff]
    family_can_fix: no
"""
NAMES = [f"f{n}" for n in range(14)]
ALWAYS = requirement('require: {age: "-"}')


@pytest.fixture(scope="module")
def many() -> Dictionary:
    """The dictionary of the other tests, fourteen yes/no facts and a whole number more."""
    more = "".join(_FACT.format(name=n, type="yes_no", more="unit: none") for n in NAMES)
    more += _FACT.format(name="far", type="integer", more="range: 0..99999")
    return load_dictionary(words().body.rstrip() + more.encode())


def diagonal(facts: int) -> str:
    """Each fact decides about a row of its own, so every way they come together is another one."""
    rows = [",".join("= yes" if row == n else "-" for n in range(facts)) for row in range(facts)]
    head = f"row,{','.join(NAMES[:facts])},=> trip_cap,cite\n"
    return head + "".join(f"R{n},{cells},{n + 1},P\n" for n, cells in enumerate(rows))


def table(text: str, dictionary: Dictionary) -> None:
    read_table(text.encode(), TableHead("XX-CAPS", "x.csv", "first", "cents", ()), dictionary, "x.csv")


def refusal(text: str, dictionary: Dictionary) -> RuleFileBroken:
    with pytest.raises(RuleFileBroken) as broken:
        table(text, dictionary)
    assert "split it into tables" in broken.value.allowed or "two tables" in broken.value.allowed
    return broken.value


def test_a_table_has_at_most_twelve_facts(many: Dictionary) -> None:
    assert 2**MOST_FACTS == MOST_WORLDS
    table(diagonal(12), many)
    assert refusal(diagonal(13), many).found == "13 facts"


def test_the_ways_its_facts_come_together_are_bounded(many: Dictionary) -> None:
    def banded(bands: int) -> str:
        cells = [f"R{n},< {n + 1},{'= yes' if n else '-'},{n + 1},P\n" for n in range(bands)]
        return "row,far,f0,=> trip_cap,cite\n" + "".join(cells)

    table(banded(400), many)
    three = "row,far,f0,f1,f2,f3,=> trip_cap,cite\n"
    wide = three + "".join(
        f"R{n},< {n + 1},{','.join('= yes' if n == m else '-' for m in range(1, 5))},1,P\n"
        for n in range(300)
    )
    found = refusal(wide, many)
    assert (found.where, found.found[:4]) == ("line 1, `f3`", "4816")


def test_values_that_are_told_apart_are_bounded_before_they_are_tried(many: Dictionary) -> None:
    listed = ", ".join(str(n) for n in range(0, 9000, 2))
    began = process_time()
    found = refusal(f'row,far,=> trip_cap,cite\nA,"in {listed}",1,P\n', many)
    assert "told apart" in found.found
    assert process_time() - began < 1


def test_rows_at_the_limit_and_one_over(many: Dictionary) -> None:
    head = "row,f0,=> trip_cap,cite\n"
    rows = [f"R{n},-,1,P\n" for n in range(MOST_ROWS + 1)]
    table(head + "".join(rows[:-1]), many)
    assert refusal(head + "".join(rows), many).found == "501 rows"


@pytest.mark.parametrize("name", ["a{}", "age", "=> trip_cap"])
def test_thousands_of_columns_are_refused_at_once(many: Dictionary, name: str) -> None:
    columns = ",".join(name.format(n) for n in range(15_000))
    began = process_time()
    assert refusal(f"row,{columns},=> trip_cap,cite\nA,1,P\n", many).found == "15003 columns"
    assert process_time() - began < 0.5


@pytest.mark.parametrize("hit", ["unique", "first", "collect"])
def test_one_answer_with_nothing_known_is_quick_at_the_limit(many: Dictionary, hit: str) -> None:
    rules = book(
        ALWAYS + requirement("require: {f0: = yes}", name="XX-03"),
        tables={"XX-CAPS": diagonal(12)},
        hit=hit,
        words=many,
    )
    determine(rules, SAFE, many)
    began = process_time()
    found = determine(rules, SAFE, many)
    assert process_time() - began < 0.5, "some hundredths of a second where nothing else runs"
    assert set(found.tables[0].unknown) == set(NAMES[:12])


def test_the_order_of_rows_and_of_columns_changes_no_answer(many: Dictionary) -> None:
    rows = diagonal(4).splitlines()
    random.Random(4).shuffle(tail := rows[1:])
    answers = []
    for text in ("\n".join(rows), "\n".join([rows[0], *tail])):
        rules = book(ALWAYS, tables={"XX-CAPS": text + "\n"}, hit="collect", words=many)
        found = determine(rules, {**SAFE, "f0": True, "f1": True, "f2": False, "f3": False}, many)
        answers.append([cap.at_most for cap in found.caps])
    assert answers == [[100], [100]]


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + "b," * 99_000 + "]",
        "a: [" + "[]," * 60_000 + "]",
        "\n".join(f"k{n}: v" for n in range(15_000)),
        "{" + ", ".join(f"a{n}: {{}}" for n in range(14_000)) + "}",
    ],
    ids=["list", "lists", "keys", "mappings"],
)
def test_a_long_file_of_small_things_is_refused_in_a_second(text: str) -> None:
    began = process_time()
    with pytest.raises(RuleFileBroken, match=f"more than {MOST_PARTS} names and values"):
        read(text.encode(), "x.yaml")
    assert process_time() - began < 2


def test_names_and_values_at_the_limit_are_read_and_one_over_not() -> None:
    listed = ["b"] * (MOST_PARTS - 3)  # beside the mapping, the name and the list
    assert read(f"a: [{','.join(listed)}]".encode(), "x.yaml") == {"a": listed}
    with pytest.raises(RuleFileBroken):
        read(f"a: [{','.join([*listed, 'b'])}]".encode(), "x.yaml")


def test_what_is_read_twice_is_not_shared() -> None:
    read(b"a: [b]", "x.yaml")["a"].append("c")
    assert read(b"a: [b]", "x.yaml") == {"a": ["b"]}


def test_requirements_over_the_limit_are_refused_before_they_are_read() -> None:
    many = "".join("  - {id: x}\n" for _ in range(MOST_REQUIREMENTS + 1))
    with pytest.raises(RuleFileBroken, match=r"found 20\d of them. Allowed: at most 200"):
        book(many)


def test_what_is_proved_is_not_proved_again_until_something_is_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def counted(*said: Any) -> Determination:
        asked.append("again")
        return determine(*said)

    monkeypatch.setattr(proving, "determine", counted)
    rules, example = book(ALWAYS, words=words()), Example("All is well", dict(SAFE), "eligible", None, None)
    first = proving.known_failures(rules, (example,), words())
    times = len(asked)
    assert times
    assert proving.known_failures(rules, (example,), words()) == first
    assert len(asked) == times
    other = Example("All is well", dict(SAFE), "ineligible", None, None)
    assert proving.known_failures(rules, (other,), words()) != first
    assert len(asked) > times
    assert proving.failures(rules, (example,), words()) == first


def test_the_limits_leave_room_for_what_a_page_shows() -> None:
    assert table_files.MOST_COLUMNS == 20
