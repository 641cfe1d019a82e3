"""How events move. The flow, with the module of each step:

sources/            posts in: live (x, bluesky, mastodon, feeds) or from files
   |
   v  tweets                                                       key: author id
stages/embed        texts to vectors, on GPU when there is one ------------> dead-letters (from every stage)
   |
   v  tweets.embedded                                              one partition
   |-> stages/assign      each post to an online topic
   |      |
   |      v  assignments, topic-events
   |   stages/view        the live view in redis_store/ <--- digests
   |      |
   |      v
   |   views/ -> api/, dashboard/, cli/                            live trends
   |          -> delivery/alerts
   |
   '-> stages/week_close  an ISO week closes: refit/ computes its digest in a process of its own
          |
          v  digests                                               key: week
       delivery/          push, feeds, subscribe

runtime/pipeline    composes these stages; runtime/faust_app runs one of them under Faust
replay/             the same functions over the same slice of the log give the same bytes
kafka/ redis_store/ web/     one technology a folder
operations/ local/ system/   doctor and dead letters; local services; processes, files, logs, metrics
"""
