"""What the online topics are made of: evidence, table, life cycle, trend, state."""
