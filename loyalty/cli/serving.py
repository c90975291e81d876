"""Serving a programme: the HTTP processes, the job worker beside them, and their common end.

The web application is named by its dotted path and imported by the processes that run it, so this
floor does not know the one above. Whatever dies is started again; what is told to stop lets
requests and jobs under way end first.
"""

import http.client
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from granian.constants import Interfaces
from granian.server import Server

from loyalty.cli.progress import tell
from loyalty.errors import LoyaltyError

TARGET: Final = "api.app:create_app_from_environment"
DRAIN_SECONDS: Final = 30
PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
READY_SECONDS: Final = 0.1
HTTP_OK: Final = 200


class PortTaken(LoyaltyError):
    """Port {port} of {host} cannot be listened on ({reason}); name another with PORT."""

    code = "port-taken"
    host: str
    port: int
    reason: str


Ready = Callable[[str], None]
"""Called once with the address, when the programme answers."""


def serve_programme(host: str, port: int, *, processes: int = 1, ready: Ready) -> None:
    """Serve until told to stop; the embedded server and the schema are the caller's business."""
    multiprocessing.set_start_method("spawn", force=True)
    stopping = threading.Event()
    with _job_worker(stopping):
        announcing = threading.Thread(
            target=_announce, args=(host, port, ready, stopping), daemon=True
        )
        announcing.start()
        try:
            while not served(TARGET, host, port, processes=processes):
                tell("the processes that answer requests ended; starting them again")
        finally:
            stopping.set()


def refuse_taken_port(host: str, port: int) -> None:
    """Refuse an address that another program listens on, before anything is made for it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PortTaken(host=host, port=port, reason=str(error.strerror)) from None


def served(target: str, host: str, port: int, *, processes: int) -> bool:
    """Serve a web application by its dotted path; whether it ended because it was told to."""
    server = Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=processes,
        factory=True,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
        process_name=None,
    )
    try:
        server.serve()
    except SystemExit as ended:
        if server.interrupt_signal or not ended.code:
            raise
    return bool(server.interrupt_signal)


@contextmanager
def _job_worker(stopping: threading.Event) -> Iterator[None]:
    """Keep a job worker running beside us."""
    command = [sys.executable, "-P", "-m", "loyalty", "worker", "--beside", str(os.getpid())]

    def keep() -> None:
        pause = PAUSE_SECONDS
        while not stopping.is_set():
            worker = subprocess.Popen(command)
            begun = time.monotonic()
            while worker.poll() is None and not stopping.wait(PAUSE_SECONDS):
                pass
            if stopping.is_set():
                worker.terminate()
                worker.wait()
            else:
                tell(f"the job worker ended ({worker.returncode}); starting it again")
                lived = time.monotonic() - begun
                pause = PAUSE_SECONDS if lived > LONGEST_PAUSE_SECONDS else pause * 2
                stopping.wait(min(pause, LONGEST_PAUSE_SECONDS))

    keeping = threading.Thread(target=keep)
    keeping.start()
    try:
        yield
    finally:
        stopping.set()
        keeping.join()


def _announce(host: str, port: int, ready: Ready, stopping: threading.Event) -> None:
    """Tell the address once the programme answers."""
    while not stopping.wait(READY_SECONDS):
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            if answer.status == HTTP_OK:
                ready(f"http://{host}:{port}")
                return
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
