"""The log of the failure that this package answers, rebuilt from its published numbers."""


def original_log(epochs: int = 30) -> str:
    """Thirty epochs with 8 batches: rates from zero, Δparam 0, validation 1.921642 every time."""
    lines = ["Training on 8 batches per epoch"]
    for epoch in range(1, epochs + 1):
        backbone, head = 8.33e-06 * (epoch - 1), 3.33e-05 * (epoch - 1)
        train = 0.216999 + 0.001568 * ((epoch * 7) % 10) / 9
        if epoch <= 3:
            lines.append(f"[LR] epoch {epoch} lr=[{backbone:.3g}, {head:.3g}]")
        lines.append(f"[GRAD] epoch {epoch} backbone_norm=1.2e-01 head_norm=3.4e-01")
        lines.append(f"[OPT] epoch {epoch} groups=2")
        lines.append(f"[STEP] epoch {epoch} stepped=True Δparam=0.000e+00")
        lines.append(f"Epoch {epoch}/{epochs} train_loss: {train:.6f} val_loss: 1.921642")
    return "\n".join(lines)
