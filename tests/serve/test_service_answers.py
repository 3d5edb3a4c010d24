"""Are the service's answers those of `ris locate`, bit for bit, whether requests come alone or together?"""

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from soundings import JSON, SCENES, Counting, document_of, mark_of, scenes_of, until

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.data import load_scenes, save_scenes

Body = Callable[..., bytes]


@pytest.fixture
def locator() -> Callable[..., Any]:
    """What `ris serve` answers with."""
    from ris_pytorch_pipeline.cli.commands.serve import locator_of

    return lambda *options: locator_of(parse(["serve", *options]))


def located(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """What `ris locate` says of a file."""
    assert main(["locate", str(path), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_alone_an_answer_is_that_of_ris_locate(
    symbols: str, client: Any, locator: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = scenes_of(3, 1, symbols=symbols)
    save_scenes(tmp_path / "s", drawn.observation, drawn.truth, note="with a truth")
    here = client(locator())
    for path, options in (("/v1/locate", ()), ("/v1/locate?sources=1", ("--sources", "1"))):
        response = here.post(path, content=(tmp_path / "s").read_bytes(), headers=SCENES)
        expected = located(tmp_path / "s", capsys, "--scene", "all", *options)
        assert response.status_code == 200, response.text
        found = response.json()
        assert response.headers["x-batch-scenes"] == "3"
        assert found.pop("warnings") == []
        assert found == {key: expected[key] for key in ("estimator", "region", "scenes", "summary")}


def test_json_is_answered_as_the_file_is(client: Any, locator: Any, tmp_path: Path) -> None:
    drawn = scenes_of(1, 2)
    save_scenes(tmp_path / "s", drawn.observation.to(dtype=torch.complex128))
    here = client(locator())
    of_file = here.post("/v1/locate", content=(tmp_path / "s").read_bytes(), headers=SCENES).json()
    of_json = here.post("/v1/locate", json=document_of(load_scenes(tmp_path / "s").observation)).json()
    assert of_file["scenes"] == of_json["scenes"] and of_file["scenes"][0]["fit"] is not None
    assert of_file["scenes"][0]["sources"][0]["std_sandwich"]["azimuth_deg"] > 0


def test_together_answers_are_those_of_one_file(
    client: Any, locator: Any, counting: Counting, body: Body, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = locator()
    chosen = real.choose
    drawn = scenes_of(4, 3)
    save_scenes(tmp_path / "all", drawn.observation)
    parts = []
    for scene in range(4):
        save_scenes(tmp_path / "part", drawn.observation[scene : scene + 1], overwrite=True)
        parts.append((tmp_path / "part").read_bytes())
    counting.waits = True
    first = body(1, 9, horizontal=5)

    def choose(file: Any) -> Any:
        return (counting, chosen(file)[1]) if len(file.observation.array) == 20 else chosen(file)

    here = client(replace(real, choose=choose))
    with ThreadPoolExecutor(5) as pool:
        held = pool.submit(here.post, "/v1/locate", content=first, headers=SCENES)
        assert counting.begun.wait(30)
        waiting = []
        for number, part in enumerate(parts):
            waiting.append(pool.submit(here.post, "/v1/locate", content=part, headers=SCENES))
            until(lambda n=number: here.get("/health").json()["inside"] == n + 2)
        counting.go.set()
        answers = [each.result(60) for each in waiting]
        assert held.result(60).status_code == 200
    assert [each.headers["x-batch-scenes"] for each in answers] == ["4"] * 4
    expected = located(tmp_path / "all", capsys, "--scene", "all")["scenes"]
    for number, answer in enumerate(answers):
        (scene,) = answer.json()["scenes"]
        assert scene == {**expected[number], "scene": 0}


def test_what_differs_is_not_put_together(client: Any, counting: Counting, body: Body) -> None:
    kinds = [
        (body(2, 1), ""), (body(1, 2), ""), (body(1, 3), "?sources=2"), (body(1, 4, symbols="pilot"), ""),
        (body(1, 5, snapshots=7), ""), (body(1, 6, wavelength=0.31), ""), (body(3, 7), ""), (body(1, 8), "?sources=1"),
    ]  # fmt: skip
    counting.waits = True
    here = client()
    with ThreadPoolExecutor(9) as pool:
        held = pool.submit(here.post, "/v1/locate", content=body(1, 99, horizontal=5), headers=SCENES)
        assert counting.begun.wait(30)
        waiting = []
        for number, (content, query) in enumerate(kinds):
            waiting.append(pool.submit(here.post, f"/v1/locate{query}", content=content, headers=SCENES))
            until(lambda n=number: here.get("/health").json()["inside"] == n + 2)
        counting.go.set()
        answers = [each.result(60) for each in [held, *waiting]]
    assert [answer.status_code for answer in answers] == [200] * 9
    assert counting.batches == [1, 6, 2, 1, 1, 1]
    assert counting.asked == [None, None, [2, 1], None, None, None]
    assert [int(answer.headers["x-batch-scenes"]) for answer in answers] == [1, 6, 6, 2, 1, 1, 1, 6, 2]


def test_each_gets_its_own_answer(client: Any, tmp_path: Path) -> None:
    here = client(limits={"batch": 5})
    drawn = scenes_of(40, 11).observation.to(dtype=torch.complex128)
    save_scenes(tmp_path / "all", drawn)
    marks = mark_of(load_scenes(tmp_path / "all").observation).tolist()
    documents = [json.dumps(document_of(drawn, scene)) for scene in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: here.post("/v1/locate", content=text, headers=JSON), documents))
    found = [answer.json()["scenes"][0]["sources"][0]["azimuth_deg"] for answer in answers]
    assert found == pytest.approx([math.degrees(mark) for mark in marks], abs=1e-9)
    assert len(set(found)) == 40


def test_warnings_of_the_reader_are_passed_on(client: Any, body: Body) -> None:
    content = body(1, 0)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]["header"]
    unsealed = save(load(content), {"header": header})
    here = client()
    said = here.post("/v1/locate", content=unsealed, headers=SCENES).json()["warnings"]
    assert said == ["the body has no digest of its bytes, as files of earlier versions: not verified"]
    assert here.post("/v1/locate", content=content, headers=SCENES).json()["warnings"] == []
    again = here.post("/v1/locate", content=unsealed, headers=SCENES).json()["warnings"]
    assert again == said, "a warning is said each time"
