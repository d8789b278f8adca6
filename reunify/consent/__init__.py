"""Who agreed to what being told to whom; how a person may be reached without harm."""
