"""The HTTP service: JSON, server-sent events and the dashboard on the live view.

It only reads Redis, keeps no state and holds no lock, so any number of copies can run. Answers that can be cached carry
an ETag. Errors are problem+json (RFC 9457). See `create_api`.
"""
