"""Local servers with the platforms' protocols, written for these tests, which misbehave on request."""
