#!/usr/bin/env python3
"""Measures whole runs, cold, over generated repositories that double in size: run.py [--bin PATH] [--runs N] [--sizes 300,600,...]

Prints the median of wall time, user time and peak memory for each size, and the growth from one size to the next. Figures are to be
compared within one run on one machine, never across machines. The replay beside the bare parser: `cargo bench`.
"""
import argparse, os, pathlib, statistics, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent


def measure(command, cwd):
    began = time.monotonic()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    took = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        sys.exit(f"{command} ended with {code} in {cwd}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(HERE.parent / "target/release/schemalign"))
    p.add_argument("--runs", type=int, default=7), p.add_argument("--sizes", default="300,600,1200,2400")
    a = p.parse_args()
    a.bin = str(pathlib.Path(a.bin).resolve())
    before = None
    print(f"{'tables':>8}{'wall ms':>10}{'cpu ms':>10}{'peak MB':>10}{'growth':>9}")
    for size in map(int, a.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, HERE / "generate.py", str(size), folder], check=True)
            measure([a.bin, "check", "."], folder)
            runs = [measure([a.bin, "check", "."], folder) for _ in range(a.runs)]
        wall, cpu, peak = (statistics.median(column) for column in zip(*runs))
        growth = f"{cpu / before:8.2f}x" if before else ""
        print(f"{size:8}{wall * 1000:10.1f}{cpu * 1000:10.1f}{peak:10.1f}{growth:>9}")
        before = cpu


main()
