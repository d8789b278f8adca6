"""Serve the simulator: in the foreground, or in a thread for tests and the demo."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from reunify.sandbox.stripe_simulator.app import Simulator, make_app
from reunify.sandbox.stripe_simulator.options import Options


class DidNotStart(RuntimeError):
    """The simulator's server did not come up."""


class _QuickToStop(uvicorn.Server):
    """Looks every 10 ms whether it should stop: tests start and stop many of these."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            await asyncio.sleep(0.01)


def _config(simulator: Simulator) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(simulator),
        log_level="critical",  # dropped connections on purpose would fill the log
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=1,
        server_header=False,
    )


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else every answer waits 40 ms
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((options.host, options.port))
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(options: Options) -> None:
    """Until interrupted."""
    listener = _listen(options)
    simulator = Simulator(options)
    simulator.bank.base = _address(listener)
    uvicorn.Server(_config(simulator)).run(sockets=[listener])


@contextmanager
def running(options: Options) -> Iterator[Running]:
    """A started simulator; stopped and its socket closed at the end. Raises DidNotStart."""
    listener = _listen(options)
    simulator = Simulator(options)
    simulator.bank.base = _address(listener)
    server = _QuickToStop(_config(simulator))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise DidNotStart("the simulator did not start within ten seconds")
        time.sleep(0.01)
    try:
        yield Running(simulator, simulator.bank.base)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


class Running:
    """The simulator and where it listens (`http://127.0.0.1:<port>`)."""

    def __init__(self, simulator: Simulator, url: str) -> None:
        self.simulator = simulator
        self.url = url
        self.bank = simulator.bank
        self.issuing = simulator.issuing
        self.faults = simulator.gate.faults
        self.postman = simulator.postman
        self.clock = simulator.store.clock
        self.log = simulator.log
