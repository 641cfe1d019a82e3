"""Faults on real parts: a real broker, real Redis, real worker processes, a seeded schedule, an audit from the topics.

posts          what flows: posts, retweets, tombstones, duplicates, and poison of every kind
stage_process  a real stage with places at which it can be told to die, raise, hang or find its disk full
worker         the real supervisor over such stages
schedule       which faults happen when: a pure function of the seed
world          broker, Redis and workers, and how each fault is done to them
takeover       the single writer is lost, and how soon another one writes
progress       how soon after a fault posts are assigned again, and how much memory was used
snapshots      what happens to them on a disk
examine        the audit
recompute      the audit's second half: what one process makes of the same log
chaos          `make chaos`
soak           `make soak`: no faults, but long
"""
