"""3. Eligible cost lines x balances: the best split, its certificate, and a reservation."""
