"""What the samples of a load come to. Times are in seconds."""

import dataclasses
import math
from collections.abc import Iterable, Sequence


@dataclasses.dataclass(frozen=True)
class Sample:
    """One request. Times are those of the monotonic clock."""

    #: ``new`` (a connection of its own) or ``kept`` (a keep-alive client's).
    kind: str
    #: When it was to leave, when it left, and when it was answered or given up.
    intended: float
    departed: float
    ended: float
    #: Why it failed; empty if it was answered as it should be.
    error: str = ""

    @property
    def latency(self) -> float:
        return self.ended - self.intended

    @property
    def lag(self) -> float:
        """How late the load generator itself was."""
        return self.departed - self.intended


@dataclasses.dataclass(frozen=True)
class Summary:
    """Latencies are of the answered requests only, ``failed`` counts the others."""

    requests: int
    failed: int
    #: The longest time without an answer.
    gap: float
    p50: float
    p99: float
    p999: float
    max: float
    #: Of the load generator, p99.
    lag: float


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all values do not exceed (nearest rank); NaN for none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


def between(samples: Iterable[Sample], begin: float, end: float) -> list[Sample]:
    """Those that were to leave in this time."""
    return [sample for sample in samples if begin <= sample.intended < end]


def longest_gap(samples: Iterable[Sample]) -> float:
    """The longest time from one answer to the next, the first departure counting as one."""
    samples = list(samples)
    if not samples:
        return math.nan
    times = [min(sample.intended for sample in samples)]
    times += sorted(sample.ended for sample in samples if not sample.error)
    times.append(max(times[-1], max(sample.intended for sample in samples)))
    return max(later - earlier for earlier, later in zip(times, times[1:]))


def summarise(samples: Sequence[Sample]) -> Summary:
    latencies = [sample.latency for sample in samples if not sample.error]
    return Summary(
        requests=len(samples),
        failed=len(samples) - len(latencies),
        gap=longest_gap(samples),
        p50=percentile(latencies, 0.5),
        p99=percentile(latencies, 0.99),
        p999=percentile(latencies, 0.999),
        max=max(latencies, default=math.nan),
        lag=percentile([sample.lag for sample in samples], 0.99),
    )
