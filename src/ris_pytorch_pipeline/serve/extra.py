"""Are FastAPI, uvicorn and prometheus-client there? Every file of this room that needs them takes them from here."""

from ..errors import ConfigurationError

try:
    import fastapi
    import h11
    import prometheus_client
    import pydantic
    import uvicorn
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as missing:
    raise ConfigurationError(
        "the packages fastapi, uvicorn and prometheus-client", str(missing), "an install without the extra",
        "pip install 'ris-pytorch-pipeline[serve]'",
    ) from missing  # fmt: skip

__all__ = [
    "ClientDisconnect",
    "H11Protocol",
    "HTTPException",
    "fastapi",
    "h11",
    "prometheus_client",
    "pydantic",
    "uvicorn",
]
