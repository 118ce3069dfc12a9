#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of scripts/fidelity on results whose figures are known."""
import json
import pathlib
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

import fidelity_table  # noqa: E402

MIB = 2**20


def row(allocator, predicted, real, noise=0.5, cpu=10.0, **more):
    error = (predicted / real - 1) * 100
    return {"allocator": allocator, "predicted_peak_rss_bytes": predicted * MIB,
            "real_peak_rss_bytes": real * MIB, "error_percent": error,
            "mean_error_percent": 2 * error, "end_error_percent": error,
            "noise_percent": noise, "mean_noise_percent": noise, "end_noise_percent": noise,
            "real_cpu_s": cpu, "real_wall_s": 4.0, "real_runs": 5,
            "failures": 0, "check": "passed" if abs(error) <= noise + 5 else "failed", **more}


def speed(change, real, predicted, predicted_change=0):
    return {"cpu_change_percent": change, "cpu_change_low_percent": change - 3,
            "cpu_change_high_percent": change + 3, "real_speed": real,
            "predicted_cpu_change_percent": predicted_change, "predicted_speed": predicted}


def result(rows, **workload):
    about = {"recording_slowdown": 1.25, "warnings": [{"code": "a-flag"}], **workload}
    return {"workloads": [about],
            "summary": [], "verification": rows, "real_runs": [],
            "created": "2026-01-02T03:04:05Z",
            "environment": {"cpu": "CPU", "cores": 2, "distribution": "Debian", "kernel": "6",
                            "transparent_hugepage": "madvise"}}


def table_of(results, group="named"):
    folder = tempfile.TemporaryDirectory()
    programs = {}
    for name, one in results.items():
        programs[name] = types.SimpleNamespace(name=name, group=group, what="What it does.")
        path = pathlib.Path(folder.name) / f"{name}.json"
        if isinstance(one, str):
            path.with_suffix(".failed").write_text(one)
        else:
            path.write_text(json.dumps(one))
    table = fidelity_table.Table(programs, pathlib.Path(folder.name))
    folder.cleanup()
    return table


def aggregates(table):
    return {what: (value, good) for what, value, _, good in
            table.aggregates(table.of_group("named"))}


class TableTest(unittest.TestCase):
    def test_errors_are_counted_without_their_sign_over_all_programs(self):
        table = table_of({"one": result([row("glibc", 101, 100), row("jemalloc", 98, 100)]),
                          "two": result([row("glibc", 107, 100), row("jemalloc", 100, 100)])})
        found = aggregates(table)
        self.assertEqual(found["error of peak, mean"][0], "2.5 %")
        self.assertEqual(found["error of peak, worst"][0], "7.0 %")
        self.assertEqual(found["error of mean, worst"][0], "14.0 %")
        self.assertEqual(found["cells beyond noise + 5 %"], ("1 of 4", False))

    def test_nine_tenths_of_all_do_not_exceed_the_p90(self):
        self.assertEqual(fidelity_table.p90(range(1, 11)), 9)
        self.assertEqual(fidelity_table.p90(range(1, 21)), 18)
        self.assertEqual(fidelity_table.p90(range(1, 12)), 10)
        self.assertEqual(fidelity_table.p90([7]), 7)

    def test_what_was_not_measured_has_a_row_all_the_same(self):
        unmeasured = {"allocator": "jemalloc", "check": "not-checked", "real_runs": 0,
                      "failures": 0}
        base = row("glibc", 100, 100)
        del base["real_cpu_s"]
        table = table_of({"one": result([base, unmeasured])})
        self.assertIn("| one | jemalloc | — |  | not measured |", table.page())
        self.assertIn("| one | glibc | 100.0 | 0.5 | +0.0 | +0.0 | +0.0 |  |", table.page())

    def test_a_figure_that_no_program_has_is_left_out_of_the_aggregates(self):
        base = row("glibc", 100, 100)
        del base["end_error_percent"]
        found = aggregates(table_of({"one": result([base])}))
        self.assertIn("error of mean, worst", found)
        self.assertNotIn("error of end, worst", found)

    def test_a_missed_bar_is_called_missed(self):
        good = aggregates(table_of({"one": result([row("glibc", 100.1, 100)])}))
        self.assertTrue(good["error of peak, mean"][1])
        bad = table_of({"one": result([row("glibc", 104, 100)])})
        self.assertFalse(aggregates(bad)["error of peak, mean"][1])
        self.assertIn("**missed**", bad.page())
        self.assertIn("MISSED", bad.text(list(bad.programs.values())))

    def test_only_pairs_that_really_differ_have_an_order(self):
        near = result([row("glibc", 100, 100), row("jemalloc", 99, 101)])
        self.assertEqual(aggregates(table_of({"one": near}))["pairs that differ, rightly ordered"],
                         ("0 of 0", True))
        swapped = result([row("glibc", 100, 104), row("jemalloc", 101, 100)])
        self.assertEqual(
            aggregates(table_of({"one": swapped}))["pairs that differ, rightly ordered"],
            ("0 of 1", False))
        noisy = result([row("glibc", 100, 104, noise=9), row("jemalloc", 101, 100)])
        self.assertEqual(aggregates(table_of({"one": noisy}))["pairs that differ, rightly ordered"],
                         ("0 of 0", True))

    def test_the_sign_of_speed_is_judged_where_the_program_itself_differs(self):
        rows = [row("glibc", 100, 100),
                row("jemalloc", 100, 100, **speed(-20, "faster", "faster", -18)),
                row("mimalloc", 100, 100, **speed(20, "slower", "faster", -5)),
                row("mesh", 100, 100, **speed(20, "slower", "same")),
                row("hoard", 100, 100, **speed(1, "same", "slower", 3)),
                row("scudo", 100, 100, **speed(1, "same", "slower", 5)),
                row("tcmalloc", 100, 100, **speed(1, "same", "same"))]
        table = table_of({"one": result(rows)})
        found = aggregates(table)
        self.assertEqual(found["speed differs from glibc's: sign right, missed, wrong"],
                         ("1, 1, 1 of 3", False))
        self.assertEqual(found["speed shows no difference: none predicted, one within their noise, "
                               "beyond it"], ("1, 1, 1 of 3", False))
        self.assertEqual(
            found["… that difference ÷ the predicted one, quartiles; to the same side"],
            ("-2.7, -1.4, -0.2; 1 of 2", None))
        self.assertEqual(found["… predicted change within the real interval"], ("3 of 6", None))
        self.assertIn("| one | mimalloc | 100.0 | 0.5 | +0.0 | +0.0 | +0.0 | +20.0 | 3.0 | + | -5.0 "
                      "| − |", table.page())

    def test_where_no_cell_counts_the_table_says_so(self):
        unchecked = row("glibc", 100, 100, check="not-checked")
        table = table_of({"one": result([unchecked])})
        self.assertIn("nothing here counts", table.text(list(table.programs.values())))
        self.assertIn("not checked", table.page())

    def test_what_died_shows_its_signal_and_counts_nowhere(self):
        died = {"allocator": "jemalloc", "check": "not-checked", "real_runs": 0, "failures": 5,
                "failure": "crashed: killed by SIGSEGV"}
        table = table_of({"one": result([row("glibc", 100, 100), died])})
        self.assertIn("killed by SIGSEGV", table.page())
        self.assertEqual(aggregates(table)["cells beyond noise + 5 %"], ("0 of 1", True))

    def test_a_program_without_a_result_is_named_with_the_reason(self):
        table = table_of({"one": result([row("glibc", 100, 100)]), "two": "it is not there"})
        self.assertIn("two has no result: it is not there",
                      table.text(list(table.programs.values())))

    def test_recordings_of_different_heaps_are_too_few(self):
        def recorded(*peaks):
            return result([], recordings=[{"peak_live_bytes": peak} for peak in peaks])
        self.assertTrue(fidelity_table.is_settled(recorded(100, 102, 103)))
        self.assertFalse(fidelity_table.is_settled(recorded(100, 102, 104)))
        self.assertTrue(fidelity_table.is_settled(result([])))

    def test_recordings_whose_peaks_are_predicted_differently_are_too_few(self):
        def predicted(*peaks):
            return {**result([], recordings=[{"peak_live_bytes": 9}] * 3), "runs": [
                {"allocator": "glibc", "peak_rss_bytes": peak} for peak in peaks] + [
                {"allocator": "glibc"}, {"allocator": "mimalloc", "peak_rss_bytes": 500}]}
        self.assertTrue(fidelity_table.is_settled(predicted(100, 102, 103)))
        self.assertFalse(fidelity_table.is_settled(predicted(100, 100, 92)))

    def test_recordings_that_seem_to_cost_too_much_are_too_few(self):
        self.assertTrue(fidelity_table.is_settled(result([], recording_slowdown=1.2)))
        self.assertFalse(fidelity_table.is_settled(result([], recording_slowdown=1.3)))

    def test_a_recording_that_slows_its_program_too_much_misses_the_bar(self):
        table = table_of({"one": result([row("glibc", 100, 100)])})
        self.assertEqual(aggregates(table)["slowdown by recording, worst"], ("1.25 ×", True))
        slow = table_of({"one": result([row("glibc", 100, 100)], recording_slowdown=1.3)})
        self.assertEqual(aggregates(slow)["slowdown by recording, worst"], ("1.30 ×", False))


if __name__ == "__main__":
    unittest.main()
