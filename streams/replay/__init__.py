"""Past weeks again: rebuilt from the log, replayed live, or filled in from archives."""
