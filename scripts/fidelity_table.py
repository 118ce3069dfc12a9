# SPDX-License-Identifier: MIT
"""The figures of scripts/fidelity: from results of `heapwise verify` to tables. Runs nothing."""
import json
import math
import statistics

# The bar, in per cent. Errors are absolute values over program × allocator.
BAR = {"peak": {"median": 0.7, "mean": 1.3, "p90": 3.5}, "mean": {"mean": 2.6},
       "end": {"mean": 2.3}}
BEYOND_NOISE = 5
# Two allocators really differ when their peaks are further apart than both noises and this.
DIFFERENT_PERCENT = 2
SLOWDOWN = 1.25
# Recordings are too few when their live bytes at the peak, or the peaks that they predict of
# glibc, are further apart than this, in per cent.
SETTLED_PERCENT = 3
ENOUGH_RECORDINGS = 9
GROUPS = {"named": "The programs of the bar", "apart": "Reported apart",
          "others": "Programs that had no part in the method",
          "mended": "Programs that were predicted wrongly, until what they showed was mended"}
ERRORS = {"peak": "error_percent", "mean": "mean_error_percent", "end": "end_error_percent"}
NOISES = {"peak": "noise_percent", "mean": "mean_noise_percent", "end": "end_noise_percent"}


class Cell:
    """One program under one allocator."""

    def __init__(self, program, row):
        self.program, self.row = program, row
        self.allocator = row["allocator"]
        self.peak = row.get("real_peak_rss_bytes")
        self.error = {what: row.get(field) for what, field in ERRORS.items()}
        self.noise = {what: row.get(field) or 0 for what, field in NOISES.items()}
        self.check = row["check"]
        self.failure = row.get("failure", "")
        self.cpu, self.cpu_change = row.get("real_cpu_s"), row.get("cpu_change_percent")
        self.cpu_noise = None
        if self.cpu_change is not None:
            self.cpu_noise = (row["cpu_change_high_percent"] - row["cpu_change_low_percent"]) / 2
        self.real_speed = row.get("real_speed")
        self.predicted_speed = row.get("predicted_speed")
        self.predicted_change = row.get("predicted_cpu_change_percent")

    @property
    def is_foretold(self):
        """Whether both sides know a change of CPU time."""
        return self.cpu_noise is not None and self.predicted_change is not None

    @property
    def change_is_possible(self):
        """Whether the real runs allow the change that was predicted."""
        return self.is_foretold and (
            self.row["cpu_change_low_percent"] <= self.predicted_change <=
            self.row["cpu_change_high_percent"])

    @property
    def counts(self):
        """Whether its memory is compared at all."""
        return self.error["peak"] is not None and self.check != "not-checked"


class Measured:
    """All that is known of one program."""

    def __init__(self, program, result):
        self.program, self.result = program, result
        self.workload = result["workloads"][0]
        rows = result["verification"]
        self.cells = [Cell(program, row)
                      for row in sorted(rows, key=lambda r: r["allocator"] != "glibc")]
        self.flags = sorted({w["code"] for w in self.workload.get("warnings", [])})
        self.slowdown = self.workload.get("recording_slowdown")

    @property
    def real_runs(self):
        """Under each allocator."""
        return max(c.row["real_runs"] + c.row["failures"] for c in self.cells)

    def pairs(self):
        """(differ, rightly ordered) of the pairs of allocators whose peaks really differ."""
        found = []
        cells = [c for c in self.cells if c.counts]
        for i, one in enumerate(cells):
            for other in cells[i + 1:]:
                real = other.peak - one.peak
                apart = max(one.peak * one.noise["peak"], other.peak * other.noise["peak"],
                            min(one.peak, other.peak) * DIFFERENT_PERCENT) / 100
                if abs(real) <= apart:
                    continue
                predicted = (other.row["predicted_peak_rss_bytes"] -
                             one.row["predicted_peak_rss_bytes"])
                found.append((one, other, (predicted > 0) == (real > 0)))
        return found


def is_settled(result):
    """Whether the recordings agree on how much is live, and resident, at the peak, and took no
    longer than they may."""
    workload = result["workloads"][0]
    if workload.get("recording_slowdown", 0) > SLOWDOWN:
        return False
    live = [one["peak_live_bytes"] for one in workload.get("recordings", [])]
    if len(live) < 2:
        return True
    # Threads may find as much work each time, but not share it evenly.
    resident = [run["peak_rss_bytes"] for run in result.get("runs", [])
                if run["allocator"] == "glibc" and run.get("peak_rss_bytes") is not None]
    return all((max(peaks) - min(peaks)) * 100 <= SETTLED_PERCENT * statistics.median(peaks)
               for peaks in (live, resident) if peaks)


def signed(value, digits=1):
    return "" if value is None else f"{value:+.{digits}f}"


def p90(values):
    """By the nearest rank: the least value that nine tenths of all do not exceed."""
    return sorted(values)[math.ceil(len(values) * 9 / 10) - 1]


SIGNS = {"slower": "+", "faster": "−", "same": "="}


class Table:
    def __init__(self, programs, folder):
        self.programs = programs
        self.known, self.failed = {}, {}
        for name, program in programs.items():
            path = folder / f"{name}.json"
            if path.exists():
                self.known[name] = Measured(program, json.loads(path.read_text()))
            elif path.with_suffix(".failed").exists():
                self.failed[name] = path.with_suffix(".failed").read_text().strip()

    def of_group(self, group, chosen=None):
        return [m for m in self.known.values() if m.program.group == group and
                (chosen is None or m.program in chosen)]

    # ---- rows and aggregates, as lists of texts

    HEAD = ["program", "allocator", "real peak MiB", "± %", "peak", "mean", "end",
            "CPU %", "±", "real", "replay %", "predicted"]

    @staticmethod
    def rows(measured):
        for cell in measured.cells:
            if cell.peak is None:
                yield ([measured.program.name, cell.allocator, "—", "",
                        cell.failure or "not measured"] +
                       [""] * (len(Table.HEAD) - 5))
                continue
            mark = {"failed": " ✗", "not-checked": " (not checked)"}.get(cell.check, "")
            base = cell.allocator == "glibc"
            cpu = signed(cell.cpu_change)
            if base:
                cpu = "" if cell.cpu is None else f"{cell.cpu:.2f} s"
            yield [measured.program.name, cell.allocator, f"{cell.peak / 2**20:.1f}",
                   f"{cell.noise['peak']:.1f}", signed(cell.error["peak"]) + mark,
                   signed(cell.error["mean"]), signed(cell.error["end"]),
                   cpu,
                   "" if cell.cpu_noise is None else f"{cell.cpu_noise:.1f}",
                   SIGNS.get(cell.real_speed, ""),
                   "" if base else signed(cell.predicted_change),
                   SIGNS.get(cell.predicted_speed, "")]

    def aggregates(self, measured):
        """(what, value, bar or None, good or None) over all cells of these programs."""
        cells = [c for m in measured for c in m.cells if c.counts]
        if not cells:
            return
        for what in ("peak", "mean", "end"):
            errors = [abs(c.error[what]) for c in cells if c.error[what] is not None]
            if not errors:
                continue
            for name, value in (("median", statistics.median(errors)),
                                ("mean", statistics.fmean(errors)), ("p90", p90(errors)),
                                ("worst", max(errors))):
                bar = BAR[what].get(name)
                yield (f"error of {what}, {name}", f"{value:.1f} %", bar and f"≤ {bar} %",
                       None if bar is None else round(value, 1) <= bar)
            noises = [c.noise[what] for c in cells]
            yield (f"… the programs' own noise of it, mean", f"{statistics.fmean(noises):.1f} %",
                   None, None)
        beyond = [c for c in cells if abs(c.error["peak"]) > c.noise["peak"] + BEYOND_NOISE]
        yield (f"cells beyond noise + {BEYOND_NOISE} %", f"{len(beyond)} of {len(cells)}", "none",
               not beyond)
        pairs = [p for m in measured for p in m.pairs()]
        right = sum(1 for p in pairs if p[2])
        yield ("pairs that differ, rightly ordered", f"{right} of {len(pairs)}", "all",
               right == len(pairs))
        judged = [c for m in measured for c in m.cells if c.real_speed and c.predicted_speed]
        differ = [c for c in judged if c.real_speed != "same"]
        right = sum(1 for c in differ if c.real_speed == c.predicted_speed)
        missed = sum(1 for c in differ if c.predicted_speed == "same")
        yield ("speed differs from glibc's: sign right, missed, wrong",
               f"{right}, {missed}, {len(differ) - right - missed} of {len(differ)}", "all right",
               right == len(differ))
        ratios = [c.cpu_change / c.predicted_change for c in differ if c.predicted_change]
        if len(ratios) > 1:
            lower, middle, upper = statistics.quantiles(ratios, n=4, method="inclusive")
            yield ("… that difference ÷ the predicted one, quartiles; to the same side",
                   f"{lower:.1f}, {middle:.1f}, {upper:.1f}; "
                   f"{sum(1 for r in ratios if r > 0)} of {len(ratios)}", None, None)
        same = [c for c in judged if c.real_speed == "same"]
        alarms = [c for c in same if c.predicted_speed != "same"]
        possible = sum(1 for c in alarms if c.change_is_possible)
        quiet = len(same) - len(alarms)
        yield ("speed shows no difference: none predicted, one within their noise, beyond it",
               f"{quiet}, {possible}, {len(alarms) - possible} of {len(same)}", "all none",
               not alarms)
        foretold = [c for m in measured for c in m.cells if c.is_foretold]
        if foretold:
            possible = sum(1 for c in foretold if c.change_is_possible)
            yield ("… predicted change within the real interval",
                   f"{possible} of {len(foretold)}", None, None)
        slow = [m.slowdown for m in measured if m.slowdown]
        if slow:
            yield ("slowdown by recording, worst", f"{max(slow):.2f} ×", f"≤ {SLOWDOWN} ×",
                   max(slow) <= SLOWDOWN)

    # ---- as text, for a terminal

    def text(self, chosen):
        lines = []
        for group, title in GROUPS.items():
            measured = self.of_group(group, chosen)
            if not measured:
                continue
            lines += [title, ""]
            lines += aligned([self.HEAD] + [row for m in measured for row in self.rows(m)])
            lines.append("")
            for m in measured:
                slowdown = f"recorded at {m.slowdown:.2f} ×; " if m.slowdown else ""
                lines.append(f"{m.program.name}: {slowdown}{', '.join(m.flags) or 'no flags'}")
            lines.append("")
            over_all = [[what, value, bar or "", {True: "met", False: "MISSED", None: ""}[good]]
                        for what, value, bar, good in self.aggregates(measured)]
            lines += aligned(over_all) if over_all else ["nothing here counts over all"]
            lines.append("")
        for name, why in self.failed.items():
            if self.programs[name] in chosen:
                lines.append(f"{name} has no result: {why}\n")
        return "\n".join(lines)

    # ---- as a page

    def page(self):
        first = next(iter(self.known.values())).result
        machine = first["environment"]
        dates = sorted(m.result["created"] for m in self.known.values())
        runs = sorted({m.real_runs for m in self.known.values()})
        repetitions = f"{runs[0]} real runs under each allocator"
        if len(runs) > 1:
            repetitions = (f"{runs[0]} to {runs[-1]} real runs under each allocator, most where\n"
                           "differences in CPU time are small")
        recordings = sorted({len(m.result["workloads"][0].get("recordings", [])) or 1
                             for m in self.known.values()})
        times = "once" if recordings[-1] == 1 else f"{recordings[0]} times, whose median predicts"
        if len(recordings) > 1:
            times += (f" ({recordings[-1]}\ntimes where three differ by more than "
                      f"{SETTLED_PERCENT} % in live bytes or predicted glibc at the peak, or say\n"
                      f"that recording takes more than {SLOWDOWN} times as long)")
        parts = [INTRODUCTION.format(recordings=times,
            cpu=machine["cpu"], cores=machine["cores"], distribution=machine["distribution"],
            kernel=machine["kernel"], huge=machine["transparent_hugepage"], first=dates[0][:10],
            last=dates[-1][:10], repetitions=repetitions, noise=BEYOND_NOISE,
            different=DIFFERENT_PERCENT)]
        for group, title in GROUPS.items():
            measured = self.of_group(group)
            if measured:
                parts.append(self.section(title, measured))
        missing = [name for name in self.programs if name not in self.known]
        if missing:
            parts.append(f"Not run this time: {', '.join(missing)}.\n")
        return "\n".join(parts)

    def section(self, title, measured):
        lines = [f"## {title}", "", "| over all | | bar | |", "|---|---|---|---|"]
        for what, value, bar, good in self.aggregates(measured):
            met = {True: "met", False: "**missed**", None: ""}[good]
            lines.append(f"| {what} | {value} | {bar or ''} | {met} |")
        lines += ["", "| " + " | ".join(self.HEAD) + " |", "|---" * len(self.HEAD) + "|"]
        for m in measured:
            lines += ["| " + " | ".join(row) + " |" for row in self.rows(m)]
        lines += ["", "| program | what it does | real runs | recording | flags |",
                  "|---|---|---|---|---|"]
        for m in measured:
            slowdown = f"{m.slowdown:.2f} ×" if m.slowdown else ""
            lines.append(f"| {m.program.name} | {m.program.what.strip()} | {m.real_runs} | "
                         f"{slowdown} | "
                         f"{', '.join(f'`{flag}`' for flag in m.flags)} |")
        return "\n".join(lines) + "\n"


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
            for row in rows]


INTRODUCTION = """<!-- SPDX-License-Identifier: MIT -->
<!-- Written by scripts/fidelity; edit scripts/fidelity_table.py instead. -->
# Predicted and real, program by program

Written by `scripts/fidelity`, from {first} to {last} on {cpu}, {cores} cores, {distribution}, Linux
{kernel}, transparent huge pages {huge}; {repetitions}. Each program is recorded {recordings}, replayed
on every allocator, and then run itself under each of them in turn (`heapwise verify`). Its input is made by
the script, the same on every machine.

- **real peak** is the most that the real program's heap had resident, the median of the runs, and
  **± %** half their range. **peak, mean, end** are the prediction's errors in per cent of the real
  figure; ✗ marks a peak that is off by more than the program's noise + {noise} %.
- Allocators *really differ* when their peaks are further apart than the noise of both and
  {different} %.
- **CPU %** is what the real program's CPU time, user and system, is more than under glibc, run
  against run of the same round (of 40 rounds and more also the fastest quarter against the fastest
  quarter, where that is told more closely), and **±** its 99 % interval. **real** says whether that
  is beyond doubt and 2 %; **replay %** is the difference of allocator time in replay, in per cent of the same
  CPU time, and **predicted** what that says: + slower, − faster, = no difference.
- **recording** is the program's wall time while recorded ÷ that of a run without recorder right
  after it, of either the fastest third.
"""
