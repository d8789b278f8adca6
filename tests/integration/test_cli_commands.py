"""The command line: quick to answer, and every refusal in words."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from reunify.adapters import pdf_fonts
from reunify.cli import doctor, letters
from reunify.cli.finding import Finding
from reunify.settings import Settings, load
from tests.soffice import stand_in

HEAVY = ("fastapi", "sqlalchemy", "stripe", "prefect", "pydantic", "psycopg", "alembic", "rich", "uvicorn")


def _run(*said: str, data: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REUNIFY_")}
    return subprocess.run(
        [sys.executable, "-m", "reunify.cli", *said],
        env=environment | {"REUNIFY_DATA": str(data)} | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.argv = ['reunify', '--help']\n"
        "from reunify.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print('HEAVY', sorted(set(sys.modules) & set({HEAVY!r})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout
    for command in ("up", "demo", "doctor", "init", "ledger", "migrate"):
        assert command in done.stdout


def test_a_misspelt_setting_is_refused_in_words(tmp_path: Path) -> None:
    done = _run("up", data=tmp_path, REUNIFY_API_PROT="80")
    assert done.returncode == 1
    assert "REUNIFY_API_PROT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_house_on_the_same_data_is_refused_in_words(tmp_path: Path) -> None:
    with (tmp_path / "reunify.lock").open("w") as lock:
        lock.write('{"pid": 4711, "pages": "http://127.0.0.1:8080"}')
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = _run("up", data=tmp_path)
    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert "4711" in done.stderr
    assert "http://127.0.0.1:8080" in done.stderr


def test_one_database_address_without_the_other_is_refused_in_words(tmp_path: Path) -> None:
    done = _run("migrate", data=tmp_path, REUNIFY_DATABASE_URL="postgresql://app:pw@db/reunify")
    assert done.returncode == 1
    assert "REUNIFY_OWNER_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_without_a_setting_says_where_to_look(tmp_path: Path) -> None:
    done = _run("init", data=tmp_path)
    assert done.returncode == 1
    assert "reunify init --help" in done.stderr


def test_the_demo_never_uses_a_database_of_somebody_else(tmp_path: Path) -> None:
    done = _run("demo", data=tmp_path, REUNIFY_DATABASE_URL="postgresql://app:pw@db/reunify")
    assert done.returncode == 1
    assert "unset REUNIFY_DATABASE_URL" in done.stderr


def test_the_demo_empties_only_a_folder_it_made(tmp_path: Path) -> None:
    theirs = tmp_path / "demo"
    theirs.mkdir()
    (theirs / "precious").touch()
    done = _run("demo", "--fresh", data=tmp_path)
    assert done.returncode == 1
    assert "was not made by the demo" in done.stderr
    assert (theirs / "precious").exists()


def test_the_doctor_finds_a_fresh_machine_well(tmp_path: Path) -> None:
    done = _run("doctor", data=tmp_path / "new")
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout
    assert not (tmp_path / "new").exists(), "a check changes nothing"


def test_the_doctor_fails_with_a_remedy_for_each_thing(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    done = _run(
        "doctor",
        data=tmp_path,
        REUNIFY_STRIPE_RAIL="on",
        REUNIFY_STRIPE_KEY="sk_test_1",
        REUNIFY_DATABASE_URL="postgresql://app:pw@127.0.0.1:1/reunify",
        REUNIFY_OWNER_DATABASE_URL="postgresql://owner:pw@127.0.0.1:1/reunify",
    )
    assert done.returncode == 1
    assert "chmod o-w" in done.stdout
    assert "REUNIFY_STRIPE_FINANCIAL_ACCOUNT" in done.stdout
    assert "REUNIFY_OWNER_DATABASE_URL" in done.stdout
    assert "pw" not in done.stdout


def test_the_doctor_looks_for_a_browser_where_the_tests_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def browser() -> Finding:
        return next(f for f in doctor.examine() if f.what == "browser for tests")

    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert browser().remedy == "Type: make chromium"
    shell = tmp_path / "chromium-headless-shell"
    shell.touch(mode=0o755)
    assert browser().said == str(shell)
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "gone"))
    assert browser().remedy is not None
    monkeypatch.setenv("CHROMIUM", str(shell))
    assert browser().remedy is None


def test_the_doctor_looks_for_the_letters_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fonts() -> Finding:
        return next(f for f in doctor.examine() if f.what == "fonts of the letters")

    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    answered: list[str | None] = ["Carlito"]  # by fontconfig, which the converters ask too
    monkeypatch.setattr(pdf_fonts, "font_for_calibri", lambda: answered[0])
    assert (fonts().remedy, fonts().said) == (None, "Carlito, of Calibri's widths")
    answered[0] = "DejaVu Sans"
    monkeypatch.setattr(letters, "_SAME_WIDTHS", ("Sample*.ttf",))
    monkeypatch.setattr(letters, "_STAND_IN", ("Other*.ttf",))
    assert (fonts().remedy, fonts().failed) == ("Type: scripts/ensure-fonts", True)
    folder = tmp_path / ".fonts" / "deep"
    folder.mkdir(parents=True)
    (folder / "OtherCondensed.ttf").touch()
    assert (fonts().remedy, fonts().failed) == ("Type: apt install fonts-crosextra-carlito", False)
    (folder / "Sample-Regular.ttf").touch()
    assert "fc-cache" in str(fonts().remedy)
    answered[0] = None
    assert fonts().remedy is None


def test_the_doctor_says_what_makes_the_pdfs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def pdfs() -> str:
        return str(next(f for f in doctor.examine() if f.what == "PDF of letters"))

    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path / "data"))
    assert "by dxpdf, not tagged" in pdfs()
    monkeypatch.setenv("REUNIFY_LIBREOFFICE", str(stand_in(tmp_path)))
    assert pdfs() == "ok   PDF of letters: tagged, by LibreOffice 0.0 (stand-in)"
    monkeypatch.setenv("REUNIFY_LIBREOFFICE", "true")
    assert "does not say that it is LibreOffice" in pdfs()
    monkeypatch.setenv("REUNIFY_LIBREOFFICE", str(tmp_path / "nothing"))
    assert "REUNIFY_LIBREOFFICE: names no program" in str(doctor.examine()[-1])


def test_the_doctor_goes_on_where_the_database_lacks_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lacks(_: Settings) -> Finding:
        raise ProgrammingError("SELECT", {}, Exception("no such table"))

    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(doctor, "_files", lacks)
    told = [str(one) for one in doctor.examine()]
    assert "ok   lacks: not looked at: the database is not at the newest version" in told
    assert any("fonts of the letters" in one for one in told)


def test_the_doctor_names_a_refused_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REUNIFY_STRIPE_KEY", "sk_live_hush")
    monkeypatch.setenv("REUNIFY_STRIPE_BASE", "http://127.0.0.1:12111")
    findings = doctor.examine()
    assert findings[-1].failed
    assert "REUNIFY_STRIPE_BASE" in str(findings[-1])
    assert "hush" not in str(findings[-1])


def test_a_running_house_is_told_from_a_stopped_one(tmp_path: Path) -> None:
    assert not doctor.is_running(tmp_path)
    with (tmp_path / "reunify.lock").open("w") as lock:
        assert not doctor.is_running(tmp_path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert doctor.is_running(tmp_path)
    assert load({}).data == Path(".reunify")
