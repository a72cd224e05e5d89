"""What the benchmarks share: timing, the machine's facts, contestants, cases, the reports."""
