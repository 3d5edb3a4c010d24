"""`ris serve`: measurements over HTTP in, sources out, by the estimator that `ris locate` would take."""

import argparse
import logging
import sys

from ...calibrate import load_calibration
from ...data import SceneFile
from ...errors import ConfigurationError
from ...estimate import Estimator, SearchRegion, contender, likelihood_for
from ...serve import Limits, Locator, application, bound, run_until_stopped, token_in, url_of
from ..memory import searched_bytes
from ..options.scenes.field_of_view import region_in
from .locate import estimator_for, network_of

_HERE = {"127.0.0.1": {"127.0.0.1", "localhost"}, "localhost": {"127.0.0.1", "localhost", "[::1]"}}
_HERE["::1"] = {"[::1]", "localhost"}
"""Addresses that only this machine reaches, and the names by which pages may call them."""


def run(arguments: argparse.Namespace) -> None:
    """Listen, say where, and serve until a signal comes."""
    limits = _limits(arguments)
    token = _token(arguments)
    locator = locator_of(arguments)
    hosts = _HERE.get(arguments.host)
    app = application(locator, limits, token=token, hosts=None if hosts is None else frozenset(hosts))
    listening = bound(arguments.host, arguments.port)
    logging.basicConfig(stream=sys.stderr, format="ris: %(message)s", level=logging.WARNING)
    print(f"serving at {url_of(listening)}", flush=True)
    run_until_stopped(app, listening, limits)


def _limits(arguments: argparse.Namespace) -> Limits:
    return Limits(
        body=_bytes(arguments.body_mb),
        scenes=arguments.most_scenes,
        waiting=arguments.waiting,
        batch=arguments.batch,
        memory=_bytes(arguments.memory_mb),
        reading=arguments.reading,
        answering=arguments.answering,
    )


def _bytes(megabytes: float) -> int:
    """Whole bytes; nothing of what is no size."""
    return int(megabytes * 1e6) if 0 < megabytes < 1e9 else 0


def _token(arguments: argparse.Namespace) -> str | None:
    """The token that requests have to show.

    Raises:
        ConfigurationError: none, where other machines reach the service.
    """
    if arguments.token is not None:
        return token_in(arguments.token)
    if arguments.host not in _HERE and not arguments.without_token:
        raise ConfigurationError(
            "--token FILE beside an address that other machines reach", f"--host {arguments.host} alone",
            "a service for others", "pass --token, or --without-token where something before it asks who they are",
        )  # fmt: skip
    return None


def locator_of(arguments: argparse.Namespace) -> Locator:
    """The estimator for each request; a network is loaded once, and what cannot be chosen is refused at once.

    Raises:
        ConfigurationError: an unknown estimator, or options of an estimator beside a trained network.
        InputError: no network at that path, no calibration, or no field of view.
    """
    trained = network_of(arguments)
    if trained is None:
        contender(arguments.estimator or likelihood_for("random"), region_in(arguments, {}))

    def choose(file: SceneFile) -> tuple[Estimator, SearchRegion]:
        return estimator_for(arguments, file, trained)

    calibration = None if arguments.calibration is None else load_calibration(arguments.calibration)
    return Locator(choose=choose, needed=searched_bytes, calibration=calibration)
