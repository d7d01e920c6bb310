from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.scores.objects import PerSample
from dejavu_audit.scores.strongest import best_f1, best_label, strongest_objects


def of(precision, recall, f1, correct, true=(2, 2)):
    return PerSample(*(np.array(each) for each in (precision, recall, f1, correct, [3, 3], true)))


def test_each_measure_is_the_best_that_any_reaches():
    one = of([0.5, 0.2], [0.1, 0.9], [0.3, 0.3], [1, 0])
    two = of([0.4, 0.8], [0.6, 0.1], [0.5, 0.3], [2, 1])
    both = strongest_objects([one, two])
    assert both.precision.tolist() == [0.5, 0.8]
    assert both.recall.tolist() == [0.6, 0.9]
    assert both.f1.tolist() == [0.5, 0.3]
    assert both.correct.tolist() == [2, 1]
    assert best_f1([one, two]).tolist() == [1, 0]
    assert strongest_objects([one]) is one


@given(st.data())
def test_the_ensemble_is_right_wherever_a_member_is(data):
    m, n = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 6))
    classes = st.integers(0, 2)
    top1 = np.array(data.draw(st.lists(classes, min_size=m * n, max_size=m * n))).reshape(m, n)
    top5 = np.stack([top1, np.array(data.draw(st.lists(classes, min_size=m * n, max_size=m * n))).reshape(m, n)], 2)
    likely, sure = np.random.default_rng(0).random((2, m, n))
    labels = np.array(data.draw(st.lists(classes, min_size=n, max_size=n)))
    best = best_label(labels, top1, top5, likely, sure)
    chosen1, chosen5 = top1[best, np.arange(n)], top5[best, np.arange(n)]
    assert ((chosen1 == labels) == (top1 == labels).any(axis=0)).all()
    assert ((chosen5 == labels[:, None]).any(axis=1) == (top5 == labels[None, :, None]).any(axis=(0, 2))).all()
