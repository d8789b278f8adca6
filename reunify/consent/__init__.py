"""Who agreed to what being told to whom, for how long; and how a person may be reached without harm."""
