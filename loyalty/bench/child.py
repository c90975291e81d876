"""The process of a web application under measurement, started by `loyalty.bench.serving`."""

import sys

from loyalty.bench.serving import HOST
from loyalty.cli.serving import served


def main() -> None:
    """Serve what the command line names until told to stop."""
    _, target, port, processes = sys.argv
    served(target, HOST, int(port), processes=int(processes))


if __name__ == "__main__":
    main()
