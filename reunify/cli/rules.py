"""`reunify rules ...`: read, check and change the rules from the command line."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

rules = typer.Typer(
    help="Read, check, replay and change the eligibility rules.", rich_markup_mode=None, no_args_is_help=True
)

_Day = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="A day; today if absent.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_WHICH = "A rule file, source@date, a source, or the first digits of a fingerprint."


@rules.command("check")
def rules_check(
    folder: Annotated[
        Path | None, typer.Argument(help="The rules folder; the shipped one if absent.")
    ] = None,
    on: _Day = None,
    json: _AsJson = False,
) -> None:
    """Read every rule file and tell everything that is wrong with it. Exits with 1 if there is an error."""
    from reunify.cli.rule_reading import check

    lines, errors = check(folder, on=_day(on), as_json=json)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(1 if errors else 0)


@rules.command("explain")
def rules_explain(
    facts: Annotated[Path, typer.Option(help="A JSON file of facts by their names; `-` reads the input.")],
    source: Annotated[str | None, typer.Option(help="One source; all of them if absent.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Judge by the rules of this day."),
    ] = None,
    decided: Annotated[
        list[str] | None, typer.Option(help="A person's word, such as DR-08=met; repeat it.")
    ] = None,
    json: _AsJson = False,
) -> None:
    """Say what the rules answer to these facts, and every reason. Nothing is kept."""
    from reunify.cli.rule_reading import explain

    for line in explain(facts, source=source, on=_day(on), decided=decided or (), as_json=json):
        typer.echo(line)


@rules.command("table")
def rules_table(
    source: Annotated[str, typer.Argument(help=_WHICH)],
    on: _Day = None,
) -> None:
    """Print one version of the rules in words."""
    from reunify.cli.rule_reading import table

    typer.echo(table(source, on=_day(on)), nl=False)


@rules.command("diff")
def rules_diff(
    old: Annotated[str, typer.Argument(help=_WHICH)],
    new: Annotated[str, typer.Argument(help=_WHICH)],
) -> None:
    """Say in words what changed from one version to another."""
    from reunify.cli.rule_reading import difference

    for line in difference(old, new):
        typer.echo(line)


def _day(said: datetime | None) -> date | None:
    return said.date() if said else None
