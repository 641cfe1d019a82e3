"""What every way of delivering raises."""


class DeliveryError(Exception):
    """It was not accepted. retry_after: seconds that the receiver asked for. final: never try again."""

    def __init__(self, message: str, *, retry_after: float | None = None, final: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.final = final
