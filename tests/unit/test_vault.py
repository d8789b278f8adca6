"""Sealed values open only where they were sealed, with a key on the ring."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reunify.vault.keyring import CannotUnseal, KeyRing


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.fresh()


def test_a_sealed_value_opens_in_its_own_column(ring: KeyRing) -> None:
    sealed = ring.seal(b"Mateo", place="persons.name")
    assert b"Mateo" not in sealed
    assert ring.unseal(sealed, place="persons.name") == b"Mateo"


def test_a_value_pasted_into_another_column_does_not_open(ring: KeyRing) -> None:
    sealed = ring.seal(b"Mateo", place="persons.name")
    with pytest.raises(CannotUnseal, match=r"payees\.name"):
        ring.unseal(sealed, place="payees.name")


@pytest.mark.parametrize("at", [0, 1, 5, 20, -1])
def test_one_changed_byte_is_noticed(ring: KeyRing, at: int) -> None:
    sealed = bytearray(ring.seal(b"a value long enough", place="t.c"))
    sealed[at] ^= 1
    with pytest.raises(CannotUnseal):
        ring.unseal(bytes(sealed), place="t.c")


def test_a_new_active_key_still_opens_what_the_old_one_sealed(ring: KeyRing) -> None:
    sealed = ring.seal(b"old", place="t.c")
    rotated = KeyRing({**ring.keys, 2: b"k" * 32}, 2, ring.index_key)
    assert rotated.unseal(sealed, place="t.c") == b"old"
    assert rotated.seal(b"new", place="t.c")[1] == 2


def test_a_blind_index_folds_spelling_and_differs_by_column(ring: KeyRing) -> None:
    one = ring.blind_index("José  PÉREZ", "2011-03-14", place="person_keys.birth")
    assert one == ring.blind_index("josé pérez", "2011-03-14", place="person_keys.birth")
    assert one != ring.blind_index("josé pérez", "2011-03-14", place="person_keys.case")
    assert one != ring.blind_index("josé pérez2011-03-14", "", place="person_keys.birth")


def test_the_key_file_is_readable_by_its_owner_only_and_never_overwritten(
    ring: KeyRing, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    ring.save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KeyRing.load(file) == ring
    with pytest.raises(FileExistsError):
        ring.save(file)
