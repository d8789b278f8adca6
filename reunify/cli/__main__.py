"""`python -m reunify.cli`, the same as `reunify`."""

from __future__ import annotations

from reunify.cli import main

if __name__ == "__main__":
    main()
