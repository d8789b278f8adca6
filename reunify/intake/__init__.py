"""1. What we were told, frozen version by version."""
