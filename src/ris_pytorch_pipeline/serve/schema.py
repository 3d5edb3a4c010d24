"""What do requests and answers look like? As the OpenAPI document says it; tests hold real answers against it."""

from typing import Any

from .extra import pydantic
from .receiving import KINDS

_NUMBERS: dict[int, dict[str, Any]] = {0: {"type": "number"}}
for _depth in range(1, 5):
    _NUMBERS[_depth] = {"type": "array", "minItems": 1, "items": _NUMBERS[_depth - 1]}


class Strict(pydantic.BaseModel):
    """Fields by name, none beside them."""

    model_config = pydantic.ConfigDict(extra="forbid")


class Place(Strict):
    """A position, or something said of each coordinate; null where it does not exist or is not bounded."""

    azimuth_deg: float | None
    elevation_deg: float | None
    distance_m: float | None


class Interval(Strict):
    """Between which ends a coordinate lies; a distance without an upper end is bounded from below alone."""

    low: Place
    high: Place


class Source(Place):
    """A source that was found."""

    std: Place = pydantic.Field(description="± from the Fisher information: right if the model holds")
    std_sandwich: Place | None = pydantic.Field(description="± whether the model holds or not")
    interval_90: Interval = pydantic.Field(description="holds each coordinate with 90 % if the model holds")
    existence: float | None = pydantic.Field(description="probability that the source is there")
    evidence: float | None = pydantic.Field(description="2 ΔNLL against scatter of the channel's colour")
    power_db: float | None
    symbols: str | None = pydantic.Field(description="their kind, in scenes of several kinds")
    truth: Place | None = pydantic.Field(None, description="only where the file holds the truth")
    error: Place | None = None
    bound: Place | None = pydantic.Field(None, description="the Cramér-Rao bound")


class Missed(Strict):
    """A true source that was not found."""

    azimuth_deg: float | None
    elevation_deg: float | None
    distance_m: float | None
    bound: Place
    symbols: str | None


class Mode(Place):
    """Another place that explains the measurements nearly as well."""

    source: int
    loss: float = pydantic.Field(description="nats that the likelihood loses there")


class Fit(Strict):
    """How well the model explains the measurements."""

    explained: float = pydantic.Field(description="share of the energy")
    expected: float | None = pydantic.Field(description="the same if the model held; null where no scene tells it")
    p_value: float = pydantic.Field(description="of what is left over being white noise")
    striking: str
    modes: list[Mode]


class Advice(Strict):
    """Something to know about a scene."""

    status: str
    cause: str
    next: str


class Scene(Strict):
    """One scene."""

    scene: int = pydantic.Field(description="its number in the request")
    status: str = pydantic.Field(description="how the estimate ended, the worst of the findings")
    order: int = pydantic.Field(description="sources found")
    order_probability: float | None = pydantic.Field(
        description="that there are so many; null where the number was given or nothing states it"
    )
    noise_variance: float | None
    findings: list[Advice]
    fit: Fit | None
    sources: list[Source]
    missed: list[Missed] | None = None
    success: bool | None = None


class Region(Strict):
    """The field of view that was searched."""

    azimuth_deg: list[float]
    elevation_deg: list[float]
    distance_m: list[float]


class Summary(Strict):
    """What the scenes come to."""

    scenes: int
    orders: dict[str, int]
    success: float | None


class Located(Strict):
    """The answer; `scenes` are those of `ris locate --json`."""

    estimator: str
    region: Region
    scenes: list[Scene]
    summary: Summary
    warnings: list[str]


class Problem(Strict):
    """Why there is no answer."""

    wanted: str
    got: str
    cause: str
    move: str


class Health(Strict):
    """How the service is."""

    status: str
    version: str
    inside: int = pydantic.Field(description="requests accepted and not yet answered")
    busy: float = pydantic.Field(description="seconds that the present batch takes so far")


_WHY = {
    400: "no scenes: a body that is damaged, cut short or of another format",
    401: "no token, or another one",
    408: "a body that came too slowly",
    413: "too large a body, too many scenes, or a search that takes too much memory",
    415: "a body of another media type, or compressed",
    422: "scenes that the estimator cannot take, or a query that is none",
    503: "too many requests, or no answer in time; Retry-After says when to come again",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {code: {"model": Problem, "description": why} for code, why in _WHY.items()}
"""Answers that are none, by HTTP status."""
TOKEN = {"bearer": {"type": "http", "scheme": "bearer"}}
"""How a token is shown."""


_SIGNS = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
EXAMPLE: dict[str, Any] = {
    "measurements": {
        "real": [[[2.1, 0.1], [0.1, -1.9], [-0.1, 2.0], [1.9, 0.1]]],
        "imag": [[[0.1, 2.0], [1.9, 0.1], [2.0, -0.1], [-0.1, 2.1]]],
    },
    "codes": {"real": [_SIGNS], "imag": [[[0] * 4] * 4]},
    "channel": {"real": [[[1, 0, -1, 0], [0, 1, 0, -1]]], "imag": [[[0, 1, 0, -1], [1, 0, -1, 0]]]},
    "elements": [[0, -0.075, -0.075], [0, 0.075, -0.075], [0, -0.075, 0.075], [0, 0.075, 0.075]],
    "wavelengths": [0.3],
    "symbols": "random",
}
"""One scene of four snapshots, two antennas and four elements: how a document looks, not what is worth locating."""


def request_body() -> dict[str, Any]:
    """The two kinds of bodies."""
    file = {"schema": {"type": "string", "format": "binary"}}
    json = {"schema": _document(), "example": EXAMPLE}
    contents = {media: json if kind == "json" else file for media, kind in KINDS.items()}
    return {"required": True, "content": contents, "description": "a scene file, or its measurements as JSON"}


_KIND = {"type": "string", "enum": ["random", "pilot", "known"]}
"""The kind of symbols of a source."""


def _document() -> dict[str, Any]:
    """The schema of `SceneDocument`."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["measurements", "codes", "channel", "elements", "wavelengths", "symbols"],
        "properties": {
            "measurements": _parts("(scene, [frequency,] snapshot, antenna)"),
            "codes": _parts("(scene, [frequency,] snapshot, element)"),
            "channel": _parts("(scene, [frequency,] antenna, element)"),
            "elements": {**_NUMBERS[2], "description": "(element, 3), metres"},
            "wavelengths": {**_NUMBERS[1], "description": "metres"},
            "symbols": {
                "anyOf": [_KIND, {"type": "array", "items": _KIND, "minItems": 2}],
                "description": "of all sources, or of each",
            },
            "sequences": {"anyOf": [_parts("(scene, [frequency,] snapshot, source)"), {"type": "null"}]},
            "noise_variance": {"anyOf": [_NUMBERS[1], {"type": "null"}], "description": "(scene,), where known"},
            "wavefront": {"type": "string", "default": "spherical"},
            "pose": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"position": _NUMBERS[1], **{name: _NUMBERS[0] for name in ("yaw", "pitch", "roll")}},
            },
        },
    }


def _parts(axes: str) -> dict[str, Any]:
    """The schema of complex numbers."""
    either = {"anyOf": [_NUMBERS[3], _NUMBERS[4]]}
    return {
        "type": "object",
        "description": axes,
        "additionalProperties": False,
        "required": ["real", "imag"],
        "properties": {"real": either, "imag": either},
    }
