"""Faults on real parts: a real broker, real Redis, real worker processes, a seeded schedule, and an audit of the
topics.

posts          the input: posts, retweets, tombstones, duplicates, and poison of every kind
stage_process  a real stage that can be told to die, raise, hang or find a full disk at certain places
worker         the real supervisor of such stages
schedule       which faults happen when: a pure function of the seed
world          broker, Redis and workers, and how each fault is done to them
takeover       the single writer is lost: the time until another one writes
progress       the time from a fault to the next assignments, and the memory used
snapshots      faults of snapshots on a disk
examine        the audit
recompute      the audit's second half: the result of one process for the same log
chaos          `make chaos`
soak           `make soak`: no faults, but long
"""
