"""Whom a family can turn to beside us, each with the day on which somebody asked whether it still answers."""
