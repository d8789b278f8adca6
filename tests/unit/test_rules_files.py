"""Files: what is closed about the YAML, one text for a whole version, a folder read and read again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.rates.closed_yaml import RuleFileBroken, read
from reunify.rates.fields import load_dictionary
from reunify.rules.bundle import fingerprint, joined, parted
from reunify.rules.library import Watch, load
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


def watch(folder: Path, clock: Clock) -> Watch:
    return Watch(folder, seconds=lambda: clock.seconds)


def test_a_folder_is_read_again_when_its_files_change_and_not_more_than_once_a_second(folder: Path) -> None:
    clock = Clock()
    found = watch(folder, clock)
    assert found.wrong() is None
    write(folder, "2026-01-01", RULES.replace("< 3", "< 1 8 foo"))
    clock.seconds = 0.9
    assert found.wrong() is None
    clock.seconds = 1.0
    wrong = found.wrong()
    assert "`1 8 foo`" in str(wrong)
    clock.seconds = 9
    assert found.wrong() is wrong, "what has not changed is not read again"
    write(folder, "2026-01-01", RULES.replace("< 3", "< 4"))
    clock.seconds = 10
    assert found.wrong() is None


def test_a_folder_that_was_broken_from_the_first_is_told_once_it_is_mended(folder: Path) -> None:
    clock = Clock()
    write(folder, "2026-01-01", RULES.replace("< 3", "three"))
    found = watch(folder, clock)
    assert "three" in str(found.wrong())
    write(folder, "2026-01-01", RULES)
    clock.seconds = 1
    assert found.wrong() is None


def test_a_folder_that_is_away_is_told_without_its_place(folder: Path) -> None:
    clock = Clock()
    found = watch(folder, clock)
    away = folder.rename(folder.with_name("away"))
    assert "cannot be read (FileNotFoundError)" in str(found.wrong())
    assert str(folder) not in str(found.wrong())
    away.rename(folder)
    clock.seconds = 1
    assert found.wrong() is None


def test_many_threads_share_a_folder_whose_files_change(folder: Path) -> None:
    clock, told = Clock(), list[str]()
    found = watch(folder, clock)

    def ask() -> None:
        told.extend(str(found.wrong()) for _ in range(200))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    broken = folder / "sample" / "2026-01-01.yaml"
    broken.with_suffix(".new").write_text(RULES.replace("< 3", "three"))
    broken.with_suffix(".new").rename(broken)
    clock.seconds = 5
    for thread in threads:
        thread.join()
    clock.seconds = 9
    assert "three" in str(found.wrong())
    assert len(told) == 800
    assert all(said == "None" or "three" in said for said in told)


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
