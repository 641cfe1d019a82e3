"""Digests to those who asked for them: webhooks, e-mail and chat, each from a queue of its own."""
