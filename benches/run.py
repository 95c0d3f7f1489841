#!/usr/bin/env python3
"""Measures whole runs, cold: run.py [--bin PATH] [--runs N] [--stack prisma|alembic|ecto] [--sizes 300,600,...]
                             run.py [--bin PATH] [--runs N] --beside RUFF REPOSITORY PATH...

The first prints the median of wall time, user time and peak memory over generated repositories that double in size, and the growth
from one size to the next. The second checks a repository and, in turn with it, lets `ruff check --no-cache` read the same migrations
and models (PATH, as seen from REPOSITORY), and prints the ratio of the two. Figures are to be compared within one run on one machine,
never across machines. The replay beside the bare parser: `cargo bench`.
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


def medians(runs):
    return [statistics.median(column) for column in zip(*runs)]


def growth(a):
    before = None
    print(f"{'tables':>8}{'wall ms':>10}{'cpu ms':>10}{'peak MB':>10}{'growth':>9}")
    for size in map(int, a.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, HERE / "generate.py", str(size), folder, a.stack], check=True)
            measure([a.bin, "check", "."], folder)
            wall, cpu, peak = medians([measure([a.bin, "check", "."], folder) for _ in range(a.runs)])
        times = f"{cpu / before:8.2f}x" if before else ""
        print(f"{size:8}{wall * 1000:10.1f}{cpu * 1000:10.1f}{peak:10.1f}{times:>9}")
        before = cpu


def beside(a):
    commands = {"schemalign": [a.bin, "check", "."], "ruff": [a.beside, "check", "--no-cache", "--quiet", *a.paths]}
    runs = {name: [] for name in commands}
    for at in range(a.runs + 1):
        for name, command in commands.items():
            figures = measure(command, a.repository)
            if at:
                runs[name].append(figures)
    print(f"{'':12}{'wall ms':>10}{'cpu ms':>10}{'peak MB':>10}")
    for name, figures in runs.items():
        wall, cpu, peak = medians(figures)
        print(f"{name:12}{wall * 1000:10.1f}{cpu * 1000:10.1f}{peak:10.1f}")
    pairs = zip(runs["schemalign"], runs["ruff"])
    wall, cpu, peak = medians([[own / other for own, other in zip(*pair)] for pair in pairs])
    print(f"{'ratio':12}{wall:10.2f}{cpu:10.2f}{peak:10.2f}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(HERE.parent / "target/release/schemalign"))
    p.add_argument("--runs", type=int, default=7), p.add_argument("--sizes", default="300,600,1200,2400")
    p.add_argument("--stack", choices=["prisma", "alembic", "ecto"], default="prisma"), p.add_argument("--beside", metavar="RUFF")
    p.add_argument("repository", nargs="?"), p.add_argument("paths", nargs="*")
    a = p.parse_args()
    a.bin = str(pathlib.Path(a.bin).resolve())
    beside(a) if a.beside else growth(a)


main()
