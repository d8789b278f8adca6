"""The sandbox's own gateway for texts and calls, and its phones. Nothing leaves this machine."""
