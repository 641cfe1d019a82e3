"""Everything that is kept in Redis, Lua included: the views, the embedding cache, the link titles."""
