"""What the demo runs against: a stand-in for Stripe, sample people. Nothing in production imports it."""
