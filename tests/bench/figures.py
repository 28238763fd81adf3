"""What the benchmarks read off a running process."""

import collections
import contextlib
import gzip
import os
import pathlib
import re
import time


def resident(pid):
    """MiB"""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def highest(pid):
    """The most that was resident, MiB"""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def cpu_nanoseconds(pid):
    """With the threads that have ended: a page of many pools is made by one thread more, which lives for that page alone."""
    return time.clock_gettime_ns(~pid << 3 | 2)  # clock_getcpuclockid of a process, which Python does not have


def cpu_seconds(pid):
    return cpu_nanoseconds(pid) / 1e9


def on_cores(pid, cores):
    """Keeps the threads that run now, and those they start, on these cores."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it ended
            os.sched_setaffinity(int(task.name), cores)


def lag_buckets(page):
    """{upper bound as on the page: samples up to it}, the last is +Inf."""
    found = re.findall(r'^sfb_backup_exporter_loop_lag_seconds_bucket\{le="([^"]+)"\} (\d+)', page, re.M)
    return {bound: int(count) for bound, count in found}


def lag_within(buckets, part):
    """The bound within which so many of the samples are."""
    total = buckets.get("+Inf", 0)
    return next((bound for bound, count in buckets.items() if total and count >= part * total), "no samples")


def loop_lag(agent):
    buckets = lag_buckets(agent.metrics())
    return f"99 % of {buckets.get('+Inf', 0)} samples within {lag_within(buckets, 0.99)} s"


def label_values(page, family, label):
    """{value of that label: sum} of the family's series."""
    found = collections.Counter()
    pattern = re.compile(rf'{label}="([^"]*)"')
    for line in page.splitlines():
        if line.startswith(family + "{"):
            found[pattern.search(line).group(1)] += float(line.rsplit(" ", 1)[1])
    return found


def failures(page):
    """{pool: failed evaluations}, those that have any."""
    return {pool: int(count) for pool, count in label_values(page, "sfb_backup_evaluation_failures_total", "pool").items() if count}


def number(page, series):
    return float(re.search(rf"(?m)^{re.escape(series)} (\S+)", page).group(1))


class Watch:
    """What a Prometheus would see of an agent, scraped now and then."""

    def __init__(self, agent, healthy):
        self.agent, self.healthy, self.pid = agent, healthy, agent.process.pid
        self.gaps, self.seen, self.oldest, self.scrape_cpu, self.scrapes = [], {}, 0.0, 0.0, 0
        self.first = self.page()
        self.start, self.cpu, self.scrape_cpu, self.scrapes = time.monotonic(), cpu_seconds(self.pid), 0.0, 0

    def page(self):
        before = cpu_seconds(self.pid)
        answer = self.agent.request("/metrics", {"Accept-Encoding": "gzip"})
        self.scrape_cpu, self.scrapes = self.scrape_cpu + cpu_seconds(self.pid) - before, self.scrapes + 1
        page, now = gzip.decompress(answer.body).decode(), time.time()
        for pool, moment in label_values(page, "sfb_backup_last_evaluation_success_timestamp_seconds", "pool").items():
            if pool in self.healthy:
                if moment > self.seen.get(pool, moment):
                    self.gaps.append(moment - self.seen[pool])
                self.seen[pool] = moment
                self.oldest = max(self.oldest, now - moment)
        return page

    def result(self, interval):
        took, cpu = time.monotonic() - self.start, cpu_seconds(self.pid) - self.cpu
        self.agent_page = page = self.page()
        then, now = lag_buckets(self.first), lag_buckets(page)
        lag = {bound: count - then[bound] for bound, count in now.items()}
        done = [label_values(each, "sfb_backup_evaluations_total", "pool") for each in (self.first, page)]
        late = sorted(abs(gap - interval) for gap in self.gaps) or [float("nan")]
        return {
            "pools watched": f"{len(self.healthy)}",
            "their evaluations per minute": f"{sum(done[1][pool] - done[0][pool] for pool in self.healthy) * 60 / took:.1f}",
            "age of their last success, max (s)": f"{max([self.oldest, *self.gaps]):.2f}",
            "off the schedule, p50 p99 max (s)": " ".join(f"{late[int(p * (len(late) - 1))]:.3f}" for p in (0.5, 0.99, 1)),
            "failed evaluations of theirs": f"{sum(count for pool, count in failures(page).items() if pool in self.healthy)}",
            "loop lag (s): 99 % within, all within": f"{lag_within(lag, 0.99)}, {lag_within(lag, 1)} of {lag['+Inf']}",
            "agent CPU % of one core, without scrapes": f"{100 * cpu / took:.2f}, {100 * (cpu - self.scrape_cpu) / took:.2f}",
            "resident (MiB), after a scrape": f"{resident(self.pid):.1f}",
        }
