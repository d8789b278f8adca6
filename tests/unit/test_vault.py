"""Keys on a ring, sealed bytes, and where a ring may come from."""

from __future__ import annotations

import base64
import json
import stat
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from reunify.adapters.key_sources import (
    CommandKeys,
    EnvironmentKeys,
    FileKeys,
    KeysUnavailable,
    SandboxKeys,
    opened_keys,
)
from reunify.settings import Settings, SettingsRefused, load
from reunify.vault import keyring, layout
from reunify.vault.keyring import KeyRing, RingUnreadable
from reunify.vault.layout import CannotUnseal

ROSA, LUIS = UUID(int=1), UUID(int=2)


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.fresh()


def sealed(ring: KeyRing, plain: bytes, about: bytes = b"t.c") -> bytes:
    return ring.wrap(plain, about=about)


names = st.text(max_size=40).filter(lambda text: "\0" not in text)


@pytest.mark.asvs("11.3.2", "11.3.3")
@given(plain=st.binary(max_size=300), keeper=st.uuids(), column=names, row=st.text(max_size=40))
def test_whatever_is_sealed_opens_again_and_is_never_the_plain_bytes(
    plain: bytes, keeper: UUID, column: str, row: str
) -> None:
    cipher = layout.cipher(layout.new_key())
    about = layout.bound_to(keeper, f"table.{column}", row)
    kept = layout.seal(cipher, plain, key_id=layout.KEEPERS_OWN, about=about)
    assert layout.unseal(cipher, kept, about=about) == plain
    assert len(plain) < 8 or plain not in kept
    assert kept != layout.seal(cipher, plain, key_id=layout.KEEPERS_OWN, about=about)


@given(
    one=st.tuples(st.uuids(), names, st.text(max_size=20)),
    other=st.tuples(st.uuids(), names, st.text(max_size=20)),
)
def test_no_two_places_rows_or_families_are_bound_alike(
    one: tuple[UUID, str, str], other: tuple[UUID, str, str]
) -> None:
    assert (layout.bound_to(*one) == layout.bound_to(*other)) == (one == other)


@pytest.mark.parametrize(
    ("keeper", "place", "row"),
    [(LUIS, "persons.name", "7"), (ROSA, "payees.name", "7"), (ROSA, "persons.name", "8")],
    ids=["another family", "another column", "another row"],
)
def test_a_pasted_ciphertext_does_not_open(keeper: UUID, place: str, row: str) -> None:
    cipher = layout.cipher(layout.new_key())
    kept = layout.seal(cipher, b"Mateo", key_id=0, about=layout.bound_to(ROSA, "persons.name", "7"))
    with pytest.raises(CannotUnseal, match="changed or moved"):
        layout.unseal(cipher, kept, about=layout.bound_to(keeper, place, row))


@pytest.mark.parametrize("at", [0, 1, 5, 20, -1])
def test_one_changed_byte_is_noticed(ring: KeyRing, at: int) -> None:
    kept = bytearray(sealed(ring, b"a value long enough"))
    kept[at] ^= 1
    with pytest.raises(CannotUnseal):
        ring.unwrap(bytes(kept), about=b"t.c")


@pytest.mark.parametrize("cut", [0, 1, 2, 14, 29])
def test_what_is_too_short_is_no_sealed_value(ring: KeyRing, cut: int) -> None:
    with pytest.raises(CannotUnseal):
        ring.unwrap(sealed(ring, b"x")[:cut], about=b"t.c")


def test_a_new_key_wraps_and_the_old_one_still_opens(ring: KeyRing) -> None:
    kept = sealed(ring, b"old")
    rotated = ring.with_new_key()
    assert (rotated.active, sorted(rotated.keys)) == (2, [1, 2])
    assert rotated.unwrap(kept, about=b"t.c") == b"old"
    assert layout.key_id(sealed(rotated, b"new")) == 2
    with pytest.raises(CannotUnseal, match="not on the ring"):
        rotated.without(1).unwrap(kept, about=b"t.c")
    assert rotated.without(1).with_new_key().active == 3


def test_a_blind_index_folds_spelling_and_differs_by_column(ring: KeyRing) -> None:
    one = ring.blind_index("José  PÉREZ", "2011-03-14", place="person_keys.birth")
    assert one == ring.blind_index("josé pérez", "2011-03-14", place="person_keys.birth")
    assert one != ring.blind_index("josé pérez", "2011-03-14", place="person_keys.case")
    assert one != ring.blind_index("josé pérez2011-03-14", "", place="person_keys.birth")


def test_a_blind_index_has_a_key_version_of_its_own(ring: KeyRing) -> None:
    newer = KeyRing(ring.keys, ring.active, {**ring.index_keys, 2: b"i" * 32}, 2)
    old = ring.blind_index("Rosa", place="t.c")
    assert newer.blind_index("Rosa", place="t.c") != old
    assert newer.blind_indexes("Rosa", place="t.c") == [old, newer.blind_index("Rosa", place="t.c")]
    assert ring.with_new_key().blind_index("Rosa", place="t.c") == old


def test_a_ring_is_read_as_it_was_written_and_never_shows_a_key(ring: KeyRing) -> None:
    assert KeyRing.from_json(ring.to_json()) == ring
    assert base64.b64encode(ring.keys[1]).decode() not in repr(ring)
    first = {
        "keys": {"1": base64.b64encode(ring.keys[1]).decode()},
        "active": 1,
        "index_key": base64.b64encode(ring.index_keys[1]).decode(),
        "origin": "file",
    }
    assert KeyRing.from_json(json.dumps(first)) == ring


@pytest.mark.parametrize(
    "change",
    [
        {"active": 2},
        {"keys": {"0": "A" * 43 + "="}, "active": 0},
        {"keys": {"256": "A" * 43 + "="}, "active": 256},
        {"keys": {"1": "c2hvcnQ="}},
        {"keys": {"1": "not base64 at all!"}},
        {"index_active": 9},
        {"origin": None, "keys": None},
    ],
)
def test_a_ring_that_cannot_be_right_is_refused_without_repeating_it(
    ring: KeyRing, change: dict[str, object]
) -> None:
    with pytest.raises(RingUnreadable) as refused:
        KeyRing.from_json(json.dumps(json.loads(ring.to_json()) | change))
    assert "c2hvcnQ" not in str(refused.value)
    with pytest.raises(RingUnreadable):
        KeyRing.from_json("{")


def settings(tmp_path: Path, **more: object) -> Settings:
    return Settings(data=tmp_path, **more)  # type: ignore[arg-type]


def in_each_source(folder: Path, text: str) -> dict[str, Settings]:
    """The same ring in the environment, in a file, behind a command, and in the data folder."""
    file = folder / "ring.json"
    FileKeys(file).write_first(text)
    data = folder / "data"
    FileKeys(data / "keys.json").write_first(text)
    return {
        "environment": settings(folder, keys=SecretStr(text)),
        "file": settings(folder, keys_file=file),
        "command": settings(folder, keys_command=f"cat {file}"),
        "default": settings(data),
    }


SOURCES = ("environment", "file", "command", "default")


@pytest.mark.parametrize("source", SOURCES)
def test_the_ring_comes_from_each_source(ring: KeyRing, tmp_path: Path, source: str) -> None:
    assert opened_keys(in_each_source(tmp_path, ring.to_json())[source])[0] == ring


@pytest.mark.parametrize("source", SOURCES)
def test_sandbox_keys_are_refused_outside_the_sandbox(tmp_path: Path, source: str) -> None:
    given = in_each_source(tmp_path, KeyRing.fresh("sandbox").to_json())[source]
    with pytest.raises(SandboxKeys, match="sandbox keys"):
        opened_keys(given)
    assert opened_keys(given.model_copy(update={"sandbox": True}))[0].origin == "sandbox"


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_no_ring_is_refused_in_words(tmp_path: Path, source: str) -> None:
    with pytest.raises(KeysUnavailable, match="holds no key ring") as refused:
        opened_keys(in_each_source(tmp_path, '{"keys": {"1": "c2VjcmV0"}}')[source])
    assert "c2VjcmV0" not in str(refused.value)


def test_only_the_file_in_the_data_folder_is_made_at_the_first_start(tmp_path: Path) -> None:
    made, _ = opened_keys(settings(tmp_path / "new"))
    assert made.origin == "file"
    assert opened_keys(settings(tmp_path / "new"))[0] == made
    assert opened_keys(settings(tmp_path / "demo", sandbox=True))[0].origin == "sandbox"
    with pytest.raises(KeysUnavailable, match="cannot be read"):
        opened_keys(settings(tmp_path, keys_file=tmp_path / "missing.json"))
    assert not (tmp_path / "missing.json").exists()


def test_the_key_file_is_its_owners_only_and_never_made_twice(ring: KeyRing, tmp_path: Path) -> None:
    file = FileKeys(tmp_path / "keys.json")
    file.write_first(ring.to_json())
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        file.write_first(KeyRing.fresh().to_json())
    file.write(ring.with_new_key().to_json())
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert KeyRing.from_json(file.read()).active == 2
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.asvs("13.3.2")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660])
def test_a_key_file_others_may_read_is_refused_with_what_to_type(
    ring: KeyRing, tmp_path: Path, mode: int
) -> None:
    file = FileKeys(tmp_path / "keys.json")
    file.write_first(ring.to_json())
    file.path.chmod(mode)
    with pytest.raises(KeysUnavailable, match="chmod 600"):
        file.read()
    file.path.chmod(0o400)
    assert file.read() == ring.to_json()


@pytest.mark.parametrize(
    "command", ["/no/such/program", f'{sys.executable} -c "raise SystemExit(3)"', "unfinished 'quote"]
)
def test_a_command_that_gives_no_keys_is_refused_in_words(command: str) -> None:
    with pytest.raises(KeysUnavailable, match="REUNIFY_KEYS_COMMAND"):
        CommandKeys(command).read()


def test_the_command_is_not_run_by_a_shell() -> None:
    assert CommandKeys("echo $HOME; ls").read() == "$HOME; ls\n"


def test_two_sources_at_once_are_refused(tmp_path: Path) -> None:
    given = {"REUNIFY_KEYS_FILE": str(tmp_path / "a"), "REUNIFY_KEYS_COMMAND": "cat a"}
    with pytest.raises(SettingsRefused, match="Set one of REUNIFY_KEYS"):
        load(given)


def test_the_ring_in_the_environment_never_shows(ring: KeyRing) -> None:
    source = EnvironmentKeys(ring.to_json())
    assert base64.b64encode(ring.keys[1]).decode() not in repr(source)
    with pytest.raises(KeysUnavailable, match="yours to change"):
        source.write("")


def test_a_process_that_meets_a_new_key_asks_its_source_once(tmp_path: Path) -> None:
    before = keyring.current()
    ring, file = KeyRing.fresh(), FileKeys(tmp_path / "keys.json")
    file.write_first(ring.to_json())
    try:
        keyring.use(ring, file)
        rotated = ring.with_new_key()
        file.write(rotated.to_json())
        assert keyring.having(2) == rotated
        assert keyring.current() == rotated
        with pytest.raises(CannotUnseal, match="key 3"):
            keyring.having(3)
        file.path.unlink()
        with pytest.raises(CannotUnseal, match="key 3"):
            keyring.having(3)  # the file, just asked, is not asked again at once
        assert keyring.having(1) == rotated
    finally:
        keyring.use(before)
