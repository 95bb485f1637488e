"""Order, medians, quartiles, ratios. Nothing here asserts how long anything takes."""

import pytest

from stepgrad.bench.timing import Sample, calibrate, contest, geometric_mean, ratio, summarize, take_sample


def samples(*seconds, preempted=()):
    return [Sample(s, i in preempted) for i, s in enumerate(seconds)]


def test_contest_goes_a_b_c_c_b_a():
    takers = {name: lambda: Sample(1.0, False) for name in "ABC"}
    assert "".join(name for name, _ in contest(takers, 3)) == "ABCCBAABC"


def test_a_contestant_without_budget_left_still_has_its_first_sample():
    takers = {name: lambda: Sample(1.0, False) for name in "AB"}
    assert [name for name, _ in contest(takers, 5, budget=1e-12)] == ["A", "B"]


def test_preempted_samples_are_dropped():
    summary = summarize(samples(1.0, 2.0, 3.0, 100.0, preempted={3}))
    assert (summary.median, summary.samples, summary.dropped, summary.busy) == (2.0, 3, 1, False)


def test_on_a_busy_machine_all_samples_count_and_it_says_so():
    summary = summarize(samples(1.0, 2.0, 3.0, preempted={0, 1}))
    assert (summary.median, summary.samples, summary.dropped, summary.busy) == (2.0, 3, 0, True)


def test_quartiles():
    summary = summarize(samples(5.0, 1.0, 4.0, 2.0, 3.0))
    assert (summary.q1, summary.median, summary.q3) == (2.0, 3.0, 4.0)
    assert summarize(samples(7.0))[:3] == (7.0, 7.0, 7.0)


def test_ratio_is_the_median_of_the_ratios_of_each_round():
    ours, other = samples(1.0, 10.0, 1.0, 2.0), samples(2.0, 20.0, 8.0, 1.0)
    assert ratio(other, ours) == 2.0  # of 2, 2, 8 and 0.5
    assert ratio(ours, other) == 0.5


def test_ratio_leaves_out_rounds_in_which_either_was_preempted():
    ours, other = samples(1.0, 1.0, 1.0, 1.0), samples(3.0, 99.0, 3.0, 3.0, preempted={1})
    assert ratio(other, ours) == 3.0


def test_ratio_with_too_few_clean_rounds_compares_medians():
    assert ratio(samples(6.0), samples(2.0, 4.0)) == 2.0


def test_geometric_mean_treats_wins_and_losses_alike():
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)


def test_calibrate_and_take_sample_call_what_they_time():
    calls = []
    repetitions = calibrate(lambda: calls.append(1), 1e-4)
    assert repetitions >= 1 and calls
    calls.clear()
    take_sample(lambda: calls.append(1), 7, cpu_clock=True)
    assert len(calls) == 7
