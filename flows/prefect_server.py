"""Prefect's own server: `python -m flows.prefect_server [--without-trigrams]`, set up by its environment."""

from __future__ import annotations

import os
import sys
from typing import Any

import uvicorn
from alembic import op
from prefect.server.api.server import create_app

from reunify import logs

WITHOUT_TRIGRAMS = "--without-trigrams"
_TRIGRAM = "trgm"


def skip_trigram_indexes() -> None:
    """Leave out the indexes behind the search for part of a name.

    Prefect's migrations ask for the extension pg_trgm, which the embedded PostgreSQL does not have. Without
    the indexes a search of the run history reads the whole table.
    """
    execute = op.execute

    def unless_trigram(statement: Any, *args: Any, **kwargs: Any) -> None:
        if _TRIGRAM not in str(statement):
            execute(statement, *args, **kwargs)

    op.execute = unless_trigram  # type: ignore[assignment]  # the narrower signature is all they use


def main() -> None:
    if WITHOUT_TRIGRAMS in sys.argv[1:]:
        skip_trigram_indexes()
    app = create_app(final=True)
    logs.configure()
    uvicorn.run(
        app,
        host=os.environ["PREFECT_SERVER_API_HOST"],
        port=int(os.environ["PREFECT_SERVER_API_PORT"]),
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main()
