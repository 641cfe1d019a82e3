"""X: the filtered stream, timelines, deletions, and posts of its API versions 1.1 and 2."""
