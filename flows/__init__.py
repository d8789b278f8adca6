"""Prefect flows: each finds work by its state and calls one verb of a room for each piece."""
