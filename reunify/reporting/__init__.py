"""What it all adds up to: progress, waiting work, proof of the invariants. May read any room's tables."""
