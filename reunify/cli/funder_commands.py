"""Adds `reunify funds sf425` to the commands over sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reunify.cli.funds import Code, funds


@funds.command("sf425")
def funds_sf425(
    code: Code,
    quarter: Annotated[str, typer.Option(help="Such as 2026Q3, or `final`.")],
    xlsx: Annotated[Path | None, typer.Option(help="Write a workbook with every entry, too.")] = None,
) -> None:
    """The federal financial report (SF-425) of an award, line by line, and what changed since."""
    from reunify.cli.funder_numbers import report
    from reunify.settings import load

    for line in report(load(), code, quarter=quarter, xlsx=xlsx):
        typer.echo(line)
