"""The influencers: from files, by suggestion, and which of them a source listens to."""
