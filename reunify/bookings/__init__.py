"""5. Seats and rooms bought with the approved money, at or under the ceiling."""
