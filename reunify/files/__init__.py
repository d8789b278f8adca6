"""Content-addressed blobs: the same bytes of one family are kept once, sealed with its key."""
