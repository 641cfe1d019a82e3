"""How events move: one file per stage, adapters, wiring, API and commands."""
