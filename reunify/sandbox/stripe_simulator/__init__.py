"""A stand-in for Stripe (v2 money management, Issuing; 2026-10-28.endive), invented money, on loopback."""
