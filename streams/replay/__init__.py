"""Past weeks again: rebuilt from the log, played live, or filled from archives."""
