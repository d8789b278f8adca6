"""Dated parameters: published tables, the dictionary of facts, and what the organisation has set."""
