"""Reads feeds' documents without a process: hundreds of tests need no limit."""

from streams.sources.feeds.reader import Contents, Document, contents_of


class ReaderHere:
    """A `Reader` in the process of the test."""

    async def read(self, document: Document) -> Contents:
        """Read a document."""
        return contents_of(document)

    async def aclose(self) -> None:
        """Nothing to end."""
