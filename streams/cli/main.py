"""The entry point of the console script.

Ctrl-C ends the command with exit code 130 and without a traceback, at any moment, also during the imports. A second
Ctrl-C, while the interpreter shuts down, ends it at once.
"""

import signal
import sys


def main() -> None:
    """Run the command."""
    try:
        from streams.cli.commands import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:  # Python 3.11 raises it when Ctrl-C interrupts the creation of a class
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
