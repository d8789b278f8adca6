"""Where sealed files are kept, as one line: a folder, or a bucket of an S3-compatible store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator

from reunify.kernel.addresses import is_https_or_loopback

REMEDY = (
    "write a folder that begins with /, or "
    "s3://bucket/prefix?endpoint=https://s3.example.org&region=us-east-1 (region alone for Amazon)"
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)*")
_REGION = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path


@dataclass(frozen=True, slots=True)
class Bucket:
    """`endpoint`: https, or this machine; None: Amazon's own. `prefix` without slashes at its ends."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str


def read_place(said: str) -> Folder | Bucket:
    """Raises ValueError with what to write instead."""
    if said.startswith("/"):
        return Folder(Path(said))
    parts = urlsplit(said)
    given = parse_qs(parts.query)
    endpoint = given.get("endpoint", [None])[0]
    region = given.get("region", ["us-east-1"])[0]
    ours = parts.scheme == "s3" and not parts.fragment and given.keys() <= {"endpoint", "region"}
    spelled = _BUCKET.fullmatch(parts.netloc) and _PREFIX.fullmatch(parts.path) and _REGION.fullmatch(region)
    if not ours or not spelled or ".." in parts.path:
        raise ValueError(REMEDY)
    if endpoint is not None and not is_https_or_loopback(endpoint):
        raise ValueError("the endpoint must start with https:// (or be on this machine)")
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint, region)


def _readable(said: str) -> str:
    read_place(said)
    return said


ObjectPlace = Annotated[str, AfterValidator(_readable)]  # kept as it was written
