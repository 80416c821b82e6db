"""Measured figures: whole processes, a real Mosquitto, medians, and each speed beside a bare loop in the same run."""
