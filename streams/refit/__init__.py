"""The refit's own process, and what it reads."""
