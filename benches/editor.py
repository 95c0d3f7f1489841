#!/usr/bin/env python3
"""Measures the language server's answers: editor.py [--bin PATH] [--stack prisma|alembic] [--tables N] [--edits N] [--leak N]

Speaks to `schemalign lsp` over a generated repository as an editor does. A keystroke is a change of one character that makes a finding
come or go, in the models and then in the newest migration, and its answer is the diagnostics that come of it. Prints how long the server
is busy for one, and the least, the median, p99 and the most of the milliseconds between the two, with the resident memory after the first
tenth of the edits and at the end.
With --leak, so many keystrokes more, half on either side, with the memory after each tenth of them. Figures are to be compared on one
machine only.
"""
import argparse, collections, json, os, pathlib, statistics, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent


class Server:
    def __init__(self, binary, folder):
        self.child = subprocess.Popen([binary, "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder, self.versions, self.asked = folder, collections.Counter(), 0
        self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        self.tell("initialized", {})

    def send(self, message):
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.child.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.child.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.child.stdout.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            sys.exit("the server is gone")
        return json.loads(self.child.stdout.read(length))

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.asked:
            pass
        return message

    def settle(self):
        """Waits until everything that was sent is answered."""
        self.ask("schemalign/nothing", None)

    def open(self, path):
        document = {"uri": path.as_uri(), "languageId": "plain", "version": 0, "text": path.read_text()}
        self.tell("textDocument/didOpen", {"textDocument": document})
        self.settle()

    def change(self, path, start, end, text):
        """Milliseconds until the diagnostics come."""
        self.versions[path] += 1
        position = lambda at: {"line": at[0], "character": at[1]}
        changes = [{"range": {"start": position(start), "end": position(end)}, "text": text}]
        began = time.perf_counter()
        self.tell("textDocument/didChange", {"textDocument": {"uri": path.as_uri(), "version": self.versions[path]}, "contentChanges": changes})
        while self.receive().get("method") != "textDocument/publishDiagnostics":
            pass
        took = (time.perf_counter() - began) * 1000
        self.settle()
        return took

    def memory(self):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def processor(self):
        """Milliseconds that it has been busy: told beside the others, since other programs do not change it much."""
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.child.wait()


class Key:
    """A character that is taken away and put back in turn."""

    def __init__(self, path, after, character):
        text = path.read_text()
        at = text.rindex(after + character) + len(after)
        before = text[:at]
        self.path, self.character = path, character
        self.at = (before.count("\n"), at - (before.rfind("\n") + 1))
        self.there = True

    def press(self, server):
        end = (self.at[0], self.at[1] + 1)
        took = server.change(self.path, self.at, end if self.there else self.at, "" if self.there else self.character)
        self.there = not self.there
        return took


def keys(stack, folder, tables):
    if stack == "prisma":
        newest = sorted((folder / "prisma/migrations").glob("*/migration.sql"))[-1]
        return Key(folder / "prisma/schema.prisma", "name String", "?"), Key(newest, '"name" TEX', "T")
    models = sorted((folder / "app/models").glob("part_*.py"), key=lambda path: int(path.stem[5:]))[-1]
    newest = folder / f"migrations/versions/{tables - 1:012x}_add_table_{tables - 1}.py"
    return Key(models, "sa.String(8", "0"), Key(newest, "sa.String(length=8", "0")


def percentile(sample, share):
    return sorted(sample)[min(len(sample) - 1, int(len(sample) * share))]


def measure(server, name, key, edits):
    first, busy = server.memory(), server.processor()
    sample = []
    for at in range(edits):
        sample.append(key.press(server))
        if at == edits // 10:
            first = server.memory()
    figures = (min(sample), statistics.median(sample), percentile(sample, 0.99), max(sample))
    busy = (server.processor() - busy) / edits
    print(f"{name:18}" + f"{busy:10.2f}" + "".join(f"{figure:10.2f}" for figure in figures) + f"{first:12.1f}{server.memory():12.1f}", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(HERE.parent / "target/release/schemalign"))
    p.add_argument("--stack", choices=["prisma", "alembic"], default="prisma")
    p.add_argument("--tables", type=int, default=300), p.add_argument("--edits", type=int, default=500), p.add_argument("--leak", type=int, default=0)
    a = p.parse_args()
    binary = str(pathlib.Path(a.bin).resolve())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        subprocess.run([sys.executable, HERE / "generate.py", str(a.tables), folder, a.stack], check=True)
        began = time.perf_counter()
        server = Server(binary, folder)
        server.settle()
        print(f"{a.stack}, {a.tables} tables and migrations; ready after {(time.perf_counter() - began) * 1000:.0f} ms")
        model, migration = keys(a.stack, folder, a.tables)
        server.open(model.path), server.open(migration.path)
        print(f"{'a keystroke in':18}{'CPU ms':>10}{'least ms':>10}{'median':>10}{'p99':>10}{'most':>10}{'MB at first':>12}{'at the end':>12}")
        measure(server, "a model", model, a.edits)
        measure(server, "newest migration", migration, a.edits)
        for at in range(10 if a.leak else 0):
            for _ in range(a.leak // 20):
                model.press(server), migration.press(server)
            print(f"after {(at + 1) * (a.leak // 10):8} more edits {server.memory():10.1f} MB", flush=True)
        server.close()


main()
