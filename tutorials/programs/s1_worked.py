"""S1-worked: the hand-worked example, 3-3-3-3, number by number (S1, section 4.3).

The program itself, to be read, is python/stepgrad/programs/s1_worked.py. `stepgrad run S1-worked` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S1-worked")
    as_printed(program)
    run(program)
