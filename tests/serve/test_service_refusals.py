"""Does every request that cannot be answered end in a status of the client's and four parts, and cost no other?"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soundings import JSON, SCENES, Counting, document_of, scenes_of, until

from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.data import save_scenes
from ris_pytorch_pipeline.errors import InputError, RisError
from ris_pytorch_pipeline.estimate import SearchRegion, Sml
from ris_pytorch_pipeline.physics import Observation

Body = Callable[..., bytes]
LOCATE = "/v1/locate"
PIECES = [b"", b"1e400", b"[", b"null", b"-", b"9" * 30, b'"', b"true", b"{}"]


def refused(response: Any, status: int, *parts: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    problem = response.json()
    assert list(problem) == ["wanted", "got", "cause", "move"] and all(problem.values())
    for part in parts:
        assert part in response.text, response.text


@pytest.mark.parametrize(
    ("content", "headers", "status", "said"),
    [
        (b"", SCENES, 400, "a scene file"),
        (b"azimuth,elevation\n" * 99, SCENES, 400, "none of safetensors"),
        (b"", JSON, 400, "a JSON table"),
        (b"[" * 100_000, JSON, 400, "nesting"),
        (b'{"measurements": 1}', JSON, 400, "without channel, codes"),
        (b'{"a": 1e999}', JSON, 400, "beyond the largest float"),
        (b"x", {"content-type": "text/plain"}, 415, "text/plain"),
        (b"x", {}, 415, "Content-Type"),
        (b"x", {**JSON, "content-encoding": "gzip"}, 415, "not compressed"),
    ],
)
def test_a_body_that_is_none(client: Any, content: bytes, headers: dict[str, str], status: int, said: str) -> None:
    refused(client().post(LOCATE, content=content, headers=headers), status, said)


def test_a_changed_or_cut_file(client: Any, body: Body) -> None:
    here, content = client(), body(2)
    refused(here.post(LOCATE, content=content[:-9], headers=SCENES), 400, "cut short")
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 4
    refused(here.post(LOCATE, content=bytes(flipped), headers=SCENES), 400, "its digest does not fit")


def test_too_much_of_anything(client: Any, body: Body, counting: Counting) -> None:
    from ris_pytorch_pipeline.serve import Locator

    content = body(3)
    here = client(limits={"body": len(content) - 1})
    refused(here.post(LOCATE, content=content, headers=SCENES), 413, f"at most {len(content) - 1} bytes")
    unsaid = here.post(LOCATE, content=iter([content[:99], content[99:]]), headers=SCENES)
    refused(unsaid, 413, f"{len(content)} so far")
    refused(client(limits={"scenes": 2}).post(LOCATE, content=content, headers=SCENES), 413, "at most 2 scenes")
    large = Locator(choose=lambda file: (Sml(), SearchRegion()), needed=lambda estimator, seen: 10**9)
    refused(client(large).post(LOCATE, content=content, headers=SCENES), 413, "at most 537 MB", "1e+03 MB")
    assert counting.batches == []


def test_a_query_path_or_method_that_is_none(client: Any, body: Body) -> None:
    here, content = client(), body()
    for query in ("sources=0", "sources=65", "sources=two", "sources=1.5"):
        refused(here.post(f"{LOCATE}?{query}", content=content, headers=SCENES), 422, "sources: ")
    refused(here.get("/nothing"), 404, "/nothing")
    refused(here.get(LOCATE), 405, "GET /v1/locate")
    refused(here.delete("/health"), 405)


def test_what_the_estimator_refuses_is_the_clients(client: Any, tmp_path: Any) -> None:
    from ris_pytorch_pipeline.cli.commands.serve import locator_of
    from ris_pytorch_pipeline.serve import Locator

    drawn = scenes_of(1, 0).observation
    here = client(Locator(choose=lambda file: (Sml(), SearchRegion()), needed=lambda estimator, seen: 1))
    refused(here.post(f"{LOCATE}?sources=60", json=document_of(drawn)), 422, "not identifiable")
    silent = document_of(drawn) | {"measurements": {"real": [[[0.0] * 4] * 6], "imag": [[[0.0] * 4] * 6]}}
    refused(here.post(LOCATE, json=silent), 422, "energy")
    foreign = client(locator_of(parse(["serve"])))
    save_scenes(tmp_path / "s", drawn, config={"preset": "no such"})
    content = (tmp_path / "s").read_bytes()
    refused(foreign.post(LOCATE, content=content, headers=SCENES), 422, "no such")


def test_one_that_spoils_a_batch_spoils_no_other(client: Any, body: Body, counting: Counting) -> None:
    from ris_pytorch_pipeline.serve import Locator

    class Picky(Counting):
        def __call__(self, observation: Any, sources: Any = None) -> Any:
            if bool((observation.measurements.abs().amax((-1, -2)) > 1e6).any()):
                raise InputError("a quiet scene", "a loud one", "an amplifier", "turn it down")
            if bool((observation.measurements.abs().amax((-1, -2)) > 1e3).any()):
                raise ZeroDivisionError("a bug")
            return super().__call__(observation, sources)

    picky = Picky(waits=True)
    here = client(Locator(choose=lambda file: (picky, SearchRegion()), needed=lambda estimator, seen: 1))
    quiet = scenes_of(3, 0).observation
    loud = [document_of(_scaled(quiet, factor), 0) for factor in (1e8, 1e5)]
    with ThreadPoolExecutor(6) as pool:
        held = pool.submit(here.post, LOCATE, content=body(1, 9, horizontal=5), headers=SCENES)
        assert picky.begun.wait(30)
        bodies = [document_of(quiet, 1), loud[0], document_of(quiet, 2), loud[1]]
        waiting = [pool.submit(here.post, LOCATE, json=each) for each in bodies]
        until(lambda: here.get("/health").json()["inside"] == 5)
        picky.go.set()
        answers = [each.result(60) for each in waiting]
        assert held.result(60).status_code == 200
    refused(answers[1], 422, "a loud one")
    refused(answers[3], 500, "an unforeseen ZeroDivisionError", "a bug of the service")
    assert 'a bug"' not in answers[3].text
    assert [answers[0].status_code, answers[2].status_code] == [200, 200]


def _scaled(observation: Observation, factor: float) -> Observation:
    return replace(observation, measurements=observation.measurements * factor)


def test_one_too_many_is_told_when_to_come_again(client: Any, body: Body, counting: Counting) -> None:
    counting.waits = True
    here = client(limits={"waiting": 2})
    with ThreadPoolExecutor(2) as pool:
        inside = [pool.submit(here.post, LOCATE, content=body(), headers=SCENES) for _ in range(2)]
        until(lambda: here.get("/health").json()["inside"] == 2)
        more = here.post(LOCATE, content=body(), headers=SCENES)
        refused(more, 503, "at most 2 requests at a time")
        assert int(more.headers["retry-after"]) >= 1
        counting.go.set()
        assert [each.result(60).status_code for each in inside] == [200, 200]
    assert here.post(LOCATE, content=body(), headers=SCENES).status_code == 200


def test_no_answer_in_time(client: Any, body: Body, counting: Counting) -> None:
    counting.waits = True
    here = client(limits={"answering": 0.2})
    with ThreadPoolExecutor(2) as pool:
        late = [pool.submit(here.post, LOCATE, content=body(seed=n), headers=SCENES) for n in range(2)]
        for response in [each.result(60) for each in late]:
            refused(response, 503, "an answer within 0.2 s")
            assert int(response.headers["retry-after"]) >= 1
    counting.go.set()
    until(lambda: here.get("/health").json()["busy"] == 0)
    assert sum(counting.batches) <= 2
    counting.waits = False
    assert here.post(LOCATE, content=body(), headers=SCENES).status_code == 200


def test_a_token(client: Any, body: Body, tmp_path: Any) -> None:
    token = "0123456789abcdef"
    here = client(token=token)
    refused(here.post(LOCATE, content=body(), headers=SCENES), 401, "Authorization: Bearer")
    for wrong in ("Bearer 0123456789abcdeX", "Basic 0123456789abcdef", "Bearer", "Bearer ÿ", ""):
        response = here.post(LOCATE, content=body(), headers={**SCENES, "authorization": wrong.encode("latin-1")})
        refused(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"
    refused(here.get("/metrics"), 401)
    shown = {"authorization": f"Bearer {token}"}
    assert here.post(LOCATE, content=body(), headers={**SCENES, **shown}).status_code == 200
    assert here.get("/metrics", headers=shown).status_code == 200
    assert here.get("/health").status_code == here.get("/").status_code == 200
    assert here.get("/openapi.json").json()["components"]["securitySchemes"]


def test_a_name_of_a_foreign_page(client: Any) -> None:
    here = client(hosts=frozenset({"127.0.0.1", "localhost"}))
    assert here.get("/health").status_code == 200
    assert here.get("/health", headers={"host": "localhost:99"}).status_code == 200
    refused(here.get("/health", headers={"host": "rebound.example"}), 421)


@given(st.data())
def test_no_mutated_body_is_the_services_fault(data: Any) -> None:
    from ris_pytorch_pipeline.serve import Limits, Locator
    from ris_pytorch_pipeline.serve.locator import Asked
    from ris_pytorch_pipeline.serve.refusals import status_of

    text = bytearray(json.dumps(document_of(scenes_of(1, 0).observation)).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 9))] = data.draw(st.sampled_from(PIECES))
    locator = Locator(choose=lambda file: (Counting(), SearchRegion()), needed=lambda estimator, seen: 1)
    try:
        locator.answers([locator.read(Asked(content=bytes(text), kind="json"), Limits())])
    except RisError as error:
        assert 400 <= status_of(error) < 500
