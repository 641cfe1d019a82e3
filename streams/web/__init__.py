"""Safe HTTP: checked addresses, bounded bodies, robots.txt, titles of linked pages."""
