"""Which topics of a week matter, and which of them continue what was known."""
