"""Measuring one case: rounds in which every way has its turn, so that what the machine does beside hits all alike."""
import statistics
import threading
import time

from driver.server import Failed, Pgbench, Session

QUICK_TRANSACTIONS = 3


class Waits(threading.Thread):
    """Counts lock requests found waiting, per 100 looks."""

    def __init__(self, database):
        super().__init__()
        self.session = Session(database)
        self.stop = threading.Event()
        self.looks = self.found = 0

    def run(self):
        while not self.stop.is_set():
            self.found += self.session.value("SELECT count(*) FROM pg_locks WHERE NOT granted")
            self.looks += 1
            self.stop.wait(0.05)

    def result(self):
        self.stop.set()
        self.join()
        self.session.close()
        return 100 * self.found / max(self.looks, 1)


class Measurement:
    def __init__(self, scenario, case, ways, database, quick):
        self.scenario, self.case, self.ways, self.database, self.quick = scenario, case, ways, database, quick
        self.count = 1 if quick else case.get("rounds", scenario.rounds)
        self.admin = Session(database)
        self.sessions = {}
        self.rounds = {way: [] for way in ways} # of dictionaries
        self.method = next(name for name in ("beside", "clients", "pgbench", "sql", "value") if name in case or any(name in own for own in case.get("way", {}).values()))

    def text(self, way, key):
        """The case's statements; a way may have its own, where there is no common way to say it."""
        return self.case.get("way", {}).get(way, {}).get(key, self.case.get(key))

    def session(self, way):
        if way not in self.sessions:
            self.sessions[way] = Session(self.database, self.scenario.schema(way),
                                         self.scenario.settings(way, self.case), self.case["variables"])
        return self.sessions[way]

    def wal(self):
        return self.admin.value("SELECT pg_current_wal_insert_lsn() - '0/0'")

    def bench(self, way, script, clients=1):
        if self.quick or "transactions" in self.case:
            count = {"transactions": QUICK_TRANSACTIONS if self.quick else self.case["transactions"]}
        else:
            count = {"seconds": self.case["seconds"]}
        return Pgbench(self.database, script + "\n" + self.scenario.after(way), self.scenario.schema(way),
                       self.scenario.settings(way, self.case), self.case["variables"], clients, **count)

    # Each method returns what one round of one way has shown; "value" is what is compared.

    def pgbench(self, way):
        """Time of a transaction, in microseconds: the median of short stretches. The first ones fill the session's caches.

        Of single transactions pgbench's log may say 0: when the answer is there as soon as the question is sent, it does
        not look at the clock again."""
        before = self.wal()
        ends = [item[1] for item in self.bench(way, self.text(way, "pgbench")).log()]
        wal = (self.wal() - before) / len(ends)
        warm = ends[min(len(ends) // 4, 20):]
        step = max(1, min(100, len(warm) // 10))
        marks = warm[::step]
        stretches = [(end - start) * 1e6 / step for start, end in zip(marks, marks[1:])]
        if not stretches:
            raise Failed(f"{way}: {len(ends)} transactions are too few; give the case more seconds")
        return {"value": statistics.median(stretches), "wal": wal, "transactions": len(ends)}

    def sql(self, way):
        """Elapsed time of the statements, in microseconds, in a warm session."""
        before = self.wal()
        times = self.session(way).times(self.text(way, "sql") + "\n;\n" + self.scenario.after(way))
        return {"value": sum(times), "wal": self.wal() - before}

    def value(self, way):
        """A number that the statements print, from a fresh session."""
        if way in self.sessions:
            self.sessions.pop(way).close()
        return {"value": self.session(way).value(self.text(way, "value"))}

    def clients(self, way):
        """Transactions per second of several clients."""
        waits = Waits(self.database)
        waits.start()
        try:
            log = self.bench(way, self.text(way, "pgbench"), self.case["clients"]).log()
        finally:
            found = waits.result()
        elapsed = log[-1][1] - min(end - time_us / 1e6 for time_us, end in log)
        return {"value": len(log) / elapsed, "waits": found}

    def beside(self, way):
        """The longest transaction of single writers while a bulk transaction runs, next to its statements' times."""
        writers = self.bench(way, self.text(way, "pgbench"), self.case["writers"])
        if not self.quick:
            time.sleep(1)
        started = time.time()
        times = self.session(way).times(self.text(way, "beside"))
        ended = time.time()
        during = [item[0] for item in writers.log() if started <= item[1] and item[1] - item[0] / 1e6 <= ended]
        return {"value": max(during, default=0), "statements": times}

    def run(self):
        self.admin.run(self.case.get("before", ""))
        # The first time in a session fills its caches.
        warm_up = 1 if self.method == "sql" and not self.quick and self.case.get("warm", True) else 0
        for number in range(self.count + warm_up):
            # Nobody always comes first.
            turn = number % len(self.ways)
            for way in self.ways[turn:] + self.ways[:turn]:
                if self.text(way, "reset"):
                    self.session(way).run(self.text(way, "reset"))
                self.rounds[way].append(getattr(self, self.method)(way))
        for way in self.ways:
            del self.rounds[way][:warm_up]
        for session in self.sessions.values():
            session.close()
        self.admin.close()
        return self.record()

    def record(self):
        unit = {"pgbench": "us", "sql": "us", "beside": "us", "clients": "tps"}.get(self.method, self.case.get("unit"))
        result = {"scenario": self.scenario.name, "case": self.case["name"], "title": self.scenario.title,
                  "axis": self.scenario.axis, "unit": unit, "rounds": self.count, "quick": self.quick,
                  "variables": self.case["variables"], "ways": {}, "ratios": {}}
        for way in self.ways:
            entry = {"median": statistics.median(item["value"] for item in self.rounds[way]),
                     "values": [round(item["value"], 3) for item in self.rounds[way]]}
            for fact in ("wal", "waits"):
                if fact in self.rounds[way][0]:
                    entry[fact] = round(statistics.median(item[fact] for item in self.rounds[way]), 1)
            if "statements" in self.rounds[way][0]:
                entry["statements"] = [round(statistics.median(column)) for column in
                                       zip(*(item["statements"] for item in self.rounds[way]))]
            result["ways"][way] = entry
        for way in self.ways:
            pairs = zip(self.rounds.get("tview", []), self.rounds[way])
            ratios = [mine["value"] / other["value"] for mine, other in pairs if other["value"]]
            if way != "tview" and ratios:
                result["ratios"][way] = round(statistics.median(ratios), 6)
        return result
