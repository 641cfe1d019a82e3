"""A digest as a language model edited it, ready for every form."""

from dataclasses import replace

from models.editing.edition import applied
from models.events import Digest, EditedDigest
from models.render.edition import UNPUBLISHED, Edition
from models.render.view import View, view
from models.text.plain import one_line


def edited_view(digest: Digest, edited: EditedDigest | None, edition: Edition = UNPUBLISHED) -> View:
    """Return the view of the edition, which says whose words these are; of the digest as it is where there is none.

    Args:
        digest: The digest.
        edited: What a model wrote about it.
        edition: Facts outside its value.
    """
    if edited is None:
        return view(digest, edition)
    shown = view(applied(digest, edited), edition)
    said = f"{edited.accepted} of {edited.proposed} claims stand; the other words are the digest's own."
    notice = f"Edited by {one_line(edited.model, 80)} and held to the posts: {said}"
    return replace(shown, notice=f"{shown.notice} {notice}".strip())
