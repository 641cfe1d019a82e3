"""Running a stage: Faust, batching, gap detection, processes."""
