"""Seconds and memory: starting, drawing, training, measuring."""
