"""What the controller starts: a file, since Python without its surroundings (-I) may not find the package.

The first argument is where the controller finds its modules.
"""

import os
import sys

sys.path += [path for path in sys.argv.pop(1).split(os.pathsep) if path and path not in sys.path]

from llamas_bpf.advise.confined.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
