"""S1-simple: three Linear layers with ReLU learn one sample (S1, section 5.2).

The program itself, to be read, is python/stepgrad/programs/s1_simple.py. `stepgrad run S1-simple` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S1-simple")
    as_printed(program)
    run(program)
