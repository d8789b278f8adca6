"""`reunify rules ...`: read, check and change the rules from the command line."""

from __future__ import annotations

import typer

rules = typer.Typer(help="Read, check, replay and change the eligibility rules.", no_args_is_help=True)
