"""Local servers that speak the platforms' protocols, in shapes written for these tests, and misbehave on request."""
