"""What the benchmarks make of samples."""

import math

import pytest
from hypothesis import given, strategies

from tests.benchmarks.stats import Sample, between, longest_gap, median, percentile, summarise


def sample(intended: float, took: float, error: str = "") -> Sample:
    return Sample("new", intended, intended, intended + took, error)


def test_percentile_is_a_value_that_was_measured():
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile(values, 0.999) == 100
    assert median([3.0, 1.0, 2.0]) == 2
    assert math.isnan(percentile([], 0.5))


@given(strategies.lists(strategies.floats(0, 100), min_size=1), strategies.floats(0, 1))
def test_no_more_than_the_rest_exceeds_a_percentile(values, share):
    exceeding = sum(value > percentile(values, share) for value in values)
    assert exceeding <= (1 - share) * len(values) + 1e-6


def test_latency_counts_from_the_intended_time():
    late = Sample("new", intended=1.0, departed=1.5, ended=2.0)
    assert late.latency == 1.0
    assert late.lag == 0.5


def test_failed_requests_are_counted_and_have_no_latency():
    summary = summarise([sample(0, 0.01), sample(1, 9.0, "timeout"), sample(2, 0.03)])
    assert (summary.requests, summary.failed) == (3, 1)
    assert summary.max == pytest.approx(0.03)


def test_gap_is_the_longest_time_without_an_answer():
    steady = [sample(number / 10, 0.01) for number in range(10)]
    assert longest_gap(steady) == pytest.approx(0.1)
    refused = [sample(number / 10, 0.01, "refused") for number in range(10, 30)]
    later = [sample(number / 10, 0.01) for number in range(30, 40)]
    assert longest_gap(steady + refused + later) == pytest.approx(2.1)


def test_gap_lasts_to_the_end_if_nothing_answers_any_more():
    samples = [sample(0, 0.01), *(sample(number, 1.0, "refused") for number in range(1, 6))]
    assert longest_gap(samples) == pytest.approx(4.99)


def test_samples_belong_to_the_time_they_were_to_leave():
    samples = [sample(0.5, 5.0), sample(1.0, 0.1), sample(2.0, 0.1)]
    assert between(samples, 1.0, 2.0) == [samples[1]]
