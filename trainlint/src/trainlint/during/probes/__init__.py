"""Probes: one question each, asked while a training runs."""
