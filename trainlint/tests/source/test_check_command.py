"""The command reads, prints in four forms, knows what is known, and imports no torch."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from handbook.examples.read import SOUND, broken

from trainlint.cli import main

STRICT = {"$schema", "version", "runs"}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_text(broken("RT602"), encoding="utf-8")
    return path


def test_text_has_place_code_and_line(script: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "train.py"]) == 1
    out = capsys.readouterr().out
    assert re.match(r"train\.py:44:13: RT602 gradients-never-cleared: ", out)
    assert "| optimizer.step()" in out
    assert "trainlint explain RT602" in out


def test_sound_script_and_notes_succeed(script: Path, capsys: pytest.CaptureFixture[str]):
    script.write_text(SOUND, encoding="utf-8")
    assert main(["check", "train.py"]) == 0
    script.write_text(broken("RT647"), encoding="utf-8")
    assert main(["check", "train.py"]) == 0
    assert "RT647 loss-kept-with-graph (note)" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["a pipe", "2 GB", "a link to 2 GB"])
def test_a_path_that_is_no_ordinary_file_of_a_sources_size_is_refused(
    script: Path, what: str, capsys: pytest.CaptureFixture[str]
):
    odd = script.with_name("odd.py")
    if what == "a pipe":
        os.mkfifo(odd)
    else:
        with odd.open("wb") as file:
            file.truncate(2 << 30)
    if what == "a link to 2 GB":
        script.with_name("link.py").symlink_to(odd)
        odd = script.with_name("link.py")
    assert main(["check", odd.name, "train.py"]) == 2
    said = capsys.readouterr()
    told = "no ordinary file" if what == "a pipe" else "2147483648 bytes"
    assert f"wanted a source of at most 2 MiB; got {odd.name}: {told}. Likely cause: " in " ".join(said.out.split())
    assert "RT602" in said.out and "not read: 1" in said.err


def test_a_link_to_a_source_is_read(script: Path, capsys: pytest.CaptureFixture[str]):
    script.with_name("link.py").symlink_to(script)
    assert main(["check", "link.py"]) == 1
    assert "link.py:44:13: RT602" in capsys.readouterr().out


def test_json(script: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", ".", "--output", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["errors"] == []
    assert {"code", "path", "line", "column", "source", "evidence", "cause", "next", "link"} <= told["findings"][
        0
    ].keys()


def test_github_annotations(script: Path, capsys: pytest.CaptureFixture[str]):
    main(["check", "train.py", "--output", "github"])
    line = capsys.readouterr().out.strip()
    assert line.startswith("::warning file=train.py,line=44,col=13,title=RT602 gradients-never-cleared::")


def test_sarif_has_the_structure_of_2_1_0(script: Path, capsys: pytest.CaptureFixture[str]):
    (script.parent / "two words.py").write_text(broken("RT647"), encoding="utf-8")
    (script.parent / "bad.py").write_bytes(b"def (")
    assert main(["check", ".", "--output", "sarif"]) == 2
    log = json.loads(capsys.readouterr().out)
    assert set(log) == STRICT
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert set(run) == {"tool", "columnKind", "invocations", "results"}
    assert run["columnKind"] == "unicodeCodePoints"
    driver = run["tool"]["driver"]
    assert set(driver) == {"name", "version", "rules"}
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": run["invocations"][0]["toolExecutionNotifications"],
        }
    ]
    for rule in driver["rules"]:
        assert set(rule) == {"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"}
        assert re.fullmatch(r"RT\d{3}", rule["id"])
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        assert all(rule[k]["text"] for k in ("shortDescription", "fullDescription", "help"))
    assert len({r["id"] for r in driver["rules"]}) == len(driver["rules"])
    for result in run["results"]:
        assert_result(result, driver["rules"])
    assert {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]} == {
        "train.py",
        "two%20words.py",
    }


def assert_result(result: dict, rules: list[dict]):
    assert set(result) == {"ruleId", "ruleIndex", "level", "message", "partialFingerprints", "locations"}
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in {"note", "warning", "error"}
    assert set(result["message"]) == {"text"}
    assert all(isinstance(v, str) for v in result["partialFingerprints"].values())
    (location,) = result["locations"]
    assert set(location) == {"physicalLocation"}
    region = location["physicalLocation"]["region"]
    assert region["startLine"] >= 1
    assert region["startColumn"] >= 1


def test_bad_file_is_told_after_the_others(script: Path, capsys: pytest.CaptureFixture[str]):
    (script.parent / "bad.py").write_bytes(b"import torch\x00")
    assert main(["check", "."]) == 2
    out = capsys.readouterr().out
    assert "RT602" in out
    assert "error: wanted Python source in bad.py" in out
    assert main(["check", "nowhere"]) == 2


def test_comment_lets_one_line_pass(script: Path, capsys: pytest.CaptureFixture[str]):
    text = script.read_text(encoding="utf-8")
    script.write_text(
        text.replace("optimizer.step()", "optimizer.step()  # trainlint: ignore[RT602] on purpose"), encoding="utf-8"
    )
    assert main(["check", "train.py"]) == 0
    assert "1 ignored by comments" in capsys.readouterr().err
    script.write_text(
        text.replace("optimizer.step()", "optimizer.step()  # trainlint: ignore[RT692]"), encoding="utf-8"
    )
    assert main(["check", "train.py"]) == 2
    assert "did you mean RT6" in capsys.readouterr().out


def test_baseline_lets_known_findings_pass_and_new_ones_fail(script: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "train.py", "--write-baseline", "known.json"]) == 0
    assert main(["check", "train.py", "--baseline", "known.json"]) == 0
    script.write_text("# a line above\n" + broken("RT602"), encoding="utf-8")
    assert main(["check", str(script), "--baseline", "known.json"]) == 0
    script.write_text(
        broken("RT602").replace("            torch.nn.utils", "            optimizer.step\n            torch.nn.utils"),
        encoding="utf-8",
    )
    assert main(["check", "train.py", "--baseline", "known.json"]) == 1
    out = capsys.readouterr().out
    assert "RT601" in out
    assert main(["check", "train.py", "--baseline", "none.json"]) == 2
    (script.parent / "foreign.json").write_text("[]", encoding="utf-8")
    assert main(["check", "train.py", "--baseline", "foreign.json"]) == 2


def test_settings_of_the_project_are_kept(script: Path, capsys: pytest.CaptureFixture[str]):
    project = script.parent / "pyproject.toml"
    project.write_text('[tool.trainlint]\nignore = ["RT602"]\n', encoding="utf-8")
    assert main(["check", "train.py"]) == 0
    assert main(["check", "train.py", "--select", "RT6"]) == 0
    project.write_text('[tool.trainlint.tolerate]\nRT602 = "known since May"\n', encoding="utf-8")
    assert main(["check", "train.py"]) == 0
    assert "let pass: RT602 tolerated (1): known since May" in capsys.readouterr().err
    project.write_text('[tool.trainlint.per-file-ignores]\n"tr*.py" = ["RT60"]\n', encoding="utf-8")
    assert main(["check", "train.py"]) == 0
    project.write_text('[tool.trainlint]\nselect = ["RT1"]\n', encoding="utf-8")
    assert main(["check", "train.py"]) == 0
    assert main(["check", "train.py", "--select", "RT602"]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[tool.trainlint]\nselct = ["RT1"]\n', "did you mean select?"),
        ('[tool.trainlint]\nignore = ["RT6021"]\n', "did you mean RT602?"),
        ('[tool.trainlint]\nignore = "RT602"\n', "a list of codes"),
        ('[tool.trainlint.tolerate]\nRT602 = ""\n', "a reason"),
        ("[tool.trainlint\n", "TOML"),
    ],
)
def test_unknown_settings_are_refused(script: Path, capsys: pytest.CaptureFixture[str], text: str, told: str):
    (script.parent / "pyproject.toml").write_text(text, encoding="utf-8")
    assert main(["check", "train.py"]) == 2
    assert told in capsys.readouterr().err


def test_no_torch_is_imported(script: Path):
    code = (
        "import sys\nfrom trainlint.cli import main\n"
        "assert main(['check', 'train.py', '--output', 'sarif']) == 1\n"
        "assert main(['explain', 'RT101', 'RT602']) == 0\n"
        "print('torch' in sys.modules, 'numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=script.parent)
    assert done.stdout.splitlines()[-1] == "False False"
