"""S4-128: 128 x 128 images, random crop and rotation, one hidden layer of 256 ReLU units (S4, section 4.3).

The program itself, to be read, is python/stepgrad/programs/s4_128.py. `stepgrad run S4-128` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S4-128")
    as_printed(program)
    run(program)
