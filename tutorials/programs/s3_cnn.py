"""S3-cnn: a folder of image files, two convolutions, two dense layers (S3, section 5.2).

The program itself, to be read, is python/stepgrad/programs/s3_cnn.py. `stepgrad run S3-cnn` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S3-cnn")
    as_printed(program)
    run(program)
