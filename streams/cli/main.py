"""Entry point of the console script: Ctrl-C ends the command with 130 and no traceback, at whatever moment it comes.

The imports are most of a second, in which a person may well think again. A second Ctrl-C, while the interpreter takes
everything down, ends it at once.
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
    except RuntimeError as error:  # Python 3.11 makes one of what interrupts the making of a class
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
