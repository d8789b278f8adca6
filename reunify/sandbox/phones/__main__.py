"""`python -m reunify.sandbox.phones --port N`; the key comes in REUNIFY_SMS_KEY, never as an argument."""

from __future__ import annotations

import argparse
import os

from reunify.sandbox.phones.book import Book
from reunify.sandbox.phones.serving import Gateway


def main(arguments: list[str] | None = None) -> None:
    """Until interrupted."""
    said = argparse.ArgumentParser(prog="phones", description=__doc__)
    said.add_argument("--port", type=int, default=12112)
    chosen = said.parse_args(arguments)
    with Gateway(chosen.port, os.environ.get("REUNIFY_SMS_KEY", "sandbox"), Book()) as gateway:
        gateway.serve_forever()


if __name__ == "__main__":
    main()
