"""The library behind the exact products."""

import subprocess
import sys


def test_a_small_circle_of_topics_never_loads_torch() -> None:
    """It would take two seconds and 200 MB of every assign process."""
    program = "import sys; from models.online.factory import prepare; prepare(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
