"""Do the pages do what they say when one follows them, and does the site build without a warning?"""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jaxtyping import config as jaxtyping_config
from test_blocks import block

import trainlint
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.estimate import CONTENDERS
from ris_pytorch_pipeline.nets import NETWORKS
from ris_pytorch_pipeline.physics import CODEBOOKS
from ris_pytorch_pipeline.report import read_kept_table

ROOT = Path(__file__).parents[2]


LATER = {"tutorial.md": "ris train useful"}
"""A block of a page that takes minutes, by its first words: a stress test runs it, another one with fewer updates."""


def blocks(page: str) -> list[tuple[str, str]]:
    """Kind and text of each block of a page, from above."""
    return re.findall(r"```(python|sh)\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, no checks of shapes, and registries that are put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)
    for registry in (CODEBOOKS, CONTENDERS):
        for name in ("stripes", "nearest"):
            monkeypatch.delitem(registry, name, raising=False)


def follow(page: str) -> dict:
    """Run every block of a page, one after the other, in one program."""
    values: dict = {}
    for kind, text in blocks(page):
        if text.startswith(LATER.get(page, "\0")):
            continue
        if kind == "python":
            exec(compile(text, page, "exec"), values)
        for line in text.splitlines() if kind == "sh" else ():
            if line.startswith("ris "):
                assert main(line.split()[1:]) == 0, line
    return values


@pytest.mark.usefixtures("elsewhere")
def test_the_tutorial_leads_to_a_trained_network(capsys: pytest.CaptureFixture[str]) -> None:
    values = follow("tutorial.md")
    said = capsys.readouterr().out
    assert values["estimate"].status[0].value == "converged" and "misfit" in said
    assert float(values["found"].error[0].abs().max()) < 0.1
    assert "[VERDICT] Healthy" in said and Path("first", "ledger.jsonl").exists()
    assert values["located"].positions.shape[0] == 4


def use(lines: str, capsys: pytest.CaptureFixture[str], scenes: int, smaller: str = "") -> tuple[dict, list[int]]:
    """Do as the lines say: success by method, sources and decibels, and the number of sources found in each scene."""
    train, evaluate, simulate, locate = lines.splitlines()
    assert main([*train.split()[1:], *smaller.split()]) == 0
    assert "[VERDICT] Healthy" in capsys.readouterr().out
    assert main([*evaluate.replace("--scenes 100", f"--scenes {scenes}").split()[1:], "--json"]) == 0
    found = {(cell["method"], cell["sources"], cell["snr_db"]): cell["success"] for cell in told(capsys)["cells"]}
    assert len(found) == 18
    assert main(simulate.split()[1:]) == 0
    capsys.readouterr()
    assert main([*locate.split()[1:], "--scene", "all", "--json"]) == 0
    return found, [len(scene["sources"]) for scene in told(capsys)["scenes"]]


@pytest.mark.usefixtures("elsewhere")
def test_the_last_block_of_the_tutorial_is_followed_with_fewer_updates(capsys: pytest.CaptureFixture[str]) -> None:
    lines = block("docs/tutorial.md", "sh", "ris train useful")
    _, located = use(lines, capsys, scenes=2, smaller="--epochs 1 --n-train 256 --n-val 32")
    assert len(located) == 4 and all(located)
    events = [json.loads(line) for line in Path("useful", "ledger.jsonl").read_text("utf-8").splitlines()]
    losses = [event["loss"] for event in events if event["event"] == "update"]
    assert len(losses) == 8 and losses[-1] < 0.8 * losses[0], losses


@pytest.mark.stress
@pytest.mark.usefixtures("elsewhere")
def test_the_tutorial_leads_to_a_network_that_is_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    found, located = use(block("docs/tutorial.md", "sh", "ris train useful"), capsys, scenes=100)
    assert located == [2, 2, 2, 2]
    assert found["hybrid-raw", 3, 20.0] > found["hybrid-raw", 3, 10.0]
    kept = read_kept_table(ROOT / "results" / "measured" / "tutorial" / "evaluate.csv")
    assert len(kept.rows) == 9
    for method, sources, *cells in kept.rows:
        for decibels, cell in zip((10.0, 20.0), cells, strict=True):
            _, low, high = map(float, re.findall(r"[\d.]+", cell))
            assert low - 5e-3 <= found[method.strip("`"), int(sources), decibels] <= high + 5e-3, (method, sources)


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    """What a command printed as JSON."""
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("elsewhere")
def test_own_parts_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    values = follow("own-parts.md")
    try:
        codes = values["scenes"].observation.codes.reshape(2, 16, 12, 12)
        assert bool((codes == codes[:, :, :1]).all()), "stripes: all rows alike"
        assert str(values["trainer"].verdict).startswith("Verdict: healthy")
        found = CONTENDERS["nearest"].build(values["ris"].SearchRegion())(values["scenes"].observation, 1)
        assert found.order.tolist() == [1, 1]
        assert type(values["net"]).__name__ == "Deeper" and vars(values["net"].config)["deeper"] == 2
        assert values["found"].order.tolist() == [1, 1]
    finally:
        del CODEBOOKS["stripes"], CONTENDERS["nearest"], NETWORKS["deeper"]


@pytest.mark.usefixtures("elsewhere")
def test_the_first_page_shows_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    values = follow("index.md")
    assert capsys.readouterr().out.count("tensor(") == 2 and bool(values["found"].found.all())


def wordless(page: str) -> list[str]:
    """Public names of trainlint without an entry on the page, a signature where they take arguments, or a text."""
    entries = dict(re.findall(r'<h3 id="trainlint\.(\w+)"(.*?)(?=<h[23] id=|</article>)', page, re.DOTALL))
    values = {name: getattr(trainlint, name) for name in trainlint.__all__}
    taking = [n for n, value in values.items() if inspect.isfunction(value) or type(value) is type]
    unsigned = [name for name in taking if 'class="doc-signature' not in entries.get(name, "")]
    texts = {name: re.sub(r"<pre.*?</pre>|<[^>]+>", " ", text, flags=re.DOTALL) for name, text in entries.items()}
    return unsigned + [name for name in trainlint.__all__ if len(texts.get(name, "").split()) < 8]


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="MkDocs comes with the extra `docs`")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    names = (tmp_path / "site" / "api.html").read_text(encoding="utf-8")
    for name in ("physics.Panel", "estimate.Sml", "bounds.scene_bound", "train.Trainer"):
        assert f'id="ris_pytorch_pipeline.{name}"' in names, name
    assert names.count('<span class="gp">&gt;&gt;&gt; </span>') > 500 and "<blockquote>" not in names, (
        "examples as programs"
    )
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html")}
    assert not [name for name, text in pages.items() if re.search(r"<a [^>]*>[^<]*\.md</a>", text)], "names of files"
    assert '<code>ris search DIR <span class="option">--resume</span></code>' in pages["search.html"]
    assert "N|ADDRESS|TOML" in pages["cli.html"] and not re.search(r"<code>[^<]*\\\|", pages["cli.html"])
    first = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'src="http|rel="stylesheet" href="http|@import', first), "the site needs no network"
    own = (tmp_path / "site" / "trainlint" / "api.html").read_text(encoding="utf-8")
    assert wordless(own) == [] and wordless(own.replace("trainlint.Found", "x").replace("doc-signature", "x"))
    assert 'id="trainlint.Watch.epoch"' in own and own.count('<span class="gp">&gt;&gt;&gt; </span>') > 150
