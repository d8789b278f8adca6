"""Which database a command works on: the operator's own, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from reunify.adapters.embedded_postgres import AlreadyRunning, CannotStart, EmbeddedPostgres
from reunify.adapters.postgres_files import ServerMissing
from reunify.adapters.postgres_identity import Urls
from reunify.kernel.refusals import Refused
from reunify.settings import Settings

if TYPE_CHECKING:
    from reunify.db import Database


class HouseRefused(Refused):
    """The house cannot be started. `str()` says why and what to do."""


class DatabaseSilent(HouseRefused):
    """The database cannot be reached, or refuses the sign-in."""


@contextmanager
def database(settings: Settings) -> Iterator[Urls]:
    """The database's addresses for one command; starts a server for it unless one runs.

    Raises HouseRefused if there is no database to work on.
    """
    from sqlalchemy.exc import OperationalError

    try:
        with ExitStack() as until_done:
            yield _found(settings, until_done)
    except (CannotStart, ServerMissing) as wrong:
        raise HouseRefused(str(wrong)) from None
    except OperationalError as wrong:
        raise DatabaseSilent(
            f"The database does not answer, or refuses the sign-in ({type(wrong.orig).__name__}). "
            "Start it, and check REUNIFY_DATABASE_URL and REUNIFY_OWNER_DATABASE_URL."
        ) from None


@contextmanager
def opened(settings: Settings, *, with_keys: bool = False) -> Iterator[Database]:
    """The database as the application sees it, every table known, for one command; closed afterwards.

    `with_keys`: the process gets key ring and object store, for commands that read or write what is sealed.
    """
    import reunify.tables  # noqa: F401 - every mapping is known before the first query
    from reunify.adapters.key_sources import opened_keys
    from reunify.adapters.object_places import opened_store
    from reunify.db import Database
    from reunify.files import objects
    from reunify.vault import keyring

    if with_keys:
        keyring.use(*opened_keys(settings))
        objects.use(opened_store(settings))
    with database(settings) as urls:
        db = Database(urls.app)
        try:
            yield db
        finally:
            db.dispose()


def _found(settings: Settings, until_done: ExitStack) -> Urls:
    if settings.database_url is not None:
        return external(settings)
    postgres = EmbeddedPostgres(settings.data)
    try:
        urls = postgres.start()
    except AlreadyRunning:
        return postgres.running_urls()
    until_done.callback(postgres.stop)
    return urls


def external(settings: Settings) -> Urls:
    """The operator's own PostgreSQL. Raises HouseRefused if only one of the two addresses is set."""
    if settings.database_url is None or settings.owner_database_url is None:
        raise HouseRefused(
            "Set both REUNIFY_DATABASE_URL (role reunify_app) and REUNIFY_OWNER_DATABASE_URL (the role that "
            "migrates), or neither: then an embedded PostgreSQL is used."
        )
    prefect = settings.prefect_database_url
    return Urls(
        owner=settings.owner_database_url.get_secret_value(),
        app=settings.database_url.get_secret_value(),
        prefect=prefect.get_secret_value() if prefect else "",
        superuser="",
    )
