"""`python -m streams.cli.part "COMMAND OPTIONS" PID`: a command as a child of `toptopics run`, which has that pid.

It ends with its parent, also when that is killed.
"""

import shlex
import sys

from streams.cli.main import main
from streams.system.parent_death import die_with_parent

if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    sys.argv = ["toptopics", *shlex.split(sys.argv[1])]
    main()
