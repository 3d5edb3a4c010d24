"""How are weights trained? The loop, its gate, rates, gradients and counts."""
