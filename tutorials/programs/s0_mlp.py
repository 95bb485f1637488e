"""S0-mlp: three dense layers, sigmoid and softmax, on 1000 images (S0, sections 4.3 and 5.2).

The program itself, to be read, is python/stepgrad/programs/s0_mlp.py. `stepgrad run S0-mlp` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S0-mlp")
    as_printed(program)
    run(program)
