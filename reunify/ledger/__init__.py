"""Append-only double entry, two books; owns balances, holds, cap counters and the reserve statement."""
