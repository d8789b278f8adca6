"""The code on a paper: read back however it is typed, made by nobody else, printed by every template."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path
from uuid import UUID

import pytest

from reunify.adapters.docx_renderer import DocxRenderer, template_paths
from reunify.adapters.square_code import picture, slot_of
from reunify.documents import fields, genuine
from reunify.documents.genuine import Named
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing
from tests.unit.test_documents_samples import TEMPLATES, contexts, text_of

CODE = "K7QF2M9XR01D"
PAPER = Named(UUID(int=7), "itinerary", "es", 1, 2, "aa" * 32, "bb" * 32)
ISSUED = [f"{kind}.{language}.docx" for kind in sorted(fields.KINDS) for language in ("en", "es")]


@pytest.fixture
def ring() -> KeyRing:
    """One ring for the test, whatever the others use."""
    return KeyRing({1: b"k" * 32}, 1, {1: b"i" * 32})


@pytest.fixture(autouse=True)
def own_ring(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_ring", ring)


@pytest.mark.parametrize(
    "said",
    [
        "K7QF-2M9X-R01D",
        "k7qf 2m9x rOlD",
        "  k7qf2m9xrOId\n",
        "K7QF\u20112M9X\u2013R01D",
        "https://homeward.example/genuine/K7QF2M9XR01D",
    ],
)
def test_a_code_is_read_however_it_is_typed(said: str) -> None:
    assert genuine.typed(said) == CODE


@pytest.mark.parametrize("said", ["", "K7QF-2M9X-R01", "K7QF-2M9X-R01DD", "K7QF-2M9X-R01U", "K7QF-2M9X-R0é1"])
def test_what_cannot_be_a_code_is_none(said: str) -> None:
    assert genuine.typed(said) is None


def test_a_code_is_of_one_paper_and_of_nothing_that_differs_from_it() -> None:
    code = genuine.code_of(PAPER)
    assert genuine.typed(genuine.grouped(code)) == code
    assert genuine.is_code_of(code, PAPER)
    others: list[dict[str, object]] = [
        {"document_id": UUID(int=8)},
        {"kind": "approval_letter"},
        {"language": "en"},
        {"number": 2},
        {"revision": 3},
        {"template_hash": "ab" * 32},
        {"context_hash": "ba" * 32},
    ]
    assert {key for other in others for key in other} == {one.name for one in dataclasses.fields(Named)}
    for other in others:
        assert not genuine.is_code_of(code, dataclasses.replace(PAPER, **other))  # type: ignore[arg-type]


def test_a_code_is_bound_to_its_files() -> None:
    proof = genuine.files_proof(CODE, ["a1", "b2", ""])
    assert genuine.is_files_proof(proof, CODE, ["a1", "b2", ""])
    for hashes in (["a1", "b3", ""], ["b2", "a1", ""], ["a1", "b2"]):
        assert not genuine.is_files_proof(proof, CODE, hashes)
    assert not genuine.is_files_proof(proof, CODE[::-1], ["a1", "b2", ""])


def test_papers_stay_genuine_when_the_key_is_changed_and_another_house_makes_none_of_them(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, proof = genuine.code_of(PAPER), genuine.files_proof(CODE, ["a1"])
    newer = dataclasses.replace(ring, index_keys={1: b"i" * 32, 2: b"j" * 32}, index_active=2)
    monkeypatch.setattr(keyring, "_ring", newer)
    assert genuine.code_of(PAPER) != code
    assert genuine.is_code_of(code, PAPER)
    assert genuine.is_files_proof(proof, CODE, ["a1"])
    monkeypatch.setattr(keyring, "_ring", KeyRing.fresh())
    assert not genuine.is_code_of(code, PAPER)
    assert not genuine.is_files_proof(proof, CODE, ["a1"])


@pytest.mark.parametrize("name", ISSUED)
def test_every_template_of_a_paper_that_is_kept_prints_the_code_and_keeps_a_place_for_the_square_one(
    name: str,
) -> None:
    data = (TEMPLATES / name).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        slot = slot_of(file)
        assert slot in file.namelist()
        footer = file.read("word/footer1.xml").decode()
    assert "{{ genuine.code }}" in footer
    assert template_paths(data) >= fields.ON_EVERY_PAPER


def test_the_square_code_holds_the_address_of_the_page_alone_and_a_paper_without_a_code_shows_none() -> None:
    renderer, letter = DocxRenderer(TEMPLATES), contexts("en")["refusal_letter"]
    shown = genuine.printed(CODE, "https://homeward.example/")
    assert shown.link == "https://homeward.example/genuine/K7QF2M9XR01D"
    docx = renderer.render("refusal_letter", "en", letter, shown)
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        assert file.read("word/media/genuine.png") == picture(shown.link)
    assert "Look up the code K7QF-2M9X-R01D at homeward.example/genuine" in text_of(docx)
    bare = renderer.render("refusal_letter", "en", letter)
    with zipfile.ZipFile(io.BytesIO(bare)) as file:
        assert "<w:drawing>" not in file.read("word/header1.xml").decode()
    assert "genuine" not in text_of(bare)


def test_the_place_is_found_under_whatever_name_word_gives_the_picture(tmp_path: Path) -> None:
    name = "refusal_letter.en.docx"
    with zipfile.ZipFile(TEMPLATES / name) as file, zipfile.ZipFile(tmp_path / name, "w") as copy:
        for part in file.namelist():
            body = file.read(part).replace(b"media/genuine.png", b"media/image1.png")
            copy.writestr(part.replace("genuine.png", "image1.png"), body)
    shown = genuine.printed(CODE, "https://homeward.example")
    docx = DocxRenderer(tmp_path).render("refusal_letter", "en", contexts("en")["refusal_letter"], shown)
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        assert file.read("word/media/image1.png") == picture(shown.link)
