"""The trip is over: costs moved to the fund that should bear them, money that came back from elsewhere."""
