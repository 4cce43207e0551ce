"""Talking to the server: psql sessions that stay open, pgbench runs, and the facts of server and machine."""
import os
import platform
import subprocess
import tempfile

NEVER = "client_min_messages=warning"
MARKER = "-- done --"


class Failed(Exception):
    """A statement or a program failed; the text says how."""


def options(schema=None, settings=None):
    """PGOPTIONS: search_path and settings for one way."""
    parts = [f"-c {NEVER}"]
    if schema:
        parts.append(f"-c search_path={schema},public")
    parts += [f"-c {name}={value}" for name, value in (settings or {}).items()]
    return " ".join(parts)


class Session:
    """A psql that stays open, so that its backend stays warm from round to round."""

    def __init__(self, database, schema=None, settings=None, variables=None):
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database]
        for name, value in (variables or {}).items():
            command += ["-v", f"{name}={value}"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"PGOPTIONS": options(schema, settings)})

    def start(self, sql):
        """Sends statements without waiting for their end."""
        try:
            self.process.stdin.write(f"{sql}\n;\n\\echo {MARKER}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass # finish() reads why

    def finish(self):
        """The output lines of what start() has sent."""
        lines = []
        for line in self.process.stdout:
            line = line.rstrip("\n")
            if line == MARKER:
                return lines
            lines.append(line)
        raise Failed("\n".join(lines))

    def run(self, sql):
        self.start(sql)
        return self.finish()

    def value(self, sql):
        """The last line that the statements print, as a number."""
        lines = self.run(sql)
        if not lines:
            raise Failed(f"no value from: {sql}")
        return float(lines[-1])

    def times(self, sql):
        """Microseconds of each statement."""
        lines = self.run(f"\\timing on\n{sql}\n;\n\\timing off")
        return [float(line.split()[1]) * 1000 for line in lines if line.startswith("Time: ")]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Pgbench:
    """One pgbench run of a script; result() has the time of every transaction, in order."""

    def __init__(self, database, script, schema, settings, variables, clients=1, transactions=None, seconds=None):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "script")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        command = ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-f", path,
                   "-l", "--log-prefix", os.path.join(self.folder.name, "log")]
        command += ["-T", str(seconds)] if seconds else ["-t", str(transactions)]
        for name, value in variables.items():
            command += ["-D", f"{name}={value}"]
        self.process = subprocess.Popen(
            command + [database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PGOPTIONS": options(schema, settings)})

    def log(self):
        """(microseconds, end of the transaction as seconds since 1970) of each transaction, in order of their ends."""
        output, errors = self.process.communicate()
        if self.process.returncode != 0 or "aborted" in errors:
            raise Failed(output + errors)
        result = []
        for name in os.listdir(self.folder.name):
            if name.startswith("log"):
                with open(os.path.join(self.folder.name, name), encoding="utf-8") as file:
                    for line in file:
                        fields = line.split()
                        result.append((float(fields[2]), int(fields[4]) + int(fields[5]) / 1e6))
        self.folder.cleanup()
        return sorted(result, key=lambda item: item[1])


SETTINGS = ["server_version", "shared_buffers", "fsync", "synchronous_commit", "full_page_writes", "wal_level",
            "max_wal_size", "autovacuum", "jit", "work_mem", "max_parallel_workers_per_gather", "default_toast_compression"]


def machine(database):
    """What a reader of a record has to know about where it was made."""
    cpu = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    with Session(database) as session:
        settings = {name: session.run(f"SHOW {name}")[0] for name in SETTINGS}
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(), "postgresql": settings.pop("server_version"),
            "settings": settings, "commit": os.environ.get("TVIEWS_COMMIT", "unknown")}
