"""`reunify templates ...`: whether the Word files of the letters may be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reunify.cli.finding import Finding as Standing
    from reunify.db import Database
    from reunify.documents.template_ports import Finding
    from reunify.settings import Settings

templates = typer.Typer(help="The Word files of the letters.", rich_markup_mode=None, no_args_is_help=True)


@templates.callback()
def _together() -> None:
    """More than one command is meant to come here, so its name is always typed."""


@templates.command("check")
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder of the Word files; the shipped one if absent.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look into every Word file and tell all that is to be mended. Exits with 1 if there is anything."""
    found, looked_at = findings(folder)
    for line in lines(found, looked_at, as_json=json):
        typer.echo(line)
    raise typer.Exit(1 if found else 0)


def findings(folder: Path | None = None) -> tuple[list[Finding], int]:
    """Of all files of the folder, and how many those are. Raises NoTemplates."""
    from reunify.adapters.docx_examining import SeparateTemplateExaminer
    from reunify.bootstrap import LETTERS
    from reunify.documents import glossary, template_check
    from reunify.documents.fields import FOR_OTHERS, KINDS
    from reunify.documents.template_policy import NoSuchTemplate

    place = folder or LETTERS
    if not (place / "avoided_words.yaml").is_file():
        raise NoSuchTemplate(f"{place} is no folder of letters. Name the one that holds avoided_words.yaml.")
    kinds = [template_check.kind_of(place, kind) for kind in (*KINDS, *FOR_OTHERS)]
    files = {
        kind.file(one): (place / kind.file(one)).read_bytes() for kind in kinds for one in kind.languages
    }
    samples = {
        kind.file(one): said for kind in kinds for one, said in template_check.samples_of(kind).items()
    }
    inside = SeparateTemplateExaminer(seconds=60).examine(files, samples)
    avoided = glossary.load(place)
    found = [
        finding
        for kind in kinds
        for finding in template_check.findings(
            kind, {one: inside[kind.file(one)] for one in kind.languages}, avoided
        )
    ]
    return found, len(files)


def standing(settings: Settings) -> Standing:
    """For `reunify doctor`: a release may take a field away that a version of staff's own still prints."""
    from reunify.cli.database import HouseRefused, opened
    from reunify.cli.finding import Finding as Standing

    what = "Word templates"
    try:
        with opened(settings) as db:
            found, changed = of_versions_in_force(db)
    except HouseRefused:
        return Standing(what, "not looked at: the database does not answer")
    if found:
        remedy = "A rules author brings in a mended version on the page Templates."
        return Standing(what, f"{len(found)} to mend. {found[0]}", remedy, True)
    return Standing(what, f"{changed} in versions of your own, in order" if changed else "as shipped")


def of_versions_in_force(db: Database) -> tuple[list[Finding], int]:
    """Of the versions staff brought in, what no longer fits this release, and how many letters those are."""
    from reunify.adapters.docx_examining import SeparateTemplateExaminer
    from reunify.bootstrap import LETTERS
    from reunify.documents import glossary_kept, template_check, template_queries
    from reunify.documents.fields import KEPT

    files: dict[str, dict[str, bytes]] = {}
    with db.read() as session:
        avoided = glossary_kept.in_force(session, LETTERS).words
        for kind in KEPT:
            for language, sha256 in template_queries.in_force(session, kind).items():
                data = template_queries.content(session, sha256)
                files.setdefault(kind, {})[language] = data or b""
    found: list[Finding] = []
    for name, one in files.items():
        kind_now = template_check.kind_of(LETTERS, name)
        inside = SeparateTemplateExaminer().examine(one, template_check.samples_of(kind_now))
        found += template_check.findings(kind_now, inside, avoided)
    return found, len(files)


def lines(found: list[Finding], looked_at: int, *, as_json: bool) -> list[str]:
    """A table, or one JSON object."""
    import dataclasses
    import json

    if as_json:
        body = {"files": looked_at, "findings": [dataclasses.asdict(one) for one in found]}
        return [json.dumps(body, ensure_ascii=False, indent=2)]
    if not found:
        return [f"{looked_at} Word files are in order."]
    heads = ("File", "Where", "What was found", "What is allowed")
    rows = [heads, *((one.file, one.place or "the whole file", one.found, one.allowed) for one in found)]
    widths = [min(60, max(len(row[column]) for row in rows)) for column in range(3)]
    table = ["  ".join([*(row[n].ljust(widths[n]) for n in range(3)), row[3]]).rstrip() for row in rows]
    return [*table, "", f"{len(found)} to mend in {looked_at} Word files."]
