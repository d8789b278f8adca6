"""Content-addressed blobs: the same bytes are kept once, sealed."""
