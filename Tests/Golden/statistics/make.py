#!/usr/bin/env python3
"""Writes the golden values beside it. Needs SciPy and statsmodels; the tests need neither.

Floats are the shortest text that reads back to the same bits.
"""

import pathlib
import random

import numpy
from scipy import stats
from statsmodels.stats.multitest import multipletests

FOLDER = pathlib.Path(__file__).parent


def write(name, header, rows):
    lines = [",".join(header)] + [",".join(map(str, row)) for row in rows]
    (FOLDER / name).write_text("\n".join(lines) + "\n")


def binomial_tails():
    for count in (1, 2, 6, 7, 20, 41, 100, 400, 5000):
        for rank in sorted({1, 2, count // 3 + 1, count // 2 + 1, count - 1, count} - {0}):
            for probability in (0.001, 0.04, 0.3, 0.5, 0.97):
                tail = stats.binom.sf(rank - 1, count, probability)
                if tail > 1e-290:
                    yield count, rank, probability, float(tail)


def beta_quantiles():
    for count, rank in ((1, 1), (6, 1), (12, 1), (20, 3), (20, 6), (42, 10), (100, 33),
                        (400, 165), (5000, 2400), (20000, 9800)):
        for probability in (0.01, 0.05, 0.07, 0.5, 0.95):
            yield count, rank, probability, float(
                stats.beta.ppf(probability, rank, count - rank + 1))


def sign_intervals():
    """Rank 0: too few values for an interval."""
    for confidence in (0.8, 0.9, 0.95, 0.99, 1 - 0.05 / 24, 1 - 0.05 / 96, 1 - 0.05 / 1000):
        for count in list(range(1, 61)) + [77, 100, 143, 250, 400, 999, 1000, 2500]:
            alpha = 1 - confidence
            rank = int(stats.binom.ppf(alpha / 2, count, 0.5)) + 2
            while rank > 0 and 2 * stats.binom.cdf(rank - 1, count, 0.5) > alpha:
                rank -= 1
            yield count, confidence, rank


def sign_tests():
    for positive, negative in ((0, 0), (1, 0), (3, 3), (0, 6), (5, 15), (15, 5), (0, 20), (180, 220),
                               (7, 60)):
        p = stats.binomtest(positive, positive + negative).pvalue if positive + negative else 1.0
        yield positive, negative, float(p)


def holm_families():
    generator = random.Random(1)
    families = [[0.5], [0.01, 0.01, 0.01], [0.04, 0.03, 0.02, 0.01], [0.9, 0.2, 1.0],
                [generator.random() ** 4 for _ in range(24)]]
    for number, p_values in enumerate(families):
        adjusted = multipletests(p_values, method="holm")[1]
        for p, q in zip(p_values, adjusted):
            yield number, p, float(q)


def samples():
    """Values of a sample in one field, then its lower median, MAD and 95th percentile."""
    generator = numpy.random.default_rng(1)
    for count in (1, 3, 5, 7, 19, 21, 39, 41, 99, 101):
        values = numpy.round(numpy.exp(generator.standard_t(3, count)) * 1000, 3)
        # Odd counts only: SciPy's deviation takes the mean of a middle pair.
        yield (
            " ".join(str(float(v)) for v in values),
            float(numpy.percentile(values, 50, method="inverted_cdf")),
            float(stats.median_abs_deviation(values)),
            float(numpy.percentile(values, 95, method="inverted_cdf")))


write("binomial-tails.csv", ["count", "rank", "probability", "tail"], binomial_tails())
write("beta-quantiles.csv", ["count", "rank", "probability", "quantile"], beta_quantiles())
write("sign-intervals.csv", ["count", "confidence", "lower_rank"], sign_intervals())
write("sign-tests.csv", ["positive", "negative", "p_value"], sign_tests())
write("holm.csv", ["family", "p_value", "adjusted"], holm_families())
write("samples.csv", ["values", "median", "mad", "p95"], samples())
