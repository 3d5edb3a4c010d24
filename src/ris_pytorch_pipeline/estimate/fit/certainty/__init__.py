"""How certain: ± that do not presume the model, of few measurements, and of errors of the panel."""
