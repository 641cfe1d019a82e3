"""The clusterers of river behind the same port as our own topics: baselines, and selectable."""
