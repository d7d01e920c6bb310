"""Naive Bayes of 50,000 pictures and 1,000 classes against a double loop like the published one.

Both start from the counts of tags and from every picture's scores of 1,000 tags, and end with its best class. The loop
is written here after the description of the published code (without its line of output per tag, class and picture),
timed on some of the pictures, and scaled by their number: its time is the same for each. All run on one core; what
counts is the processor's time, the best of three.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.bar import AtLeast, Bar, whole

PICTURES, CLASSES, TAGS, K = 50_000, 1_000, 1_000, 5
LOOPED = 200
"""Pictures that the loop is timed on."""

SCRIPT = """
import json, sys, time
import numpy as np
from dejavu_baselines.tag_counts import Bernoulli, chosen_tags, in_runs, published_log_ratios
n, classes, v, k, looped = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
counts = rng.poisson(rng.gamma(0.3, 10, (v, classes))).clip(0, 300).astype(float)
odds = np.exp(rng.normal(0, 3, (n, v)).astype(np.float32))
scores = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float16)
del odds

def loop(rows):
    names = [f"tag {i}" for i in range(v)]
    frequencies = [{names[t]: [c, 0.0] for t, c in enumerate(column) if c} for column in counts.T.tolist()]
    totals = {name: total for name, total in zip(names, counts.sum(axis=1).tolist()) if total}
    nothing = [1e-10, 1e-10]
    pictures = [(names, row.tolist()) for row in rows]
    began = time.process_time()
    best = []
    for tags, likely in pictures:
        chosen = np.array(tags)[np.argsort(likely)[-k:]]
        products = {}
        for name, of in enumerate(frequencies):
            product = 1.0
            for tag in chosen:
                total = totals.get(tag, 1e-10)
                product *= of.get(tag, nothing)[0] / total
            products[name] = product if len(chosen) else 0.0
        best.append(max(zip(products.values(), products.keys())))
    return time.process_time() - began, np.array([name for _, name in best])

def ours(log_joint):
    best = []
    began = time.process_time()
    for start in range(0, n, 4096):  # as the auditor asks
        tags = chosen_tags(scores[start:start + 4096], k, 0)
        best.append(in_runs(tags, log_joint, classes).argmax(axis=1))
    return time.process_time() - began, np.concatenate(best)

ratios = published_log_ratios(counts, k, 0)
proper = Bernoulli.learn(counts, np.full(classes, 300), 1.0)
loops, publisheds, bayeses = [], [], []
for _ in range(3):  # in turn, so that a busy machine hinders all
    slow, answers = loop(scores[:looped])
    loops.append(slow * n / looped)
    published, fast = ours(lambda tags: tags @ ratios)
    publisheds.append(published)
    bayeses.append(ours(proper.log_joint)[0])
agree = float((fast[:looped] == answers).mean())
print(json.dumps({"loop": min(loops), "published": min(publisheds), "bayes": min(bayeses), "agree": agree}))
"""


def run(folder: Path) -> list[Bar]:
    """How many times as fast as the loop: the same rule, and the proper one."""
    sizes = (PICTURES, CLASSES, TAGS, K, LOOPED)
    found = json.loads(whole("-c", SCRIPT, *map(str, sizes)).output)
    what = f"{PICTURES:,} pictures x {CLASSES:,} classes, k = {K}"
    return [
        AtLeast(f"Naive Bayes, {what}: the double loop / ours", found["loop"] / found["bayes"], 300, " x", ".0f"),
        AtLeast(f"the published rule, {what}: the loop / ours", found["loop"] / found["published"], 300, " x", ".0f"),
        AtLeast("share of pictures on which the loop and ours name one class", found["agree"], 0.99, "", ".3f"),
    ]
