"""The doors: JSON under /api/v1, pages for staff and families. Every route says who may pass."""
