"""The HTTP service: JSON, server-sent events and the dashboard over the live view.

Reads Redis only, keeps nothing, and holds no lock: any number of copies can run. Every answer that can be cached
carries an ETag; every error is problem+json (RFC 9457). See `create_api`.
"""
