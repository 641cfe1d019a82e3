"""What the encoders are made of: devices, batches by token budget, overlapping steps, the packaged weights."""
