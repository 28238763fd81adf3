#!/usr/bin/python3
"""Reads a page in both formats back with independent parsers and compares sample by sample.

check_page.py TEXT_PAGE OPENMETRICS_PAGE [--ignore-values REGEX]

TEXT_PAGE is text 0.0.4: python3-prometheus-client's parser and `promtool check metrics` read it.
OPENMETRICS_PAGE is OpenMetrics 1.0.0: python3-prometheus-client's strict parser reads it. Names,
labels, values, types and HELP must agree. Values of sample names that match REGEX may differ: two
scrapes of a running process see two values of its own counters. Exit status 1 and one line per
difference when something is wrong.
"""
import argparse
import math
import re
import subprocess
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

# Text 0.0.4 has neither of these: both are gauges there.
TEXT_TYPES = {"stateset": "gauge", "info": "gauge"}
TEXT_SUFFIX = {"counter": "_total", "info": "_info"}
SHOWN = 20


def read(path, problems):
    with open(path, "rb") as page:
        data = page.read()
    for bad, name in ((b"\r", "a carriage return"), (b"\n\n", "an empty line")):
        if bad in data:
            problems.append(f"{path}: {name}")
    if data.startswith(b"\xef\xbb\xbf"):
        problems.append(f"{path}: a byte order mark")
    if not data.endswith(b"\n"):
        problems.append(f"{path}: the last line has no end")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append(f"{path}: not UTF-8: {error}")
        return data.decode("utf-8", "replace")


def check_layout(path, text, keywords, sample_belongs, problems):
    """Metadata in its order, before its samples; each family in one piece, each sample once."""
    seen = set()
    series = set()  # the strict parser drops a repeated sample without a word
    family = None
    place = 0
    sampled = False
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if line == "# EOF":
            continue
        if line.startswith("#"):
            parts = line.split(" ", 3)
            if len(parts) < 3 or parts[1] not in keywords:
                problems.append(f"{where}: a comment that is no metadata: {line[:100]}")
                continue
            name = parts[2]
            if name != family or sampled:
                if name in seen:
                    problems.append(f"{where}: family {name} comes twice")
                seen.add(name)
                family, place, sampled = name, 0, False
            if keywords.index(parts[1]) < place:
                problems.append(f"{where}: {parts[1]} of {name} is out of order ({' '.join(keywords)})")
            place = keywords.index(parts[1]) + 1
        else:
            sampled = True
            name = re.match(r"[^{ ]*", line).group(0)
            if family is None or not sample_belongs(name, family):
                problems.append(f"{where}: sample {name} below the family {family}")
            identity = line.rsplit(" ", 1)[0]
            if identity in series:
                problems.append(f"{where}: {identity} comes twice")
            series.add(identity)


def belongs_text(sample, family):
    return sample in (family, family + "_bucket", family + "_sum", family + "_count")


def belongs_openmetrics(sample, family):
    return belongs_text(sample, family) or sample in (family + "_total", family + "_info")


def parse(path, text, parser, problems):
    try:
        return list(parser(text))
    except Exception as error:  # the parsers raise what they please
        problems.append(f"{path}: the parser refuses it: {type(error).__name__}: {error}")
        return None


def samples_of(path, families, problems):
    found = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in found:
                problems.append(f"{path}: {show(key)} comes twice")
            if sample.timestamp is not None:
                problems.append(f"{path}: {show(key)} has a timestamp")
            found[key] = sample.value
    return found


def show(key):
    name, labels = key
    return name + "{" + ",".join(f"{label}={value!r}" for label, value in labels) + "}"


def same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


def compare_samples(text, openmetrics, ignored, problems):
    for key in text.keys() - openmetrics.keys():
        problems.append(f"only in the text page: {show(key)}")
    for key in openmetrics.keys() - text.keys():
        problems.append(f"only in the OpenMetrics page: {show(key)}")
    for key in text.keys() & openmetrics.keys():
        one, other = float(text[key]), float(openmetrics[key])
        if not same(one, other) and not (ignored and ignored.search(key[0])):
            problems.append(f"{show(key)}: {one!r} in text, {other!r} in OpenMetrics")


def metadata(text_page):
    """What the text page's HELP and TYPE lines say, by the name they give."""
    helps = {}
    types = {}
    for line in text_page.splitlines():
        parts = line.split(" ", 3)
        if line.startswith("# HELP "):
            text = parts[3] if len(parts) > 3 else ""
            helps[parts[2]] = re.sub(r"\\([\\n])", lambda m: "\n" if m[1] == "n" else "\\", text)
        elif line.startswith("# TYPE "):
            types[parts[2]] = parts[3] if len(parts) > 3 else ""
    return helps, types


def compare_metadata(text_page, openmetrics_families, problems):
    helps, types = metadata(text_page)
    expected = set()
    for family in openmetrics_families:
        name = family.name + TEXT_SUFFIX.get(family.type, "")
        expected.add(name)
        if name not in types:
            problems.append(f"text page: no TYPE of {name}")
        elif types[name] != TEXT_TYPES.get(family.type, family.type):
            problems.append(f"text page: {name} is a {types[name]}, in OpenMetrics a {family.type}")
        if not family.documentation:
            problems.append(f"OpenMetrics page: no HELP of {family.name}")
        if helps.get(name) != family.documentation:
            problems.append(f"HELP of {name} differs: {helps.get(name)!r}, {family.documentation!r}")
    for name in sorted(types.keys() - expected):
        problems.append(f"only in the text page: family {name}")


def run_promtool(path, problems):
    with open(path, "rb") as page:
        try:
            run = subprocess.run(["promtool", "check", "metrics"], stdin=page, check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except FileNotFoundError:
            problems.append("promtool is missing: install the package prometheus")
            return
    output = run.stdout.decode("utf-8", "replace").strip()
    if run.returncode != 0 or output:
        problems.append(f"{path}: promtool check metrics ({run.returncode}): {output}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("text_page")
    arguments.add_argument("openmetrics_page")
    arguments.add_argument("--ignore-values", type=re.compile, metavar="REGEX")
    options = arguments.parse_args()

    problems = []
    text = read(options.text_page, problems)
    openmetrics = read(options.openmetrics_page, problems)
    check_layout(options.text_page, text, ("HELP", "TYPE"), belongs_text, problems)
    check_layout(options.openmetrics_page, openmetrics, ("TYPE", "UNIT", "HELP"),
                 belongs_openmetrics, problems)
    text_families = parse(options.text_page, text, parse_text, problems)
    openmetrics_families = parse(options.openmetrics_page, openmetrics, parse_openmetrics, problems)
    text_samples = {}
    if text_families is not None and openmetrics_families is not None:
        text_samples = samples_of(options.text_page, text_families, problems)
        openmetrics_samples = samples_of(options.openmetrics_page, openmetrics_families, problems)
        if not text_samples:
            problems.append(f"{options.text_page}: no samples")
        compare_samples(text_samples, openmetrics_samples, options.ignore_values, problems)
        compare_metadata(text, openmetrics_families, problems)
    run_promtool(options.text_page, problems)

    for problem in problems[:SHOWN]:
        print(problem)
    if len(problems) > SHOWN:
        print(f"... and {len(problems) - SHOWN} more")
    if problems:
        return 1
    print(f"{len(openmetrics_families)} families, {len(text_samples)} samples agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
