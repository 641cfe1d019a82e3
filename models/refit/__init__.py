"""The refit of record: clusters a closed week's posts, in canonical order, into themes and units."""
