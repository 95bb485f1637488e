"""S2-text-cnn: text classifier: embedding, convolution, pooling; accuracy, precision and recall (S2, section 4.2, case 1).

The program itself, to be read, is python/stepgrad/programs/s2_text_cnn.py. `stepgrad run S2-text-cnn` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S2-text-cnn")
    as_printed(program)
    run(program)
