"""Letters, itinerary and calendar in the family's language; each records what it was made from."""
