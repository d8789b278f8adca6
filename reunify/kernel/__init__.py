"""Money, ids, moves, refusals and safe text. Pure; imports nothing of ours."""
