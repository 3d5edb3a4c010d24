"""Does a real `ris serve` hold out: slow and endless clients, SIGTERM with work under way, a kill and a new start?"""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
import torch
from nursery import Nursery, Program
from soundings import SCENES, scenes_of, until

from ris_pytorch_pipeline.data import save_scenes

Start = Callable[..., tuple[Program, int]]


@pytest.fixture(scope="module")
def start(nursery: Nursery) -> Iterator[Start]:
    """`ris serve` with some options, and the port that it took."""
    running: list[Program] = []

    def made(*options: str, port: int = 0) -> tuple[Program, int]:
        command = ("-m", "ris_pytorch_pipeline", "serve", "--port", str(port), *options)
        process = nursery.start(*command, cwd=Path.cwd())
        running.append(process)
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.fullmatch(r"serving at http://127\.0\.0\.1:(\d+)\n", said)
        assert found, (said, process.stdout.read())
        return process, int(found[1])

    yield made
    for process in running:
        process.kill()
        process.wait(60)


@pytest.fixture(scope="module")
def service(start: Start) -> tuple[Program, int]:
    """A service with little patience, and its port."""
    return start("--reading", "3", "--body-mb", "0.1")


def asked(port: int, content: bytes, method: str = "POST", path: str = "/v1/locate") -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body=content, headers=SCENES)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def insisted(port: int, content: bytes) -> Any:
    """The answer to a request that is sent again while the service is not there, has no room, or waits in vain."""
    while True:
        try:
            status, answer = asked(port, content)
        except (OSError, HTTPException):
            status, answer = 0, None
        if status == 200:
            return answer
        assert status in (0, 408, 503), answer  # 408 where this machine is slower than the service is patient
        time.sleep(0.1)


def health(port: int) -> dict[str, Any]:
    return asked(port, b"", "GET", "/health")[1]


def talked(port: int, *parts: bytes) -> bytes:
    """What comes back until the service hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        for part in parts:
            try:
                line.sendall(part)
            except OSError:
                break
        got = b""
        try:
            while more := line.recv(2**16):
                got += more
        except ConnectionResetError:
            pass
        return got


CHUNK = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
HEAD = b"POST /v1/locate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"


def test_clients_that_never_end(service: tuple[Any, int], body: Any) -> None:
    port = service[1]
    with ThreadPoolExecutor(6) as pool:
        silent = pool.submit(talked, port)
        headers = pool.submit(talked, port, b"POST /v1/locate HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        half = pool.submit(talked, port, HEAD + b"Content-Length: 5000\r\n\r\nabc")
        long = pool.submit(talked, port, HEAD + b"Content-Length: 99999999999\r\n\r\n")
        endless = pool.submit(talked, port, HEAD + CHUNKED, *[CHUNK] * 40)
        unread = pool.submit(talked, port, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n")
        told = 408
        while told == 408:
            told = asked(port, b"x" * 4_000_000)[0]
        assert told == 413, "told, although it sends on"
        assert insisted(port, body()), "others are answered meanwhile"
        assert silent.result(60) == b"" and headers.result(60) == b""
        assert b" 408 " in half.result(60) and b"3 bytes of it" in half.result(60)
        assert b" 413 " in long.result(60)
        assert b" 413 " in endless.result(60)
        assert b" 200 " in unread.result(60)
    until(lambda: health(port)["inside"] == 0)


def test_killed_it_starts_again_at_its_port_and_sigterm_answers_what_was_accepted(
    service: tuple[Any, int], start: Start, tmp_path: Path
) -> None:
    killed, port = service
    drawn = scenes_of(8, 5).observation
    parts = [_bytes(tmp_path / f"{n}", drawn[n : n + 1]) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        insisting = [pool.submit(insisted, port, part) for part in parts]
        until(lambda: health(port)["inside"] > 0)
        killed.kill()
        killed.wait(60)
        process, again = start("--batch", "1", port=port)
        survived = [each.result(120)["scenes"][0]["sources"][0]["azimuth_deg"] for each in insisting]
    assert again == port
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(asked, port, part) for part in parts]
        until(lambda: health(port)["inside"] == 8)
        os.kill(process.pid, signal.SIGTERM)
        answers = [each.result(120) for each in waiting]
    assert [status for status, _ in answers] == [200] * 8
    found = [answer["scenes"][0]["sources"][0]["azimuth_deg"] for _, answer in answers]
    assert len(set(found)) == 8
    assert survived == pytest.approx(found, abs=1e-6)
    assert process.wait() == 143 and process.stdout is not None and process.stdout.read() == "ris: ended by SIGTERM\n"
    with pytest.raises(ConnectionRefusedError):
        health(port)


def _bytes(path: Path, observation: Any) -> bytes:
    save_scenes(path, observation.to(dtype=torch.complex128))
    return path.read_bytes()
