"""The commands and their options. Nothing heavy is imported until one is chosen."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reunify.settings import Settings

app = typer.Typer(
    name="reunify",
    help="Travel assistance for the families of recovered missing children.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
)
ledger = typer.Typer(help="Prove the books.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(ledger, name="ledger")


@app.command()
def up() -> None:
    """Run everything on this machine until stopped: database, pages, worker, Prefect."""
    from reunify.cli.house import House

    House(_settings()).run()


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Walk the sample families through, then stop.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --headless: print the result as JSON.")] = False,
    fresh: Annotated[bool, typer.Option(help="Forget what an earlier demo left.")] = False,
) -> None:
    """Everything, with invented families and a Stripe simulator. No real money, no real person."""
    from reunify.cli.demo import run

    raise typer.Exit(run(headless=headless, as_json=json, fresh=fresh or headless))


@app.command()
def doctor() -> None:
    """Check this machine and say, for each thing amiss, what to do. Exit code 1 if something fails."""
    from reunify.cli.doctor import examine

    findings = examine()
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(1 if any(finding.failed for finding in findings) else 0)


@app.command()
def init(
    name: Annotated[str | None, typer.Option(help="The organisation's name.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as America/New_York.")] = None,
    letterhead: Annotated[list[str] | None, typer.Option(help="A line of the address; repeat it.")] = None,
    day_phone: Annotated[str | None, typer.Option(help="Answered in office hours.")] = None,
    night_phone: Annotated[str | None, typer.Option(help="Answered at night.")] = None,
    email: Annotated[str | None, typer.Option(help="Where families may write.")] = None,
    small_amount_limit: Annotated[
        str | None, typer.Option(help="Dollars; under it one second person approves and releases.")
    ] = None,
    guideline_limit_percent: Annotated[int | None, typer.Option(help="Percent of the guideline.")] = None,
    fare_contingency_percent: Annotated[int | None, typer.Option(help="Percent above a quoted fare.")] = None,
    effective_from: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; today if absent.")
    ] = None,
) -> None:
    """Write the organisation's own settings, dated. Earlier values stay, for earlier decisions."""
    from reunify.cli.organisation import write

    said: dict[str, str | int | None] = {
        "name": name,
        "time_zone": time_zone,
        "letterhead": "\n".join(letterhead) if letterhead else None,
        "day_phone": day_phone,
        "night_phone": night_phone,
        "email": email,
        "small_amount_limit_cents": small_amount_limit,
        "guideline_limit_percent": guideline_limit_percent,
        "fare_contingency_percent": fare_contingency_percent,
    }
    first_day: date | None = effective_from.date() if effective_from else None
    for line in write(_settings(), said, effective_from=first_day):
        typer.echo(line)


@ledger.command("check")
def ledger_check() -> None:
    """Prove every invariant of the ledger. Names what does not hold, and exits with 1."""
    from reunify.cli.books import check

    findings = check(_settings())
    for finding in findings:
        typer.echo(finding)
    if findings:
        raise typer.Exit(1)
    typer.echo("The books agree.")


@app.command()
def migrate() -> None:
    """Bring the database to the newest version and stop."""
    from reunify.cli.database import database
    from reunify.migrations import upgrade

    with database(_settings()) as urls:
        upgrade(urls.owner)
    typer.echo("The database is at the newest version.")


def _settings() -> Settings:
    from reunify.settings import load

    return load()
