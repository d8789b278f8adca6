"""What may happen to a booking, and by whom. Pure."""

from __future__ import annotations

from reunify.kernel.moves import START, Move, Moves

BOOKING = Moves(
    "booking",
    Move(START, "want", "wanted", "system"),
    Move("wanted", "hold", "held", "whoever books"),
    Move("wanted", "book", "booked", "whoever books"),
    Move("held", "book", "booked", "whoever books"),
    Move("wanted", "ticket", "ticketed", "whoever books"),
    Move("held", "ticket", "ticketed", "whoever books"),
    Move("booked", "ticket", "ticketed", "whoever books"),
    Move("booked", "change", "changed", "whoever books"),
    Move("ticketed", "change", "changed", "whoever books"),
    Move("changed", "ticket", "ticketed", "whoever books"),
    Move("wanted", "cancel", "cancelled", "whoever books"),
    Move("held", "cancel", "cancelled", "whoever books"),
    Move("booked", "cancel", "cancelled", "whoever books"),
    Move("ticketed", "cancel", "cancelled", "whoever books"),
    Move("changed", "cancel", "cancelled", "whoever books"),
    Move("cancelled", "want_again", "wanted", "whoever books"),
    Move("ticketed", "use", "used", "staff"),
)
# A seat or room that stands: the itinerary says "confirmed" on its line.
CONFIRMED = ("booked", "ticketed", "used")
# The price is final: what it costs is known, and the rest of the ceiling is free.
PRICED = ("ticketed", "used")
ENDED = ("cancelled", "used")
