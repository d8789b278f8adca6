"""Where the key ring is kept: the environment, a file of ours, or a key service behind a command."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pydantic import SecretStr

from reunify.kernel.refusals import Refused
from reunify.vault.keyring import KeyRing, RingUnreadable

_COMMAND_ANSWERS_WITHIN_SECONDS: Final = 30


class KeysUnavailable(Refused):
    """The key ring cannot be had from where it should be. `str()` says what to do, and holds no key."""


class SandboxKeys(KeysUnavailable):
    """Keys made for invented families were about to seal real ones."""


@dataclass(frozen=True, repr=False)
class EnvironmentKeys:
    """REUNIFY_KEYS, as the process was started with it: a new key is seen after a restart."""

    text: str
    called: str = "REUNIFY_KEYS"
    is_ours_to_write: bool = False

    def read(self) -> str:
        return self.text

    def write(self, text: str) -> None:
        raise KeysUnavailable("The key ring in REUNIFY_KEYS is yours to change.")


@dataclass(frozen=True)
class FileKeys:
    """A JSON file that only its owner may read."""

    path: Path
    is_ours_to_write: bool = True

    @property
    def called(self) -> str:
        return str(self.path)

    def read(self) -> str:
        """Raises KeysUnavailable: no such file, or others could read it."""
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
            if mode & 0o077:
                raise KeysUnavailable(
                    f"Others on this machine may read the key file {self.path}. Type: chmod 600 {self.path}"
                )
            return self.path.read_text()
        except OSError as wrong:
            raise KeysUnavailable(
                f"The key file {self.path} cannot be read ({type(wrong).__name__}). Put it back from its "
                "safe copy; or, for an installation that holds no data yet, type: reunify keys new PATH"
            ) from None

    def write(self, text: str) -> None:
        """Replaces the file whole: whoever reads meanwhile has the old one or the new one."""
        with self._beside(text) as made:
            made.replace(self.path)
        _settle(self.path.parent)

    def write_first(self, text: str) -> None:
        """Makes the file, whole. Raises FileExistsError rather than replace a ring."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._beside(text) as made:
            self.path.hardlink_to(made)
        _settle(self.path.parent)

    @contextmanager
    def _beside(self, text: str) -> Iterator[Path]:
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)


@dataclass(frozen=True)
class CommandKeys:
    """A command that prints the ring: the client of a key service decrypts what only it can."""

    command: str
    called: str = "REUNIFY_KEYS_COMMAND"
    is_ours_to_write: bool = False

    def read(self) -> str:
        """Without a shell. Raises KeysUnavailable; what the command said is not repeated."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, from the environment
                shlex.split(self.command),
                capture_output=True,
                text=True,
                timeout=_COMMAND_ANSWERS_WITHIN_SECONDS,
                check=True,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, ValueError, subprocess.SubprocessError) as wrong:
            raise KeysUnavailable(
                f"The command in REUNIFY_KEYS_COMMAND gave no keys ({type(wrong).__name__}). Run it by hand "
                "as the user that runs Reunify, and look at what it says."
            ) from None
        return done.stdout

    def write(self, text: str) -> None:
        raise KeysUnavailable("The key ring behind REUNIFY_KEYS_COMMAND is yours to change.")


Source = EnvironmentKeys | FileKeys | CommandKeys


class Wanted(Protocol):
    """What the settings say of keys. At most one of the three is given."""

    @property
    def data(self) -> Path: ...
    @property
    def keys(self) -> SecretStr | None: ...
    @property
    def keys_file(self) -> Path | None: ...
    @property
    def keys_command(self) -> str | None: ...
    @property
    def sandbox(self) -> bool: ...


def key_source(settings: Wanted) -> Source:
    """Where the ring is: as configured, else keys.json in the data folder."""
    if settings.keys is not None:
        return EnvironmentKeys(settings.keys.get_secret_value())
    if settings.keys_command is not None:
        return CommandKeys(settings.keys_command)
    return FileKeys(settings.keys_file or _default(settings))


def is_there(settings: Wanted) -> bool:
    """False only before the first start, while the default file is still to be made."""
    source = key_source(settings)
    made_by_us = isinstance(source, FileKeys) and settings.keys_file is None
    return not made_by_us or _default(settings).exists()


def opened_keys(settings: Wanted) -> tuple[KeyRing, Source]:
    """The ring, and where to ask for it again. Only the file in the data folder is made, at the first start.

    Raises KeysUnavailable, and SandboxKeys outside the sandbox.
    """
    source = key_source(settings)
    if isinstance(source, FileKeys) and not is_there(settings):
        with suppress(FileExistsError):  # another process of ours was first
            source.write_first(KeyRing.fresh("sandbox" if settings.sandbox else "file").to_json())
    try:
        ring = KeyRing.from_json(source.read())
    except RingUnreadable as wrong:
        raise KeysUnavailable(f"{source.called} holds no key ring. {wrong}") from None
    if ring.origin == "sandbox" and not settings.sandbox:
        raise SandboxKeys(
            f"{source.called} holds sandbox keys, which others may know. For real families make keys of your "
            "own (reunify keys new PATH), or use another data folder."
        )
    return ring, source


def _default(settings: Wanted) -> Path:
    return settings.data / "keys.json"


def _settle(folder: Path) -> None:
    """A rename is lasting once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
