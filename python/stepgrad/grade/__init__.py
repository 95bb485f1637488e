"""The grader: marks a hand-worked solution as a good teacher would, and says what may have gone wrong."""

from stepgrad.grade.marking import Grade, StepMark, grade
from stepgrad.grade.problems import PROBLEMS, problem
from stepgrad.grade.solution import Quantity, Solution

__all__ = ["PROBLEMS", "Grade", "Quantity", "Solution", "StepMark", "grade", "problem"]
