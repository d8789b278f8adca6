"""Where the embedded PostgreSQL is and the passwords of its roles: `postgres.json`, readable by us alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Urls:
    """SQLAlchemy addresses by role. They hold passwords: hidden from repr, never printed."""

    owner: str = field(repr=False)
    app: str = field(repr=False)
    prefect: str = field(repr=False)
    superuser: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """What is kept in `postgres.json` (mode 0600): where the cluster is, and a password for each role."""

    home: Path
    passwords: dict[str, str] = field(repr=False)


def load_identity(data: Path) -> Identity | None:
    """The identity written at the first start, or None if there was none."""
    path = data / "postgres.json"
    if not path.exists():
        return None
    said = json.loads(path.read_text())
    return Identity(Path(said["home"]), dict(said["passwords"]))


def new_identity(data: Path, home: Path) -> Identity:
    """Make a password for each role and write the file, all of it or nothing."""
    made = Identity(
        home,
        {role: secrets.token_urlsafe(24) for role in ("postgres", "reunify_owner", "reunify_app", "prefect")},
    )
    path = data / "postgres.json"
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"home": str(made.home), "passwords": made.passwords}, file)
    partial.rename(path)
    return made


def urls_of(identity: Identity, sockets: Path) -> Urls:
    """The addresses by role, for a server listening in the folder of sockets."""

    def url(driver: str, role: str, database: str) -> str:
        return f"postgresql+{driver}://{role}:{identity.passwords[role]}@/{database}?host={sockets}"

    return Urls(
        owner=url("psycopg", "reunify_owner", "reunify"),
        app=url("psycopg", "reunify_app", "reunify"),
        prefect=url("asyncpg", "prefect", "prefect"),
        superuser=url("psycopg", "postgres", "postgres"),
    )
