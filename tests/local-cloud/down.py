"""Stops what `make up` started, and nothing else."""

import sys

from cloud import Cloud

if __name__ == "__main__":
    stopped = Cloud("up").stop()
    print("The local cloud is stopped." if stopped else "No local cloud of this checkout runs.")
    sys.exit(0)
