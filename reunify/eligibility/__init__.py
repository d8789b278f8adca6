"""Facts and dated rules give a determination with reasons, per source."""
