"""The same verbs for operators. `reunify --help` loads nothing heavy: each command imports what it needs."""

from __future__ import annotations

import sys


def main() -> None:
    """The `reunify` command. A refusal is printed in its own words and ends with code 1."""
    from reunify.cli.commands import app
    from reunify.kernel.refusals import Refused

    try:
        app()
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(1)
    except Exception as wrong:  # a fault of ours; its text may repeat what a family told us
        from reunify import logs

        logs.configure()
        log = logs.named("cli")
        log.critical("crashed", **logs.fault(wrong))
        sys.exit(1)
