"""Files: what is closed about the YAML, one text for a whole version, a folder read and read again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.rates.closed_yaml import RuleFileBroken, read
from reunify.rates.fields import load_dictionary
from reunify.rules.bundle import fingerprint, joined, parted
from reunify.rules.library import Shelf, load
from tests.unit.rule_books import words
from tests.unit.rule_texts import HEAD, RETURN, requirement


@pytest.mark.parametrize(
    ("body", "where", "found", "allowed"),
    [
        (b"a" * 10_000_000, "whole file", "10000000 bytes", "at most 200000 bytes"),
        (b"a: &x 1\nb: 2\n", "line 1", "an anchor or alias", "the text written out"),
        (b"a: 1\nb: *x\n", "line 2", "an anchor or alias", "the text written out"),
        (b"a: 1\nb: !!int 2\n", "line 2", "a tag (!)", "plain text; put it in quotes"),
        (b"a: 1\nb: ! 2\n", "line 2", "a tag (!)", "plain text; put it in quotes"),
        (b"a: 1\nb: caf\xe9\n", "line 2", "bytes that are not text in UTF-8", "UTF-8 text throughout"),
        ("a: é\nb: ".encode() + "é".encode("latin-1"), "line 2", "bytes that are not text", "UTF-8 text"),
        ("a: 1\n".encode("utf-16"), "whole file", "UTF-16 text", "UTF-8 text throughout"),
        (b"\xef\xbb\xbfa: 1\n", "line 1", "a byte order mark", "without one"),
        (b"a: 1\nb: x\x07y\n", "line 2", "hidden or control characters", "visible text"),
        ("a: 1\nb: x\u202ey\n".encode(), "line 2", "hidden or control characters", "visible text"),
        (b"a: 1\rb: 2\r", "line 1", "hidden or control characters", "visible text"),
        (b"a: 1\n--- \nb: 2\n", "line 2", "but found another document", "YAML indented by spaces"),
        (b"a: 1\n\tb: 2\n", "line 2", "cannot start any token", "YAML indented by spaces"),
        (b"a: " + b"[" * 90_000, "line 1", "more than 20 levels", "less deep"),
        (b"a: " + b"[" * 20 + b"]" * 20, "line 1", "more than 20 levels", "less deep"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_whatever_hides_in_a_file_is_refused_with_its_own_sentence(
    body: bytes, where: str, found: str, allowed: str
) -> None:
    with pytest.raises(RuleFileBroken) as broken:
        read(body, "sample/x.yaml")
    assert broken.value.where == where
    assert found in broken.value.found
    assert allowed in broken.value.allowed


def test_as_many_levels_as_are_allowed_are_read() -> None:
    assert list(read(b"a: " + b"[" * 19 + b"]" * 19, "x")) == ["a"]


@pytest.mark.parametrize(
    ("line", "key", "found", "allowed"),
    [
        ("computed_by: days", "computed_by", "`days`", "a function and its version"),
        ("computed_by: days@0", "computed_by", "`days@0`", "a function and its version"),
        ("computed_by: ''", "computed_by", "nothing", "a line of text"),
        ("computed_from: [b]", "computed_from", "`b`", "a field of this file"),
        ("computed_from: [a]", "computed_from", "a circle", "not worked out from this one"),
    ],
)
def test_how_a_fact_is_worked_out_is_checked(line: str, key: str, found: str, allowed: str) -> None:
    texts = "label: {en: a, es: b}, question: {en: a, es: b}, pointer: /a, sensitivity: open"
    body = f"fields:\n  a: {{type: yes_no, {texts}, supplied_by: [staff], family_can_fix: no, {line}}}\n"
    with pytest.raises(RuleFileBroken) as broken:
        load_dictionary(body.encode())
    assert broken.value.where == f"a, `{key}`"
    assert found in broken.value.found
    assert allowed in broken.value.allowed


names = st.from_regex(r"[A-Za-z0-9_.-]{1,12}\.csv", fullmatch=True)
texts = st.binary(max_size=60) | st.sampled_from(
    [b"", b"\n", b"a\r\n", b"--- # table\n", b"--- #table x.csv\n"]
)


@given(texts, st.dictionaries(names, texts, max_size=4))
def test_a_version_comes_apart_into_what_was_joined(rules: bytes, tables: dict[str, bytes]) -> None:
    try:
        whole = joined(rules, tables)
    except RuleFileBroken:
        assert any(b"--- # table " in text for text in (rules, *tables.values()))
        return
    assert parted(whole) == (ended(rules), {name: ended(text) for name, text in tables.items()})
    assert joined(*parted(whole)) == whole
    assert fingerprint(whole) == fingerprint(joined(rules, dict(reversed(tables.items()))))
    for name in tables:
        assert fingerprint(joined(rules, {**tables, name: tables[name] + b"\nx"})) != fingerprint(whole)


def ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


@pytest.mark.parametrize("rules", [b"a: 1\n--- # table x.csv\nrow\n", b"--- # table x.csv\n"])
def test_a_text_that_begins_a_table_itself_is_refused(rules: bytes) -> None:
    with pytest.raises(RuleFileBroken, match="tables in files of their own"):
        joined(rules, {"y.csv": b"row\n"})


@pytest.mark.parametrize("name", ["a b.csv", "../x.csv", "", "x" * 81, "x.csv\n"])
def test_a_table_has_a_plain_file_name(name: str) -> None:
    with pytest.raises(RuleFileBroken, match="file name"):
        joined(b"a: 1\n", {name: b"row\n"})


RULES = HEAD + requirement('require: {age: "< 3"}') + RETURN
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_fields.yaml").write_bytes(words().body)
    write(tmp_path, "2026-01-01", RULES)
    return tmp_path


def write(folder: Path, day: str, rules: str) -> None:
    (folder / "sample").mkdir(exist_ok=True)
    (folder / "sample" / f"{day}.yaml").write_text(rules.replace("from: 2026-01-01", f"from: {day}"))
    (folder / "sample" / f"{day}.examples.yaml").write_text("given: {}\nexamples: []\n")


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW.replace(second=int(self.seconds))


def shelf(folder: Path, clock: Clock) -> Shelf:
    return Shelf(folder, clock.now, seconds=lambda: clock.seconds)


def test_a_shelf_reads_again_when_the_files_change_and_not_more_than_once_a_second(folder: Path) -> None:
    clock = Clock()
    found = shelf(folder, clock)
    first = found.current()
    write(folder, "2026-06-01", RULES)
    clock.seconds = 0.9
    assert found.current() is first
    clock.seconds = 1.0
    assert [b.effective_from.month for b in found.current().versions["sample"]] == [1, 6]
    assert found.loaded_at == NOW.replace(second=1)
    same = found.current()
    clock.seconds = 9
    assert found.current() is same
    assert found.loaded_at == NOW.replace(second=1)


def test_a_shelf_keeps_the_last_good_rules_while_a_file_is_broken_and_says_why(folder: Path) -> None:
    clock = Clock()
    found = shelf(folder, clock)
    first = found.current()
    write(folder, "2026-01-01", RULES.replace("< 3", "< 1 8 foo"))
    clock.seconds = 1
    assert found.current() is first
    assert "`1 8 foo`" in str(found.problem)
    assert found.loaded_at == NOW
    write(folder, "2026-01-01", RULES.replace("< 3", "< 4"))
    clock.seconds = 2
    assert found.current().versions["sample"][0].requirements[0].groups[0][0].written == "< 4"
    assert found.problem is None
    assert found.loaded_at == NOW.replace(second=2)


def test_a_shelf_keeps_the_last_good_rules_while_the_folder_is_away(folder: Path) -> None:
    clock = Clock()
    found = shelf(folder, clock)
    first = found.current()
    away = folder.rename(folder.with_name("away"))
    clock.seconds = 1
    assert found.current() is first
    assert "cannot be read (FileNotFoundError)" in str(found.problem)
    assert str(folder) not in str(found.problem)
    away.rename(folder)
    clock.seconds = 2
    assert found.current().versions.keys() == first.versions.keys()
    assert found.problem is None


def test_a_shelf_without_anything_good_to_go_on_with_is_refused(folder: Path) -> None:
    write(folder, "2026-01-01", RULES.replace("< 3", "three"))
    with pytest.raises(RuleFileBroken, match="three"):
        shelf(folder, Clock())


def test_many_threads_share_a_shelf_whose_files_change(folder: Path) -> None:
    clock, wrong = Clock(), []
    found = shelf(folder, clock)

    def ask() -> None:
        for _ in range(200):
            books = found.current().versions["sample"]
            if [b.effective_from.month for b in books] not in ([1], [1, 6]):
                wrong.append(books)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    write(folder, "2026-06-01", RULES)
    clock.seconds = 5
    for thread in threads:
        thread.join()
    clock.seconds = 9
    assert len(found.current().versions["sample"]) == 2
    assert wrong == []


@pytest.mark.parametrize(
    ("end", "fits"), [("2026-05-31", True), ("2026-06-01", False), ("2026-12-31", False)]
)
def test_a_version_that_says_it_outlasts_the_next_one_is_refused(folder: Path, end: str, fits: bool) -> None:
    write(folder, "2026-01-01", RULES.replace("basis:", f"to: {end}, basis:"))
    write(folder, "2026-06-01", RULES)
    if fits:
        assert len(load(folder).versions["sample"]) == 2
        return
    with pytest.raises(RuleFileBroken) as broken:
        load(folder)
    assert broken.value.file == "sample/2026-01-01.yaml"
    assert f"{end}, which overlaps the version that begins on 2026-06-01" in broken.value.found
    assert "a day before 2026-06-01, or no `to`" in broken.value.allowed


def test_a_table_beside_its_rules_is_read_and_a_stray_one_is_refused(folder: Path) -> None:
    csv = folder / "sample" / "2026-01-01.caps.csv"
    csv.write_text("row,age,=> trip_cap,cite\nA,-,100,P\n")
    with pytest.raises(RuleFileBroken, match="a table nobody reads"):
        load(folder)
    entry = "tables:\n  - {id: XX-CAPS, file: 2026-01-01.caps.csv, hit: unique}\n"
    write(folder, "2026-01-01", RULES + entry)
    assert load(folder).versions["sample"][0].tables[0].id == "XX-CAPS"
    csv.unlink()
    with pytest.raises(RuleFileBroken, match="there is none"):
        load(folder)
