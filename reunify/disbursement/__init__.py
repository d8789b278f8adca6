"""Approved awards become instructions and attempts; payments made elsewhere are logged by two people."""
