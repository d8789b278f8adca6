"""Funding sources: held, asked, elsewhere; awards, periods, budget categories, in-kind pools."""
