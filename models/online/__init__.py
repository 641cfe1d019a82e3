"""The online topics: state, steps that change it, words, kernels, snapshots."""
