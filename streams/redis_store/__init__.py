"""Everything in Redis, including the Lua scripts: the views, the cache of vectors, the cache of link titles."""
