#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads /metrics from standard input as strictly as Prometheus' text format says (version 0.0.4), and
looks for what an administrator needs."""
import collections
import re
import sys

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\]|\\\\.)*",?)*)\})? ([0-9.e+-]+|\+Inf|NaN)$')
WANTED = {
    "counter": ["ward_calls_total", "ward_answers_total", "ward_events_total", "ward_log_records_total", "ward_log_syncs_total",
                "ward_log_refused_total", "ward_edge_accepted_total", "ward_edge_refused_total", "ward_edge_floods_total"],
    "histogram": ["ward_call_seconds", "ward_answer_seconds"],
    "gauge": ["ward_log_lag_records", "ward_log_waiting_bytes", "ward_log_size_bytes", "ward_views_files", "ward_views_verdicts",
              "ward_views_disk_bytes", "ward_samples", "ward_samples_bytes", "ward_edge_connections", "ward_edge_calls"],
}
types, helped, done, samples, family = {}, set(), set(), collections.defaultdict(dict), None
for line in sys.stdin.read().splitlines():
    if line.startswith("# HELP "):
        family = line.split(" ")[2]
        assert family not in helped, f"{family} stands in two places"
        helped.add(family)
        assert len(line.split(" ", 3)[3]) > 3, line
    elif line.startswith("# TYPE "):
        _, _, name, kind = line.split(" ")
        assert name == family and name not in types and kind in WANTED, line
        types[name] = kind
    elif line:
        match = SAMPLE.match(line)
        assert match, f"not a sample: {line}"
        name, labels, value = match[1], match[2] or "", float(match[3])
        suffix = name[len(family):] if name.startswith(family) else "?"
        assert suffix in (("_bucket", "_sum", "_count") if types[family] == "histogram" else ("",)), line
        assert labels not in samples[name], f"twice: {line}"
        samples[name][labels] = value
for name, kind in types.items():
    assert (kind == "counter") == name.endswith("_total"), f"{name}: a {kind}"
    assert kind != "histogram" or name.endswith("_seconds"), name
    if kind != "histogram":
        continue
    groups = collections.defaultdict(list)
    for labels, value in samples[name + "_bucket"].items():
        rest, _, bound = labels.rpartition("le=")
        groups[rest.rstrip(",")].append((float(bound.strip('"').replace("+Inf", "inf")), value))
    for rest, buckets in groups.items():
        assert buckets == sorted(buckets) and [v for _, v in buckets] == sorted(v for _, v in buckets), rest
        assert buckets[-1] == (float("inf"), samples[name + "_count"][rest]), rest
        assert rest in samples[name + "_sum"], rest
for kind, names in WANTED.items():
    for name in names:
        assert types.get(name) == kind, f"{name} is no {kind}"
for labels in ('method="report",status="OK"', 'method="enroll",status="OK"'):
    assert samples["ward_calls_total"][labels] >= 1, labels
assert samples["ward_call_seconds_count"]['method="report"'] >= 1
assert 'tier="reputation"' in samples["ward_answer_seconds_count"]
assert samples["ward_events_total"][""] == 100
print(f"{len(types)} families, {sum(map(len, samples.values()))} samples")
