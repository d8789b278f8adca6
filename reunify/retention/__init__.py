"""How long each kind of record is kept, what stops its erasure, and the erasing."""
