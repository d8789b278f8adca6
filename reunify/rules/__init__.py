"""The rule language and its dated versions: read, compiled, decided in three values, changed by two."""
