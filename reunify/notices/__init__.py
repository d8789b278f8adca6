"""What staff and family are told, planned from moves, once for each move, person and kind: an outbox."""
