"""4. People say yes or no: approver, then releaser, neither the author; bound to a digest."""
