"""Decision tables: every refusal says file, row, column, what was found and what is allowed; hit policies."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import FactValue
from reunify.rules.answers import Answer, Determination, Outcome
from reunify.rules.bundle import joined
from reunify.rules.decide import determine
from reunify.rules.model import Cap, Rulebook
from reunify.rules.reading import compile_rulebook
from reunify.rules.table_files import TableHead, read_table
from reunify.rules.tables import apply, lowest
from tests.unit.rule_books import DOMAINS, Case, cases, words
from tests.unit.rule_texts import HEAD, RETURN, SAFE, book, decided, requirement

ALWAYS = requirement('require: {age: "-"}')
HEADS = "row,age,kind,=> trip_cap,=> family_cap lodging,cite\n"
GOOD = HEADS + 'A,< 2,"in lost, taken","1,284.50",-,Policy 5(a)\nB,2..4,-,0,90,Policy 5(b)\n'


def read(text: str, *, head: str = HEAD, hit: str = "unique") -> Rulebook:
    return book(ALWAYS, tables={"XX-CAPS": text}, hit=hit, words=words(), head=head)


def test_a_table_gives_caps_in_the_sources_own_unit_with_their_citation() -> None:
    (table,) = read(GOOD).tables
    assert table.fields == ("age", "kind")
    assert table.outputs == ("=> trip_cap", "=> family_cap lodging")
    assert [row.gives for row in table.rows] == [
        (Cap("trip", None, 128_450, "Policy 5(a)", "XX-CAPS row A"),),
        (
            Cap("trip", None, 0, "Policy 5(b)", "XX-CAPS row B"),
            Cap("family", "lodging", 9_000, "Policy 5(b)", "XX-CAPS row B"),
        ),
    ]
    nights = read(
        "row,=> trip_cap,=> lifetime_uses,cite\nA,7,1,P\n", head=HEAD.replace("unit: cents", "unit: night")
    )
    assert [(c.scope, c.at_most) for c in nights.tables[0].rows[0].gives] == [
        ("trip", 7),
        ("lifetime_uses", 1),
    ]


def test_what_a_spreadsheet_writes_is_read_the_mark_before_it_and_its_line_ends() -> None:
    marked = "\ufeff" + GOOD.replace("\n", "\r\n") + "\r\n"
    assert [r.gives for r in read(marked).tables[0].rows] == [r.gives for r in read(GOOD).tables[0].rows]


def row(cells: str) -> str:
    return HEADS + cells + "\n"


@pytest.mark.parametrize(
    ("text", "where", "found", "allowed"),
    [
        ("", "whole file", "nothing", "a first line"),
        (HEADS, "whole file", "no rows", "at least one row"),
        ("id,age,=> trip_cap,cite\n", "line 1", "`id` first", "`row` first"),
        ("row,age,=> trip_cap\n", "line 1", "`=> trip_cap` last", "`cite` last"),
        ("row,age,cite\nA,-,P\n", "line 1", "no output", "`=> outputs`"),
        ("row,=> trip_cap,age,cite\nA,1,-,P\n", "line 1", "a fact after an output", "facts, then"),
        ("row,chld_age,=> trip_cap,cite\n", "line 1, column 2", "unknown column `chld_age`", "_fields.yaml"),
        ("row,age,age,=> trip_cap,cite\n", "line 1, column 2", "`age` twice", "each column once"),
        ("row,age,=> week_cap,cite\n", "line 1, column 3", "`=> week_cap`", "=> trip_cap"),
        ("row,age,=> trip_cap meals,cite\n", "line 1, column 3", "`=> trip_cap meals`", "one of lodging"),
        ("row,age,=>trip_cap,cite\n", "line 1, column 3", "`=>trip_cap`", "=> trip_cap"),
        (
            "row,age,=> lifetime_uses_cap,cite\n",
            "line 1, column 3",
            "`=> lifetime_uses_cap`",
            "=> lifetime_uses",
        ),
        (row("A,-,-,1,-"), "line 2", "5 cells", "6 cells"),
        (row("A,-,in lost, taken,1,-,P"), "line 2", "7 cells", '"double quotes"'),
        (row("A,-,-,1,-,P\nA,-,-,1,-,P"), "line 3, `row`", "`A` twice", "each row id once"),
        (row(",-,-,1,-,P"), "line 2, `row`", "nothing", "letters and digits"),
        (row("A 1,-,-,1,-,P"), "line 2, `row`", "`A 1`", "letters and digits"),
        (row("=A1,-,-,1,-,P"), "line 2, `row`", "the spreadsheet formula `=A1`", "letters"),
        (row("A,-,-,1,-,"), "row A (line 2), `cite`", "nothing", "where the rule is written"),
        (row("A,-,-,1,-,=cmd|' /C calc'!A0"), "row A (line 2), `cite`", "the spreadsheet formula", "written"),
        (row("A,-,-,1,-,@SUM(1)"), "row A (line 2), `cite`", "the spreadsheet formula `@SUM(1)`", "written"),
        (row('A,-,-,1,-,"\tP"'), "row A (line 2), `cite`", "the spreadsheet formula `P`", "written"),
        (row("A,ten,-,1,-,P"), "row A (line 2), `age`", "`ten`", "-, = v"),
        (row("A,< 1 8 foo,-,1,-,P"), "row A (line 2), `age`", "`1 8 foo`", "a whole number 0..6"),
        (row("A,= 9,-,1,-,P"), "row A (line 2), `age`", "`9`", "0..6"),
        (row("A,=SUM(A1:A9),-,1,-,P"), "row A (line 2), `age`", "the spreadsheet formula `=SUM(", "-, = v"),
        (row("A,+1,-,1,-,P"), "row A (line 2), `age`", "the spreadsheet formula `+1`", "-, = v"),
        (row("A,-1,-,1,-,P"), "row A (line 2), `age`", "the spreadsheet formula `-1`", "-, = v"),
        (row("A,@x,-,1,-,P"), "row A (line 2), `age`", "the spreadsheet formula `@x`", "-, = v"),
        (row('A,"\t< 2",-,1,-,P'), "row A (line 2), `age`", "the spreadsheet formula `< 2`", "-, = v"),
        (row("A,-,#NAME?,1,-,P"), "row A (line 2), `kind`", "`#NAME?`", "write `in x` for `= x`"),
        (row("A,,-,1,-,P"), "row A (line 2), `age`", "``", "-, = v"),
        (row("A,-,= lsot,1,-,P"), "row A (line 2), `kind`", "`lsot`", "lost, taken, runaway"),
        (row("A,-,-,ten,-,P"), "row A (line 2), `=> trip_cap`", "`ten`", "dollars and cents"),
        (row("A,-,-,-5,-,P"), "row A (line 2), `=> trip_cap`", "`-5`", "dollars and cents"),
        (row("A,-,-,12.345,-,P"), "row A (line 2), `=> trip_cap`", "`12.345`", "1284.50"),
        (row("A,-,-,=1+1,-,P"), "row A (line 2), `=> trip_cap`", "the spreadsheet formula `=1+1`", "or -"),
        (row("A,-,-,,-,P"), "row A (line 2), `=> trip_cap`", "nothing", "or -"),
        (row('A,"-,-,1,-,P'), "line 2", "quotes that do not match", "double quotes"),
        (row('A,"-"x,-,1,-,P'), "line 2", "quotes that do not match", "double quotes"),
        (row('A,-,-,1,-,"P\nQ"'), "line 3", "a line break in a cell", "one line"),
        (row("A,-,-,1,-,P\x00"), "line 2", "hidden or control characters", "visible text"),
        (row("A,-,-,1,-,P\u202e"), "line 2", "hidden or control characters", "visible text"),
    ],
)
def test_a_broken_table_says_where_what_and_what_is_allowed(
    text: str, where: str, found: str, allowed: str
) -> None:
    with pytest.raises(RuleFileBroken) as broken:
        read(text)
    assert broken.value.file == "sample/XX-CAPS.csv"
    assert where == broken.value.where
    assert found in broken.value.found
    assert allowed in broken.value.allowed


def test_only_times_and_units_that_are_whole_are_read() -> None:
    with pytest.raises(RuleFileBroken, match="how many times"):
        read("row,=> lifetime_uses,cite\nA,1.00,P\n")
    with pytest.raises(RuleFileBroken, match="whole nights"):
        read("row,=> trip_cap,cite\nA,1.50,P\n", head=HEAD.replace("unit: cents", "unit: night"))


@pytest.mark.parametrize(
    ("body", "where", "found", "allowed"),
    [
        (GOOD.encode("utf-16"), "whole file", "UTF-16", "save as CSV UTF-8"),
        (GOOD.encode() + b"C,-,-,1,-,caf\xe9\n", "line 4", "not text in UTF-8", "save as CSV UTF-8"),
        (b"row," + b"x" * 200_000, "whole file", "200004 bytes", "at most 200000"),
    ],
)
def test_other_encodings_mixed_ones_and_files_too_long_are_refused(
    body: bytes, where: str, found: str, allowed: str
) -> None:
    head = TableHead("XX-CAPS", "x.csv", "unique", "cents", ("lodging",))
    with pytest.raises(RuleFileBroken) as broken:
        read_table(body, head, words(), "sample/x.csv")
    assert (broken.value.file, broken.value.where) == ("sample/x.csv", where)
    assert found in broken.value.found
    assert allowed in broken.value.allowed


ENTRY = "  - {id: XX-CAPS, file: x.csv, hit: unique}\n"


@pytest.mark.parametrize(
    ("entries", "where", "found", "allowed"),
    [
        (ENTRY.replace("x.csv", "y.csv"), "table 1, `file`", "`y.csv`", "named once: x.csv"),
        (ENTRY + ENTRY, "table 2, `id`", "`XX-CAPS`", "each once"),
        (ENTRY + ENTRY.replace("XX-CAPS", "XX-MORE"), "table 2, `file`", "`x.csv`", "named once"),
        (ENTRY.replace("XX-CAPS", "caps"), "table 1, `id`", "`caps`", "like DR-CAPS"),
        (ENTRY.replace("XX-CAPS", "XX-01"), "top, `tables`", "`XX-01`", "an id of its own"),
        (ENTRY.replace("unique", "any"), "table 1, `hit`", "`any`", "unique, first, collect"),
        (ENTRY.replace("hit: unique", "hit: unique, gives: x"), "table 1, `gives`", "not known", "file, hit"),
        ("", "whole file", "a table nobody reads", "a `tables` entry in sample/x.yaml"),
    ],
)
def test_every_csv_is_named_exactly_once(entries: str, where: str, found: str, allowed: str) -> None:
    rules = HEAD + ALWAYS + RETURN + (f"tables:\n{entries}" if entries else "")
    body = joined(rules.encode(), {"x.csv": GOOD.encode()})
    with pytest.raises(RuleFileBroken) as broken:
        compile_rulebook(body, words(), "sample/x.yaml")
    assert broken.value.where == where
    assert found in broken.value.found
    assert allowed in broken.value.allowed


def test_a_card_that_a_person_reads_has_no_table() -> None:
    card = "staff: {en: a, es: b}, family: {en: a, es: b}, deadline: 5 days, cite: {doc: P, at: '1'}"
    head = HEAD[: HEAD.index("pays")].replace("kind: held\nunit: cents", "kind: elsewhere\ncard_only: yes")
    rules = f"{head}hand_off: {{{card}}}\n"
    assert compile_rulebook(rules.encode(), words(), "sample/x.yaml").tables == ()
    body = joined(f"{rules}tables:\n{ENTRY}".encode(), {"x.csv": GOOD.encode()})
    with pytest.raises(RuleFileBroken, match="none, as nothing is judged"):
        compile_rulebook(body, words(), "sample/x.yaml")


AGES = "row,age,=> trip_cap,cite\nA,< 2,100,P\nB,2..4,200,P\n"
SAME = "row,age,=> trip_cap,cite\nA,< 2,100,P\nB,>= 2,100,Q\n"
OVER = "row,age,held,=> trip_cap,=> lifetime_uses,cite\nA,< 3,-,100,-,P\nB,-,yes,50,1,Q\nC,-,-,200,-,R\n"


def settled(text: str, hit: str, /, **facts: FactValue) -> Determination:
    return determine(read(text, hit=hit), {**SAFE, **facts}, words())


@pytest.mark.parametrize(
    ("text", "hit", "facts", "rows", "caps"),
    [
        (AGES, "unique", {"age": 1}, ("A",), {"trip": 10_000}),
        (AGES, "unique", {"age": 2}, ("B",), {"trip": 20_000}),
        (AGES, "unique", {"age": 4}, ("B",), {"trip": 20_000}),
        (OVER, "first", {"age": 2, "held": True}, ("A",), {"trip": 10_000}),
        (OVER, "first", {"age": 3, "held": True}, ("B",), {"trip": 5_000, "lifetime_uses": 1}),
        (OVER, "first", {"age": 3, "held": False}, ("C",), {"trip": 20_000}),
        (OVER, "collect", {"age": 2, "held": True}, ("A", "B", "C"), {"trip": 5_000, "lifetime_uses": 1}),
        (OVER, "collect", {"age": 3, "held": False}, ("C",), {"trip": 20_000}),
    ],
)
def test_the_hit_policy_says_which_rows_give_and_the_lowest_cap_counts(
    text: str, hit: str, facts: dict[str, FactValue], rows: tuple[str, ...], caps: dict[str, int]
) -> None:
    found = settled(text, hit, **facts)
    assert found.answer is Answer.ELIGIBLE
    assert found.tables[0].rows == rows
    assert {c.scope: c.at_most for c in found.caps} == caps


def test_unknown_facts_are_asked_for_only_while_the_caps_depend_on_them() -> None:
    found = settled(AGES.replace("2..4", ">= 2"), "unique")
    assert found.answer is Answer.NEEDS_INFORMATION
    assert [q.field for q in found.questions] == ["age"]
    assert (found.tables[0].rows, found.tables[0].possible, found.tables[0].unknown) == (
        (),
        ("A", "B"),
        ("age",),
    )
    same = settled(SAME, "unique")
    assert same.answer is Answer.ELIGIBLE
    assert (same.tables[0].rows, same.tables[0].possible, same.questions) == ((), ("A", "B"), ())
    assert [c.at_most for c in same.caps] == [10_000]


def test_a_known_row_before_it_makes_an_unknown_one_idle() -> None:
    assert settled(OVER, "first", age=2).answer is Answer.ELIGIBLE
    assert [q.field for q in settled(OVER, "collect", age=2).questions] == ["held"]
    assert [q.field for q in settled(OVER, "first", held=True).questions] == ["age"]


@pytest.mark.parametrize(
    ("text", "age", "fault"), [(AGES, 5, "gap"), (AGES.replace("2..4", ">= 1"), 1, "overlap")]
)
def test_a_gap_or_an_overlap_asks_a_person_who_decides_under_the_tables_id(
    text: str, age: int, fault: str
) -> None:
    rules, facts = read(text), {**SAFE, "age": age}
    found = determine(rules, facts, words())
    assert (found.answer, found.tables[0].fault, found.caps) == (Answer.NEEDS_STAFF_DECISION, fault, ())
    assert found.content()["tables"][0]["outcome"] == "needs_staff_decision"
    met = determine(rules, facts, words(), {"XX-CAPS": decided("met")})
    assert (met.answer, met.caps) == (Answer.ELIGIBLE, ())
    refused = determine(rules, facts, words(), {"XX-CAPS": decided("not_met")})
    assert (refused.answer, refused.changes) == (Answer.INELIGIBLE, ())


def test_a_decision_under_the_tables_id_changes_nothing_while_the_table_answers() -> None:
    found = determine(read(AGES), {**SAFE, "age": 1}, words(), {"XX-CAPS": decided("not_met")})
    assert (found.answer, [c.at_most for c in found.caps]) == (Answer.ELIGIBLE, [10_000])


def test_a_fault_of_somebody_elses_table_only_asks() -> None:
    head = HEAD.replace("kind: held\nunit: cents", "kind: elsewhere")
    head = head.replace("pays: [lodging]\n", "")
    card = "staff: {en: a, es: b}, family: {en: a, es: b}, deadline: 5 days, cite: {doc: P, at: '1'}"
    head = head[: head.index("payer_order")] + f"hand_off: {{{card}}}\nrequirements:\n"
    rules = read(AGES.replace("trip_cap", "trip_cap meals"), head=head)
    assert determine(rules, {**SAFE, "age": 5}, words()).answer is Answer.ASK
    assert determine(rules, {**SAFE}, words()).answer is Answer.ASK
    assert determine(rules, {**SAFE, "age": 1}, words()).answer is Answer.WORTH_APPLYING


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_table_answers_exactly_if_everything_unknown_leads_to_the_same_caps(case: Case) -> None:
    for table in case.book.tables:
        found = apply(table, case.facts)
        open_facts = [n for n in table.fields if case.facts[n] is None]
        given_by = {}
        for values in product(*(DOMAINS[n] for n in open_facts)):
            whole = apply(table, {**case.facts, **dict(zip(open_facts, values, strict=True))})
            assert whole.outcome is not Outcome.UNKNOWN
            caps = frozenset((c.scope, c.category, c.at_most) for c in lowest(whole.caps))
            given_by[values] = (whole.fault, caps, whole.rows)
        answers = {(fault, caps) for fault, caps, _ in given_by.values()}
        assert (found.outcome is Outcome.UNKNOWN) is (len(answers) > 1)
        assert set(found.rows) == set.intersection(*(set(rows) for _, _, rows in given_by.values()))
        assert set(found.rows + found.possible) == set.union(*(set(rows) for _, _, rows in given_by.values()))
        if len(answers) == 1:
            caps = frozenset((c.scope, c.category, c.at_most) for c in lowest(found.caps))
            assert answers == {(found.fault, caps)}
        deciding = {
            name
            for place, name in enumerate(open_facts)
            for one, other in product(given_by, repeat=2)
            if one[:place] + one[place + 1 :] == other[:place] + other[place + 1 :]
            and given_by[one][:2] != given_by[other][:2]
        }
        assert set(found.unknown) == deciding
