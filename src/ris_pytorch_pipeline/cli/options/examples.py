"""What does a command line look like? One that can be typed, below the help of each command."""

EXAMPLES = {
    "simulate": "ris simulate scenes.safetensors --preset random --sources '[1,3]' --snr-db 10 --scenes 100",
    "import": "ris import mapping.toml capture.safetensors --dry-run",
    "calibrate": "ris calibrate known.safetensors gains.safetensors",
    "locate": "ris locate scenes.safetensors --scene all --sources auto --plot scene.png",
    "serve": "ris serve --port 8642 --batch 32",
    "check": "ris check capture.safetensors --scenes 4 --sources 1",
    "bound": "ris bound --preset pilot --sources 5 --snr-db 10",
    "bench": "ris bench --methods sml,bp-music,genie --sources 1,3 --snr-db 0,10,20 --figure sweep.png",
    "doctor": "ris doctor --preset tiny",
    "train": "ris train runs/first --preset tiny --epochs 12",
    "evaluate": "ris evaluate runs/first --sources 1,2,3 --snr-db 5,10,20",
    "search": "ris search runs/search --trials 12 --workers 2",
    "overfit": "ris overfit --preset tiny --scenes 512",
    "diagnose": "ris diagnose runs/first",
    "report": "ris report results --tables README.md docs/results.md --check",
    "demo": "ris demo --out runs/demo",
}
"""By command."""
_ANOTHER = {"simulate": "ris simulate own.safetensors --preset pilot --calibration gains.safetensors --untold"}
"""Of commands of which one says too little."""


def epilog_of(command: str) -> str:
    """What stands below the options of a command."""
    more = f"; or: {_ANOTHER[command]}" if command in _ANOTHER else ""
    return f"example: {EXAMPLES[command]}{more}"
