"""LibreOffice makes the PDFs of many letters at once, and no letter is lost to another's trouble."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from reunify.adapters.pdf_converter import CannotMakePdf, DxpdfConverter
from reunify.adapters.pdf_libreoffice import LibreOfficeConverter
from reunify.bootstrap import _converter
from reunify.settings import load
from tests.soffice import real, stand_in
from tests.unit.test_documents_samples import TEMPLATES

LETTER = TEMPLATES / "information_request.en.docx"
HERE = sorted({"stand-in", *(["real"] if real() else [])})


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the converter works for a while, in place of the machine's folder for such things."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def letter(words: str) -> bytes:
    """A Word document that says this, and is broken where it says `<`."""
    out = io.BytesIO()
    with zipfile.ZipFile(LETTER) as file, zipfile.ZipFile(out, "w") as copy:
        for name in file.namelist():
            body = file.read(name)
            copy.writestr(name, body.replace(b"{{ date }}", words.encode()) if "<" not in words else words)
    return out.getvalue()


def outcome(made: list[bytes | CannotMakePdf]) -> list[bool]:
    return [isinstance(one, bytes) for one in made]


@pytest.mark.parametrize("program", HERE)
def test_one_run_makes_many_and_leaves_out_what_is_no_letter(
    tmp_path: Path, temporary: Path, program: str
) -> None:
    where = stand_in(tmp_path) if program == "stand-in" else real()
    assert where is not None
    converter = LibreOfficeConverter(where)
    made = converter.convert_each([letter("one"), b"plain text", letter("< broken"), letter("two")])
    assert outcome(made) == [True, False, False, True]
    with pytest.raises(CannotMakePdf, match="damaged"):
        converter.convert([b"plain text"])
    assert converter.tagged
    assert not list(temporary.rglob("*.docx"))
    assert not list(temporary.rglob("*.pdf"))


def test_a_letter_that_breaks_the_program_costs_no_other_its_pdf(tmp_path: Path, temporary: Path) -> None:
    three = [letter("one"), letter("break off here"), letter("two")]
    assert outcome(LibreOfficeConverter(stand_in(tmp_path)).convert_each(three)) == [True, False, True]


def test_a_letter_that_takes_for_ever_is_given_up(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reunify.adapters.pdf_libreoffice._SECONDS_EACH", 0)
    converter = LibreOfficeConverter(stand_in(tmp_path), start_seconds=0.4)
    assert outcome(converter.convert_each([letter("hang here"), letter("one")])) == [False, True]


@pytest.mark.parametrize("trouble", ["cut off here", "no tags here"])
def test_a_pdf_is_looked_at_whatever_the_program_says(tmp_path: Path, temporary: Path, trouble: str) -> None:
    with pytest.raises(CannotMakePdf):
        LibreOfficeConverter(stand_in(tmp_path)).convert([letter(trouble)])


def test_runs_are_of_so_many_and_a_profile_serves_so_many(tmp_path: Path, temporary: Path) -> None:
    converter = LibreOfficeConverter(stand_in(tmp_path), batch=2, recycle=4)
    assert len(converter.convert([letter("x")] * 5)) == 5
    (profile,) = temporary.iterdir()  # the one before is gone, and served the first four
    assert (profile / "asked.log").read_text().split() == ["4"]


def test_two_converters_never_share_a_profile_and_leave_none_behind(tmp_path: Path, temporary: Path) -> None:
    program = stand_in(tmp_path)
    both = [LibreOfficeConverter(program), LibreOfficeConverter(program)]
    for one in both:
        one.convert([letter("x")])
    assert len(list(temporary.iterdir())) == 2
    del one
    both.clear()
    assert not list(temporary.iterdir())


def test_no_key_of_ours_reaches_the_program(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REUNIFY_KEYS", "hush")
    program = tmp_path / "soffice"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path / 'seen'}\n")
    program.chmod(0o755)
    assert outcome(LibreOfficeConverter(program).convert_each([letter("x")])) == [False]
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "hush" not in seen


def test_the_setting_chooses_and_dxpdf_is_the_default(tmp_path: Path) -> None:
    assert isinstance(_converter(load({})), DxpdfConverter)
    chosen = _converter(load({"REUNIFY_LIBREOFFICE": str(stand_in(tmp_path))}))
    assert isinstance(chosen, LibreOfficeConverter)


def test_dxpdf_too_leaves_out_only_what_fails() -> None:
    assert outcome(DxpdfConverter().convert_each([b"plain text", letter("one")])) == [False, True]
