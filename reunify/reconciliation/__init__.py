"""What Stripe and the bank say against what we say; every difference is written down for a person."""
