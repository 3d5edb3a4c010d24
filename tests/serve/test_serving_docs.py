"""Do the commands of docs/serving.md do what they say, and does the container run what the command line knows?"""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ris_pytorch_pipeline.cli.arguments import parse

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def test_the_commands_run(tmp_path: Path) -> None:
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("no bash or curl here")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    blocks = re.findall(r"```(sh|python)\n(.*?)```", DOCS, re.DOTALL)
    assert [kind for kind, _ in blocks] == ["sh", "python", "sh", "sh"]
    (tmp_path / "ask.py").write_text(blocks[1][1].replace("8642", port), encoding="utf-8")
    script = "".join(text if kind == "sh" else "python ask.py > asked.txt\n" for kind, text in blocks)
    for name, arguments in (("ris", "-m ris_pytorch_pipeline "), ("python", "")):
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n')
        (tmp_path / name).chmod(0o755)
    script = 'PATH="$PWD:$PATH"\n' + script.replace("8642", port)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"serving at http://127.0.0.1:{port}" in done.stdout and 'ris_scenes_total{status="' in done.stdout
    assert done.stderr.count("ris: ended by SIGTERM") == 2
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert len(answer["scenes"]) == 2 and answer["estimator"] == "pilot"
    azimuth = float((tmp_path / "asked.txt").read_text().split()[-1])
    assert azimuth == pytest.approx(answer["scenes"][0]["sources"][0]["azimuth_deg"], abs=0.5)


def test_the_options_of_the_docs_are_those_of_the_command() -> None:
    known = vars(parse(["serve"]))
    for option, default in re.findall(r"^\| `--([a-z-]+) [A-Z]+` \|.*\| (\d+) \|$", DOCS, re.MULTILINE):
        assert known[option.replace("-", "_")] == float(default)
    from ris_pytorch_pipeline.serve.schema import PROBLEMS

    told = {int(code) for line in re.findall(r"^\| ([\d, ]+) \|", DOCS, re.MULTILINE) for code in line.split(",")}
    assert set(PROBLEMS) <= told


def test_the_container_runs_what_the_command_line_knows() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    entry, rest = (
        json.loads(re.findall(rf"^{word} (\[.*\])$", text, re.MULTILINE)[0]) for word in ("ENTRYPOINT", "CMD")
    )
    given = parse([*entry[1:], *rest])
    assert (entry[0], given.command, given.host, str(given.token)) == ("ris", "serve", "0.0.0.0", "/run/secrets/token")
    assert f"EXPOSE {given.port}" in text and f":{given.port}/health" in text
    run_time = text[text.rindex("FROM ") :]
    assert not re.search(r"\b(?:pip|apt-get|curl|wget|npm|ADD)\b", run_time)
    assert re.search(r"^USER [1-9]\d*$", run_time, re.MULTILINE)
