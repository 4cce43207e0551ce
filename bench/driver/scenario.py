"""Scenarios as they stand in scenarios/*.toml, and the databases they need."""
import os
import tomllib

from driver.server import Failed, Session

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Every way of keeping the result of a definition. A model supports those it has a file <way>.sql for.
WAYS = {
    "none": "no view: the base tables only",
    "floor": "the base table and the documents are written by one statement that knows both",
    "row": "hand-written row triggers",
    "set": "hand-written statement triggers with transition tables",
    "tview": "TVIEW",
    "statement": "TVIEW whose base tables are captured by statement",
    "transition": "transition tables that nobody reads: the floor of capture by statement triggers",
    "ivm": "pg_ivm, a flat equivalent",
    "refresh": "REFRESH MATERIALIZED VIEW in the transaction",
    "concurrently": "REFRESH MATERIALIZED VIEW CONCURRENTLY in the transaction",
}


class Scenario:
    """One file. `cases` is what is measured, each with everything it inherits from the file filled in."""

    def __init__(self, name, quick, seconds=None):
        with open(os.path.join(HERE, "scenarios", name + ".toml"), "rb") as file:
            text = tomllib.load(file)
        self.name = name
        self.title = text["title"]
        self.model = text["model"]
        self.axis = text.get("axis")
        self.rounds = 1 if quick else text.get("rounds", 5)
        # A variant is a way under other settings.
        self.variants = text.get("variant", {})
        self.cases = []
        for case in text["case"]:
            merged = {"ways": text["ways"], "seconds": text.get("seconds", 2)} | case
            merged["seconds"] = seconds or merged["seconds"]
            merged["size"] = text.get("size", {}) | case.get("size", {})
            if quick:
                merged["size"] |= text.get("quick", {}) | case.get("quick", {})
            merged["variables"] = merged["size"] | case.get("variables", {})
            self.cases.append(merged)

    def schema(self, way):
        return self.variants[way]["of"] if way in self.variants else way

    def settings(self, way, case):
        return case.get("settings", {}) | (self.variants[way]["settings"] if way in self.variants else {})

    def path(self, file):
        return os.path.join(HERE, "models", self.model, file)

    def after(self, way):
        """What the way adds to every transaction, such as a REFRESH."""
        path = self.path(f"{self.schema(way)}.after.sql")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
            return file.read()


def known():
    return sorted(name[:-5] for name in os.listdir(os.path.join(HERE, "scenarios")) if name.endswith(".toml"))


def available(way):
    """Can this server do it?"""
    if way != "ivm":
        return True
    with Session("postgres") as session:
        return session.run("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_ivm'") == ["1"]


def prepare(scenario, case, ways, database):
    """A fresh database with one schema per way: the same base tables, and what the way adds."""
    with Session("postgres") as session:
        session.run(f'DROP DATABASE IF EXISTS "{database}"')
        session.run(f'CREATE DATABASE "{database}"')
        if "ivm" in ways:
            session.run(f"ALTER DATABASE \"{database}\" SET session_preload_libraries = 'pg_ivm'")
    with Session(database) as session:
        session.run("CREATE EXTENSION pg_tviews")
        if "ivm" in ways:
            session.run("CREATE EXTENSION pg_ivm")
    for schema in dict.fromkeys(scenario.schema(way) for way in ways):
        with Session(database, schema, case.get("settings"), case["size"]) as session:
            session.run(f'CREATE SCHEMA "{schema}"')
            session.run(f"SELECT setseed(0.5) \\g /dev/null\n\\i {scenario.path('tables.sql')}")
            if os.path.exists(scenario.path(f"{schema}.sql")):
                session.run(f"\\i {scenario.path(schema + '.sql')}")
    with Session(database) as session:
        session.run("VACUUM ANALYZE")
        session.run("CHECKPOINT")


def check(scenario, ways, database):
    """A benchmark of something wrong is worth nothing: TVIEWs and hand-written tables must be right at the end."""
    for schema in dict.fromkeys(scenario.schema(way) for way in ways):
        with Session(database, schema) as session:
            if schema == "tview":
                wrong = session.value("SELECT coalesce(sum(missing + extra + different), 0) FROM pg_tviews_verify()")
            elif session.run("SELECT to_regclass('wrong') IS NOT NULL") == ["t"]:
                wrong = session.value("SELECT count(*) FROM wrong")
            else:
                wrong = 0
            if wrong != 0:
                raise Failed(f"{scenario.name}: {wrong:.0f} wrong rows with \"{schema}\"")
