"""Run a command beside a double: `python -m tests.support.stripe_double.beside loyalty demo`.

The double listens on a free port of this machine, sends its webhooks to the port that the command
serves on (`PORT`, or `--port` of the command), and ends with it. What it holds stands in
`stripe-double.json` in the command's home, and is there again at the next start.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Final

from loyalty.settings import DOUBLE_KEY, Settings
from tests.support.ports import free_port
from tests.support.stripe_double.__main__ import SECRET

PATIENCE = 20.0
NAME: Final = "stripe-double.json"


def main() -> None:
    """Start the double, run the command with an environment that names it, and end both."""
    command = sys.argv[1:]
    if not command:
        sys.exit("a command is expected, such as: loyalty demo")
    port = free_port()
    hook = f"http://127.0.0.1:{_served_port(command)}/v1/stripe/webhook"
    told = ["--port", str(port), "--webhook", hook, "--keep", str(Settings().home / NAME)]
    double = subprocess.Popen([sys.executable, "-m", "tests.support.stripe_double", *told])
    try:
        _await(port, double)
        environment = os.environ | {
            "LOYALTY_STRIPE_API_BASE": f"http://127.0.0.1:{port}",
            "LOYALTY_STRIPE_API_KEY": DOUBLE_KEY,
            "LOYALTY_STRIPE_WEBHOOK_SECRET": SECRET,
        }
        running = subprocess.Popen(command, env=environment)
        signal.signal(signal.SIGTERM, lambda *_: running.terminate())
        while True:
            with suppress(KeyboardInterrupt):
                sys.exit(running.wait())
    finally:
        double.terminate()
        double.wait()


def _served_port(command: list[str]) -> str:
    if "--port" in command[:-1]:
        return command[command.index("--port") + 1]
    return os.environ.get("PORT", "8000")


def _await(port: int, double: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and double.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    sys.exit("the double of Stripe does not answer")


if __name__ == "__main__":
    main()
