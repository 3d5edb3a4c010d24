"""Does the service say of itself what is so: its OpenAPI document, its page of it, its health and its counters?"""

import re
from dataclasses import fields
from typing import Any

from soundings import SCENES, Counting, scenes_of

from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.data import SceneDocument, save_scenes


def test_answers_are_as_the_document_says(client: Any, tmp_path: Any) -> None:
    from ris_pytorch_pipeline.cli.commands.serve import locator_of
    from ris_pytorch_pipeline.serve.schema import Health, Located, Problem

    here = client(locator_of(parse(["serve"])))
    drawn = scenes_of(2, 1, sources=2)
    for name, truth in (("with", drawn.truth), ("without", None)):
        save_scenes(tmp_path / name, drawn.observation, truth)
        content = (tmp_path / name).read_bytes()
        text = here.post("/v1/locate", content=content, headers=SCENES).text
        found = Located.model_validate_json(text, strict=True)
        assert (found.scenes[0].missed is None) == (truth is None)
    example = here.get("/openapi.json").json()["paths"]["/v1/locate"]["post"]["requestBody"]["content"]
    assert here.post("/v1/locate", json=example["application/json"]["example"]).status_code == 200
    Health.model_validate_json(here.get("/health").text, strict=True)
    Problem.model_validate_json(here.post("/v1/locate").text, strict=True)


def test_the_document_names_what_is_taken(client: Any) -> None:
    document = client().get("/openapi.json").json()
    assert set(document["paths"]) == {"/v1/locate", "/health", "/metrics"}
    operation = document["paths"]["/v1/locate"]["post"]
    assert set(operation["responses"]) == {"200", "400", "401", "408", "413", "415", "422", "503"}
    taken = operation["requestBody"]["content"]
    assert set(taken) == {"application/json", "application/octet-stream", "application/vnd.safetensors"}
    assert set(taken["application/json"]["schema"]["properties"]) == {field.name for field in fields(SceneDocument)}
    for name in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert name in document["components"]["schemas"]


def test_the_page_of_the_document_needs_nothing_from_elsewhere(client: Any) -> None:
    response = client().get("/docs")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    for words in ("POST /v1/locate", "std_sandwich", "application/octet-stream", "Retry-After", "array of Scene"):
        assert words in response.text
    assert not re.search(r"(?:src|href)=|@import|url\(", response.text)


def test_the_page_is_whole_and_refers_to_nothing_elsewhere(client: Any) -> None:
    here = client()
    texts = {path: here.get(path) for path in ("/", "/page.css", "/page.js")}
    for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")):
        assert texts[path].headers["content-type"] == f"{kind}; charset=utf-8"
        assert "script-src 'self'" in texts[path].headers["content-security-policy"]
        assert "nosniff" == texts[path].headers["x-content-type-options"]
        outside = [u for u in re.findall(r"https?://[^\"'\s]+", texts[path].text) if u != "http://www.w3.org/2000/svg"]
        assert not outside
    script, html = texts["/page.js"].text, texts["/"].text
    assert "innerHTML" not in script and "eval(" not in script
    for name in re.findall(r'part\("([\w-]+)"\)', script):
        assert f'id="{name}"' in html
    for name in re.findall(r'for="([\w-]+)"', html):
        assert f'id="{name}"' in html


def test_counters_count(client: Any, counting: Counting, body: Any) -> None:
    here = client()
    for content in (body(3), body(1), b"x"):
        here.post("/v1/locate", content=content, headers=SCENES)
    here.get("/some/path/of/a/stranger")
    lines = here.get("/metrics").text.splitlines()
    for line in (
        'ris_requests_total{route="/v1/locate",status="200"} 2.0',
        'ris_requests_total{route="/v1/locate",status="400"} 1.0',
        'ris_requests_total{route="page",status="404"} 1.0',
        'ris_scenes_total{status="converged"} 4.0',
        'ris_scenes_total{status="misfit"} 0.0',
        "ris_batch_scenes_count 2.0",
        "ris_batch_scenes_sum 4.0",
        "ris_requests_inside 0.0",
    ):
        assert line in lines
    assert "stranger" not in "".join(lines)


def test_health(client: Any) -> None:
    here = client(limits={"waiting": 3})
    found = here.get("/health").json()
    assert (found["status"], found["inside"], found["busy"]) == ("ok", 0, 0.0)
    here.app.state.service.worker.close()
    ended = here.get("/health")
    assert ended.status_code == 503 and ended.json()["status"] == "stuck"
