from .array.ambiguity import Lobe, ambiguity, lobes
from .array.chart import Chart, chart_at, chart_of, steering_with_derivatives
from .array.coordinates import about_origin, check_visible, directions_of, mirrored, to_cosines, to_positions, toward
from .array.field_of_view import check_told
from .array.files import array_from_file
from .array.lags import Lags, lags_of
from .array.layouts import Line, Panel, Points, bent
from .array.observability import COORDINATES, Observability, as_told, observability, told, untold
from .array.steering import centre_phase, phases_at, projections, steering, steering_at
from .array.value import Array, Pose
from .array.wavefronts import (
    WAVEFRONTS,
    Wavefront,
    fresnel,
    legacy_fresnel,
    planar,
    spherical,
    wavefront_named,
)
from .arrays import ARRAYS, ArrayModel, array_named
from .channel import complex_normal, direct_channel, rician_channel, uniform
from .channels import CHANNELS, ChannelModel, channel_named
from .codebook import constant_codes, dft_codes, hadamard_codes, quantise, random_codes
from .codebooks import CODEBOOKS, Codebook, codebook_named
from .geometry import (
    cartesian_from_positions,
    check_positions,
    cosines_from_positions,
    forward_cosine,
    position_jacobian,
    positions_from_cartesian,
    positions_from_cosines,
)
from .kinds import Kinds, SourceKind, is_mixed, kinds_of, shown_kinds
from .observation import Observation
from .scenes.array_models import scenario_array
from .scenes.hardware import Hardware
from .scenes.impairments import Impairments
from .scenes.scenario import Scenario, ends, identifiable_sources
from .scenes.scenario_presets import PRESETS, preset
from .scenes.scene import draw
from .scenes.truth import Scenes, Truth
from .snapshots import coded_operator, coded_response, measure, panel_images, received_power, stacked_gram
from .sounding import Sounding, direct

__all__ = [
    "ARRAYS",
    "CHANNELS",
    "CODEBOOKS",
    "COORDINATES",
    "PRESETS",
    "WAVEFRONTS",
    "Array",
    "ArrayModel",
    "ChannelModel",
    "Chart",
    "Codebook",
    "Hardware",
    "Impairments",
    "Kinds",
    "Lags",
    "Line",
    "Lobe",
    "Observability",
    "Observation",
    "Panel",
    "Points",
    "Pose",
    "Scenario",
    "Scenes",
    "Sounding",
    "SourceKind",
    "Truth",
    "Wavefront",
    "about_origin",
    "ambiguity",
    "array_from_file",
    "array_named",
    "as_told",
    "bent",
    "cartesian_from_positions",
    "centre_phase",
    "channel_named",
    "chart_at",
    "chart_of",
    "check_positions",
    "check_told",
    "check_visible",
    "codebook_named",
    "coded_operator",
    "coded_response",
    "complex_normal",
    "constant_codes",
    "cosines_from_positions",
    "dft_codes",
    "direct",
    "direct_channel",
    "directions_of",
    "draw",
    "ends",
    "forward_cosine",
    "fresnel",
    "hadamard_codes",
    "identifiable_sources",
    "is_mixed",
    "kinds_of",
    "lags_of",
    "legacy_fresnel",
    "lobes",
    "measure",
    "mirrored",
    "observability",
    "panel_images",
    "phases_at",
    "planar",
    "position_jacobian",
    "positions_from_cartesian",
    "positions_from_cosines",
    "preset",
    "projections",
    "quantise",
    "random_codes",
    "received_power",
    "rician_channel",
    "scenario_array",
    "shown_kinds",
    "spherical",
    "stacked_gram",
    "steering",
    "steering_at",
    "steering_with_derivatives",
    "to_cosines",
    "to_positions",
    "told",
    "toward",
    "uniform",
    "untold",
    "wavefront_named",
]
