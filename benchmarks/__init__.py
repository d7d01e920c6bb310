"""`python -m benchmarks [NAME …]`: what the product promises of its speed and memory, as ratios within one run."""
