"""Do the large commands of the pages run, on fewer scenes and workers, and is every command followed by some test?"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from jaxtyping import config as jaxtyping_config
from test_blocks import block
from test_commands import block_lines

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.forms.kept_evaluation import read_evaluation

ROOT = Path(__file__).parents[2]
SHORT = "--epochs 1 --n-train 64 --n-val 32"
FOLLOWED = {
    "README.md": "test_blocks.py",
    "tutorial.md": "test_pages.py",
    "serving.md": "tests/serve/test_serving_docs.py",
}
"""Pages whose commands another test runs."""
ELSEWHERE = {
    "ris search here --storage postgresql+psycopg://user@host/database --name first":
        "tests/search/test_search_docs.py, with a server",
    "ris search there --storage postgresql+psycopg://user@host/database --name first --resume":
        "tests/search/test_search_docs.py, with a server",
    "ris import mapping.toml --dry-run": "tests/importing/test_own_measurements.py",
    "ris import mapping.toml scenes.safetensors": "tests/importing/test_own_measurements.py",
    "ris locate scenes.safetensors --scene all": "tests/importing/test_own_measurements.py",
}  # fmt: skip
"""Commands that are run by another test."""
SMALLER: dict[str, Mapping[str, str]] = {
    "scaling.md": {"test=1000000": "test=8", "--cluster 8": "--cluster 2"},
    "training.md": {"train=2048 val=256": "train=64 val=32", "--preset tiny": f"--preset tiny {SHORT}"},
    "search.md": {"--trials 12": f"--trials 2 {SHORT} --long-epochs 1 --scenes 4 --best 1 --polish 2"},
    "benchmark.md": {"suites/paper.toml": "few.toml"},
    "results.md": {"suites/paper.toml": "few.toml"},
    "report.md": {},
    "own-measurements.md": {},
    "arrays.md": {
        "--preset tiny": f"--preset tiny {SHORT}", "cylinder.toml": f"cylinder.toml {SHORT}",
        "--scenes 400": "--scenes 4", "--scenes 200": "--scenes 4",
    },
}  # fmt: skip
"""What is smaller in the commands of a page than it stands there."""
FEW = """
scenes = 2
[scenario]
horizontal = 6
vertical = 6
[sweeps.random]
methods = ["genie"]
[sweeps.random.over]
snr_db = [10, 20]
"""


TABLE = """<!-- table
sweeps = ["random"]
rows = ["method"]
columns = ["snr_db"]
cell = "{success:.3f}"
-->
<!-- end of table -->
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no checks of shapes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


def follow(page: str, **places: str) -> int:
    """Run the commands of a page from above, smaller ones; the number of them."""
    lines = [line for name, line in block_lines() if name == page and line not in ELSEWHERE]
    for line in lines:
        run = line
        for words, instead in {**SMALLER[page], **places}.items():
            run = run.replace(words, instead)
        assert main(shlex.split(run)[1:]) == 0, run
    return len(lines)


def test_every_command_is_followed_or_says_why_it_is_not() -> None:
    lines = set(block_lines())
    assert {name for name, line in lines if line not in ELSEWHERE} == FOLLOWED.keys() | SMALLER.keys()
    assert ELSEWHERE.keys() <= {line for _, line in lines}


def test_every_smaller_word_stands_on_its_page() -> None:
    for page, words in SMALLER.items():
        lines = [line for name, line in block_lines() if name == page]
        assert all(any(word in line for line in lines) for word in words), page


def test_every_benchmark_that_a_page_names_is_there() -> None:
    named = {
        (page.name, name)
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        for name in re.findall(r"python (benchmarks/[\w./]+)", page.read_text(encoding="utf-8"))
    }
    assert len(named) > 10 and not [(page, name) for page, name in named if not (ROOT / name.rstrip("./")).exists()]


@pytest.fixture
def address() -> Iterator[str]:
    """That of a scheduler with two workers, as somebody else would have started it."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster.scheduler_address


@pytest.mark.stress
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_scenes_are_simulated_and_located_by_workers(address: str) -> None:
    pytest.importorskip("pyarrow")
    assert follow("scaling.md", **{"tcp://head:8786": f"{address} --force"}) == 3
    assert Path("big.parquet").exists()


@pytest.mark.stress
def test_a_network_is_trained_on_shards() -> None:
    assert follow("training.md") == 2 and Path("runs/first/ledger.jsonl").exists()


@pytest.mark.stress
def test_a_search_is_run_and_its_best_trained() -> None:
    assert follow("search.md") == 2 and Path("runs/best/ledger.jsonl").exists()


@pytest.mark.stress
def test_a_suite_is_run_and_shown_and_tables_are_written() -> None:
    Path("few.toml").write_text(FEW, encoding="utf-8")
    for name in ("README.md", "docs/results.md", "docs/hybrid.md"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("no table\n\n" + TABLE, encoding="utf-8")
    assert follow("benchmark.md") == 3
    assert Path("results/paper/report.html").exists() and "| genie | 1.000 |" in Path("README.md").read_text("utf-8")
    shutil.rmtree("results/paper")
    assert follow("results.md") == 1 and Path("results/paper/cells.parquet").exists()


@pytest.mark.stress
def test_results_of_every_kind_are_one_page() -> None:
    for line in (
        f"train runs/first {SHORT}", f"search runs/search {SHORT} --trials 1 --scenes 4 --best 0",
    ):  # fmt: skip
        assert main(line.split()) == 0
    shutil.copytree("runs/first", "runs/second")
    shutil.copytree(ROOT / "results" / "paper", "results/paper")
    assert follow("report.md") == 5 and Path("all.html").exists()
    kept = read_evaluation(Path("runs/page/evaluation"))
    assert kept is not None and len(kept.rows) == 10
    assert len(re.findall(r"<option.*>scene \d+ of", Path("runs/page/report.html").read_text("utf-8"))) == 200


@pytest.mark.stress
def test_hardware_is_calibrated() -> None:
    for name in ("known", "scenes"):
        assert main(f"simulate {name}.safetensors --sources 1 --snr-db 20 --scenes 8".split()) == 0
    assert follow("own-measurements.md") == 5


@pytest.mark.stress
def test_networks_of_other_arrays_are_trained_and_judged() -> None:
    first, *_ = block("docs/arrays.md", "indented", "printf 'line =").splitlines()
    done(["bash", "-c", first])
    Path("cylinder.toml").write_text('preset = "tiny"\nscenario.bend_deg = 180.0\n', encoding="utf-8")
    assert follow("arrays.md") == 4 and Path("runs/cylinder/ledger.jsonl").exists()


@pytest.mark.stress
def test_the_trainings_of_two_processes_run() -> None:
    (command,) = block("docs/training.md", "", "torchrun").splitlines()
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done([*launch, *command.split()[1:], *SHORT.split()])
    assert Path("runs/two/ledger.jsonl").exists()
    shutil.rmtree("runs")
    text = block("docs/training.md", "python", "with joined(")
    begin = "import os\nfrom ris_pytorch_pipeline.train import Trainer, joined\n"
    program = begin + text.replace(".fit()", ".fit(epochs=1, n_train=64, n_val=32)")
    Path("two.py").write_text(program, encoding="utf-8")
    done([*launch, "--nproc-per-node=2", "two.py"])
    assert Path("runs/two/ledger.jsonl").exists()


def done(command: list[str]) -> None:
    """Run a command to its end."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_first_training_in_python_runs() -> None:
    text = block("docs/training.md", "python", "trainer.fit(epochs=8")
    small = text.replace("epochs=8, n_train=2048, n_val=256", "epochs=1, n_train=64, n_val=32")
    assert small != text
    exec(compile(small, "block", "exec"), {})
    assert Path("runs/first/ledger.jsonl").exists()
