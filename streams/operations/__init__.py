"""What an operator asks: is the installation well, and what became a dead letter."""
