"""Does the service keep to its own OpenAPI document whatever comes? Judged by schemathesis, from outside."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.stress
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_no_drawn_request_is_the_services_fault(tmp_path: Path) -> None:
    program = shutil.which("schemathesis")
    if program is None:
        pytest.skip("no schemathesis on the path: `make stress` installs it beside")
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            url = service.stdout.readline().removeprefix("serving at ").strip()
            done = subprocess.run(
                [program, "run", f"{url}/openapi.json", "--checks", CHECKS, "--max-examples", "300", "--seed", "1",
                 "--no-color", "--generation-database", "none"],
                cwd=tmp_path, capture_output=True, text=True, check=False, timeout=1800,
            )  # fmt: skip
        finally:
            service.terminate()
    assert done.returncode == 0, done.stdout[-6000:]
