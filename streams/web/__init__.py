"""Safe HTTP: checked addresses, bounded bodies, robots, titles of linked pages."""
