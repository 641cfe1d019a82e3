"""How a stage is run: Faust, batching, gap detection, processes."""
