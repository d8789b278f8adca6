"""`reunify files ...`: whether the object store has what the rows name, and what to do where it has not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from reunify.cli.finding import Finding
    from reunify.settings import Settings

files = typer.Typer(
    help="The sealed files of families: check, move, sweep.", rich_markup_mode=None, no_args_is_help=True
)
STOPPED = {
    "not_ours": (
        "nothing is removed there: it carries the mark of another house, or it is empty (not mounted?)",
        "Correct REUNIFY_FILES, or mount the folder. See docs/guides/files.md.",
    ),
    "too_many": (
        "nothing is removed there: too many objects have no row, as after an older database was brought back",
        "Read docs/guides/files.md; if it is meant, type: reunify files sweep",
    ),
}


@files.command()
def check() -> None:
    """Read every object once, and name those that are lost or changed. Exit code 1 if there are any."""
    from reunify.cli.database import opened
    from reunify.files.moving import not_whole
    from reunify.settings import load

    found = 0
    with opened(load(), with_keys=True) as db:
        for one in not_whole(db):
            found += 1
            typer.echo(f"{one.object_key} of {one.keeper}: {one.why}")
    typer.echo(f"{found} lost: bring these objects back from a backup." if found else "All is there.")
    raise typer.Exit(1 if found else 0)


@files.command()
def move() -> None:
    """Bring bytes kept in the database (before version 0041) to the object store. Stopped, it goes on."""
    from reunify.cli.database import opened
    from reunify.files import moving
    from reunify.kernel.people import System
    from reunify.settings import load

    with opened(load(), with_keys=True) as db:
        done = 0
        while True:
            with db.work() as session:
                moved = moving.move_some(session, by=System("reunify files move"))
            if not moved:
                break
            done += moved
            typer.echo(f"{done} moved")
    typer.echo("Nothing is left in the database. VACUUM FULL of its two tables gives the space back.")


@files.command()
def sweep() -> None:
    """Remove every object older than a day that no row names, however many. First: a backup of the store."""
    from reunify.cli.database import opened
    from reunify.files import looking
    from reunify.kernel.people import System
    from reunify.settings import load

    by = System("reunify files sweep")
    with opened(load(), with_keys=True) as db:
        looking.clear(db, by=by)
        found = looking.look(db, by=by, now=datetime.now(UTC), few=False)
    typer.echo(f"{found.kept} kept, {found.lost} of them lost; {found.removed} without a row removed.")
    if found.stopped:
        typer.echo(f"The store was left as it is: {STOPPED[found.stopped][0]}.")


def standing(settings: Settings) -> Finding:
    """For `reunify doctor`: whether the store answers, and what the last look found."""
    from reunify.adapters.object_places import opened_store
    from reunify.cli.database import HouseRefused, opened
    from reunify.cli.finding import Finding
    from reunify.files import looking, moving
    from reunify.files.ports import StoreSilent

    store = opened_store(settings)
    try:
        store.get(looking.MARK)
    except StoreSilent as silent:
        return Finding("files", f"{store.called}: {silent}", "Start or mount it; check REUNIFY_FILES.", True)
    try:
        with opened(settings) as db, db.read() as session:
            found, in_rows = looking.last_look(session), moving.left_to_move(session)
    except HouseRefused:
        return Finding("files", f"{store.called} answers; not compared: the database does not answer")
    if in_rows and not (found and (found.lost or found.stopped)):
        return Finding("files", f"{in_rows} still lie in the database", "Type: reunify files move")
    if found is None:
        return Finding("files", f"{store.called} answers; compared once the worker runs")
    if found.lost:
        remedy = "Type: reunify files check, and bring them back from a backup (docs/guides/files.md)."
        return Finding("files", f"{found.lost} of {found.kept} are lost in {store.called}", remedy, True)
    if found.stopped:
        said, remedy = STOPPED[found.stopped]
        return Finding("files", f"{store.called}: {said}", remedy, True)
    return Finding("files", f"{found.kept} in {store.called}, none lost")
