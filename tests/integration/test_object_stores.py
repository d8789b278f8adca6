"""A folder and a bucket keep the same promises; the bucket is asked over HTTP, by a server that speaks S3."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from reunify.adapters.object_places import opened_store
from reunify.files.ports import ObjectStore, StoreSilent
from reunify.settings import Settings, SettingsRefused, load
from tests import s3

ONE, TWO = f"ab/{'1' * 30}", f"cd/{'2' * 30}"
SEALED = os.urandom(70_000)


def settings(data: Path, place: str | None = None) -> Settings:
    key = SecretStr("an-id:a/secret+with=signs")
    return Settings(data=data, files=place, files_key=key if place else None)


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    with s3.serving() as serving:
        yield serving


@pytest.fixture
def folder(tmp_path: Path) -> ObjectStore:
    return opened_store(settings(tmp_path))


@pytest.fixture
def bucket(server: s3.Server, tmp_path: Path) -> ObjectStore:
    return opened_store(settings(tmp_path, server.place))


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_what_is_put_is_there_whole_until_it_is_deleted(kind: str, request: pytest.FixtureRequest) -> None:
    store: ObjectStore = request.getfixturevalue(kind)
    assert store.get(ONE) is None
    store.put(ONE, SEALED)
    store.put(TWO, b"\0" * 30)
    store.put(TWO, b"again")
    assert (store.get(ONE), store.get(TWO)) == (SEALED, b"again")
    listed = sorted(store.list(), key=lambda one: one.key)
    assert [one.key for one in listed] == [ONE, TWO]
    assert all(abs(datetime.now(UTC) - one.written_at) < timedelta(minutes=1) for one in listed)
    store.delete([ONE, TWO, f"ef/{'3' * 30}"])
    store.delete([ONE])
    assert (store.get(ONE), list(store.list())) == (None, [])


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_only_our_own_keys_are_ever_touched(
    kind: str, request: pytest.FixtureRequest, server: s3.Server, tmp_path: Path
) -> None:
    store: ObjectStore = request.getfixturevalue(kind)
    store.put(ONE, SEALED)
    if kind == "folder":
        (tmp_path / "files" / "ab" / "notes.txt").write_text("the operator's own")
    else:
        server.ask("PUT", f"/{s3.BUCKET}/house/one/ab/notes.txt", b"the operator's own")
        server.ask("PUT", f"/{s3.BUCKET}/house/two/{TWO}", b"of the house beside us")
    assert [one.key for one in store.list()] == [ONE]
    for elsewhere in ("../keys.json", "ab/notes.txt", f"ab/../{'1' * 30}", f"{ONE}\n", ""):
        with pytest.raises(ValueError, match="no key"):
            store.get(elsewhere)
        with pytest.raises(ValueError, match="no key"):
            store.put(elsewhere, b"x")
        with pytest.raises(ValueError, match="no key"):
            store.delete([elsewhere])
    store.delete([ONE])


def test_a_folder_is_for_its_owner_alone_and_a_full_disk_leaves_nothing_half_written(
    folder: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put(ONE, SEALED)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "files", tmp_path / "files" / "ab")} == {
        0o700
    }

    there_already = tmp_path / "srv"
    there_already.mkdir()
    there_already.chmod(0o755)
    opened_store(settings(tmp_path, str(there_already))).put(ONE, SEALED)
    assert there_already.stat().st_mode & 0o777 == 0o755  # others of the machine may need it

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreSilent, match="No space left on device"):
        folder.put(TWO, SEALED)
    assert sorted(path.name for path in (tmp_path / "files").rglob("*") if path.is_file()) == ["1" * 30]


def test_a_store_that_is_not_there_says_so_soon_and_in_our_own_words(
    server: s3.Server, tmp_path: Path
) -> None:
    nobody = opened_store(settings(tmp_path, "s3://sealed-files?endpoint=http://127.0.0.1:9"))
    wrong_name = opened_store(settings(tmp_path, server.place.replace(s3.BUCKET, "another")))
    began = time.monotonic()
    for store in (nobody, wrong_name):
        for ask in (
            lambda: store.put(ONE, SEALED),  # noqa: B023 - asked at once
            lambda: store.get(ONE),  # noqa: B023
            lambda: list(store.list()),  # noqa: B023
        ):
            with pytest.raises(StoreSilent) as said:
                ask()
            assert (
                str(said.value) == "The store of files does not answer. Nothing was changed: try again soon."
            )
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "place",
    [
        "files",
        "s3://",
        "s3://Bucket",
        "s3://bucket/../other",
        "s3://id:secret@bucket",
        "s3://bucket?secret=x",
        "https://bucket",
        "s3://bucket?endpoint=http://s3.example.org",
    ],
)
def test_a_place_that_cannot_be_meant_is_refused_with_what_to_write(place: str) -> None:
    with pytest.raises(SettingsRefused, match=r"REUNIFY_FILES: .*(s3://bucket/prefix|https://)"):
        load({"REUNIFY_FILES": place})


def test_the_processes_of_a_house_find_the_same_store(tmp_path: Path) -> None:
    given = settings(tmp_path, "s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-west-1")
    again = load(given.as_environment())
    assert opened_store(again).called == "the bucket bucket/prefix at https://s3.example.org"
    assert "a/secret" not in repr(again)
    assert again.files_key is not None
    assert again.files_key.get_secret_value() == "an-id:a/secret+with=signs"
    assert opened_store(settings(tmp_path)).called == f"the folder {tmp_path / 'files'}"
