"""river's clusterers behind the port of our own topics: selectable, and baselines for comparison."""
