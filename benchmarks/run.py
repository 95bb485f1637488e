"""All benchmarks: ``python benchmarks/run.py [--quick] [--only steps] [--threads 1,2] [--resume]``, the same as ``stepgrad bench``."""

import typer

from stepgrad.bench.commands import bench

if __name__ == "__main__":
    typer.run(bench)
