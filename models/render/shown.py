"""The part of a digest that readers see: digests that are equal in it need no correction.

Addresses of evidence, the footer and the numbers of the whole week are left out. They change with every late post, and
nobody reads a digest again for them.
"""

from dataclasses import replace

from models.events import Digest
from models.render.view import View, view


def shown(digest: Digest) -> View:
    """The view without parts that change with every late post."""
    return replace(view(digest, evidence=False), numbers=[], made_from="")
