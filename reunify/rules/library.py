"""The rules folder read whole: what a release ships, and what a program officer edits by hand."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rates.places import rules_folder
from reunify.rules.bundle import joined
from reunify.rules.model import Rulebook, Rulebooks
from reunify.rules.reading import compile_rulebook


def load(folder: Path) -> Rulebooks:
    """Read `_fields.yaml` and every `<source>/<date>.yaml` with its tables. Raises RuleFileBroken."""
    body = (folder / "_fields.yaml").read_bytes()
    dictionary = load_dictionary(body)
    versions: dict[str, tuple[Rulebook, ...]] = {}
    for place in sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "parameters"):
        if place.name.startswith((".", "_")):
            continue
        files = sorted(f for f in place.glob("*.yaml") if not f.name.endswith(".examples.yaml"))
        versions[place.name] = tuple(_load_one(f, dictionary) for f in files)
        if not files:
            raise RuleFileBroken(place.name, "folder", "no rule file", "<date>.yaml and its examples")
    return Rulebooks(dictionary, hashlib.sha256(body).hexdigest(), versions)


def _load_one(path: Path, dictionary: Dictionary) -> Rulebook:
    file = f"{path.parent.name}/{path.name}"
    tables = {t.name: t.read_bytes() for t in sorted(path.parent.glob(f"{path.stem}.*.csv"))}
    book = compile_rulebook(joined(path.read_bytes(), tables), dictionary, file)
    if book.source != path.parent.name:
        raise RuleFileBroken(file, "`source`", f"`{book.source}`", f"`{path.parent.name}`, like its folder")
    if book.effective_from.isoformat() != path.stem:
        raise RuleFileBroken(
            file, "`effective.from`", f"{book.effective_from}", f"{path.stem}, like its file"
        )
    if not path.with_name(f"{path.stem}.examples.yaml").is_file():
        raise RuleFileBroken(file, "folder", "no examples file", f"{path.stem}.examples.yaml beside it")
    return book


@lru_cache(maxsize=4)
def shipped(folder: Path | None = None) -> Rulebooks:
    """The rules of the folder (`eligibility_rules/` by default), loaded once per process."""
    return load(folder or rules_folder())
