"""S4-cifar: small colour images: normalization, two convolutions with pooling, two dense layers (S4, section 5.2).

The program itself, to be read, is python/stepgrad/programs/s4_cifar.py. `stepgrad run S4-cifar` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S4-cifar")
    as_printed(program)
    run(program)
