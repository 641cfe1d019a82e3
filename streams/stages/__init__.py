"""The flow, a step a file, without Faust."""
