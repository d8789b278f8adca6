"""Append-only: who did what, when, from which state to which, and why. Written with the change itself."""
