"""The encoders and their parts: devices, batches by token budget, prefetching, the packaged weights."""
