"""The error of every way of delivery."""


class DeliveryError(Exception):
    """The delivery was not accepted.

    Args:
        message: The reason.
        retry_after: Seconds that the receiver asked to wait.
        final: Whether further attempts are useless.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, final: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.final = final
