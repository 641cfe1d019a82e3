"""The refit of record: a closed week's posts in canonical form become stories."""
