"""A stand-in for Stripe's v2 money management API (2026-10-28.endive), on loopback, with invented money."""
