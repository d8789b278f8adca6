"""The commands and their options. Nothing heavy is imported until one is chosen."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reunify.cli import fund_setting, funder_commands, funds_ahead, rule_changes, rule_replays  # noqa: F401 - add to `funds`, `rules`
from reunify.cli.administrators import commands as admin
from reunify.cli.funds import funds
from reunify.cli.kept_files import files
from reunify.cli.rules import rules
from reunify.cli.templates import templates

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
keys = typer.Typer(help="The keys that keep families' words.", rich_markup_mode=None, no_args_is_help=True)
audit = typer.Typer(help="Seal and prove the audit trail.", rich_markup_mode=None, no_args_is_help=True)
retention = typer.Typer(help="Erase what is due, by plan.", rich_markup_mode=None, no_args_is_help=True)
_GROUPS = {"ledger": ledger, "keys": keys, "audit": audit, "retention": retention}
_GROUPS |= {"rules": rules, "funds": funds, "files": files, "admin": admin, "templates": templates}
for _called, _each in _GROUPS.items():
    app.add_typer(_each, name=_called)


@app.command()
def up() -> None:
    """Run everything on this machine until stopped: database, pages, worker, Prefect."""
    from reunify import logs
    from reunify.cli.house import House

    logs.configure()
    House(_settings()).run()


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Walk the sample families through, then stop.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --headless: print the result as JSON.")] = False,
    fresh: Annotated[bool, typer.Option(help="Forget what an earlier demo left.")] = False,
) -> None:
    """Everything, with invented families and a Stripe simulator. No real money, no real person."""
    from reunify import logs
    from reunify.cli.demo import run

    logs.configure()
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
    funder_answer_working_days: Annotated[
        int | None, typer.Option(help="After so many working days a funder is asked again.")
    ] = None,
    reservation_days: Annotated[
        int | None, typer.Option(help="So many days money stays set aside for a request nobody approved.")
    ] = None,
    suspense_fund: Annotated[
        str | None, typer.Option(help="Code of the fund that holds what nobody can explain yet.")
    ] = None,
    fees_cash_stripe: Annotated[
        str | None, typer.Option(help="Who bears the fees of payouts: 'fund category', such as 'own other'.")
    ] = None,
    fees_cash_card: Annotated[str | None, typer.Option(help="As above, for the cards' balance.")] = None,
    unallowable_costs: Annotated[str | None, typer.Option(help="As above: bears what no award can.")] = None,
    payout_fee: Annotated[
        list[str] | None, typer.Option(help="What Stripe takes, such as standard=1.50; repeat it.")
    ] = None,
    obligates: Annotated[
        list[str] | None, typer.Option(help="Such as repaid=entry or repaid=release; repeat it.")
    ] = None,
    effective_from: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; today if absent.")
    ] = None,
) -> None:
    """Write the organisation's own settings, dated. Earlier values stay, for earlier decisions."""
    from reunify.cli.organisation import each, write

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
        "funder_answer_working_days": funder_answer_working_days,
        "reservation_days": reservation_days,
        "suspense_fund": suspense_fund,
        "unallowable_costs": unallowable_costs,
        "fees_cash_stripe": fees_cash_stripe,
        "fees_cash_card": fees_cash_card,
        **each("payout_fee", payout_fee or []),
        **each("obligates", obligates or []),
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


@ledger.command("export")
def ledger_export(
    form: Annotated[str, typer.Option("--format", help="beancount, csv or xlsx.")],
    out: Annotated[Path, typer.Option(help="The file to write; beancount's plugin is written beside it.")],
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = None,
    through: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day.")] = None,
) -> None:
    """Write every entry of the books: ids, amounts and days; no person is named."""
    from reunify.cli.ledger_export import export

    days = [moment.date() if moment else None for moment in (since, through)]
    typer.echo(export(_settings(), form=form, out=out, since=days[0], through=days[1]))


@ledger.command("transfers")
def ledger_transfers(
    every: Annotated[bool, typer.Option("--all", help="Decided ones too, not only those that wait.")] = False,
) -> None:
    """List the costs that are asked to be moved to another source, with the days left on their clock."""
    from reunify.cli.transfers import listed

    for line in listed(_settings(), every=every):
        typer.echo(line)


@ledger.command("envelopes")
def ledger_envelopes() -> None:
    """List the money set aside for the night, and the night decisions that wait for a review."""
    from reunify.cli.envelopes import listed

    for line in listed(_settings()):
        typer.echo(line)


@audit.command("seal")
def audit_seal() -> None:
    """Seal the rows that wait. The worker does it by itself at every beat."""
    from reunify.cli.trail import seal

    typer.echo(seal(_settings()))


@audit.command("verify")
def audit_verify(
    published: Annotated[str | None, typer.Option(help="What `audit publish` printed before.")] = None,
) -> None:
    """Prove every row, every seal and the chain. Names the first difference, and exits with 1."""
    from reunify.cli.trail import verify

    verdict = verify(_settings(), published=published)
    typer.echo(f"{verdict.rows} rows, {verdict.seals} seals; {verdict.waiting} rows wait for a seal.")
    for finding in verdict.findings[:20]:
        typer.echo(finding.sentence)
    if not verdict.holds:
        typer.echo(f"The audit trail does not hold: {len(verdict.findings)} differences.")
        raise typer.Exit(1)
    typer.echo("The audit trail holds.")


@audit.command("publish")
def audit_publish() -> None:
    """Print the newest seal. Keep it where nobody who can write to this database can write."""
    from reunify.cli.trail import publish

    typer.echo(publish(_settings()))


@retention.command("plan")
def retention_plan() -> None:
    """Write down what is due today, for another person to approve. Erases nothing."""
    from reunify.cli.keeping import plan

    for line in plan(_settings()):
        typer.echo(line)


@retention.command("run")
def retention_run(
    plan: Annotated[str | None, typer.Option(help="The approved plan to run; a dry run without.")] = None,
) -> None:
    """Without --plan: say what would be erased. With it: erase exactly what the approved plan names."""
    from reunify.cli.keeping import dry_run, run

    if plan is not None:
        run(_settings(), plan, say=typer.echo)
        return
    for line in dry_run(_settings()):
        typer.echo(line)


@keys.command("new")
def keys_new(path: Annotated[Path, typer.Argument(help="A file that does not exist yet.")]) -> None:
    """Make a fresh key file, for an installation that holds no data yet."""
    from reunify.cli.keys import new

    typer.echo(new(path))


@keys.command("status")
def keys_status() -> None:
    """Say what each key of the ring opens."""
    from reunify.cli.keys import status

    for line in status(_settings()):
        typer.echo(line)


@keys.command("rotate")
def keys_rotate() -> None:
    """Add a key and move everything to it, while the house runs. Stopped half-way, it goes on next time."""
    from reunify.cli.keys import rotate

    rotate(_settings(), typer.echo)


@keys.command("retire")
def keys_retire(number: Annotated[int, typer.Argument(help="The number, as in `keys status`.")]) -> None:
    """Take a key off the ring once nothing needs it."""
    from reunify.cli.keys import retire

    typer.echo(retire(_settings(), number))


@app.command("hand-over")
def hand_over(
    paper: Annotated[str, typer.Argument(help="The number on the page Set aside.")],
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet.")],
) -> None:
    """Write a quarantined paper to a file for the police, once two people have agreed. See the runbook."""
    from reunify.cli.handing_over import write

    typer.echo(write(_settings(), paper, file))


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
