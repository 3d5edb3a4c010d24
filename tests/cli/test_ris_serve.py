"""Does `ris serve` refuse before it listens what it could not serve, and say where it listens?"""

import socket
from pathlib import Path

import pytest
from running import Run


@pytest.fixture(autouse=True)
def extra() -> None:
    for name in ("fastapi", "uvicorn", "prometheus_client"):
        pytest.importorskip(name, reason="the extra `serve` is not installed")


def test_what_cannot_be_served_is_refused(ris: Run, tmp_path: Path) -> None:
    ris("serve", "--estimator", "pliot").refused("did you mean 'pilot'")
    ris("serve", "--distance", "[-1, 3]").refused("a positive, finite distance")
    ris("serve", "--polish", "3").refused("no --model")
    ris("serve", "--model", "nowhere").refused("nowhere")
    ris("serve", "--waiting", "0").refused("waiting >= 1; got 0")
    ris("serve", "--body-mb", "nan").refused("body >= 1; got 0")
    ris("serve", "--answering", "-1").refused("answering >= 0.001; got -1")
    ris("serve", "--port", "70000").refused("a port in 0..65535")
    ris("serve", "--host", "no host", "--without-token").refused("an address of this machine that is free")
    ris("serve", "--host", "0.0.0.0").refused("--token FILE beside an address that other machines reach")


def test_a_token_that_is_none_is_refused(ris: Run, tmp_path: Path) -> None:
    ris("serve", "--token", "none").refused("a token's file")
    for text, said in (
        ("short", "5 characters"),
        ("0123456789 abcdef", "17 characters"),
        ("x" * 5000, "than 4096"),
    ):
        (tmp_path / "token").write_text(text)
        ris("serve", "--token", "token").refused(said)
    (tmp_path / "link").symlink_to(tmp_path / "token")
    ris("serve", "--token", "link").refused("a link")


def test_a_port_that_is_taken_is_refused(ris: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ris("serve", "--port", str(other.getsockname()[1])).refused("already in use", "--port 0")
