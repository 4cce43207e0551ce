"""Records as text: one line for the terminal, Markdown tables and SVG plots for the documentation."""

UNITS = [(1e6, "s"), (1e3, "ms"), (1, "µs")]


def amount(value, unit):
    """A number with three significant digits and its unit."""
    if unit == "us":
        factor, name = next(((f, n) for f, n in UNITS if value >= f), UNITS[-1])
        return f"{digits(value / factor)} {name}"
    if unit == "bytes":
        factor, name = next(((f, n) for f, n in [(1 << 20, "MiB"), (1 << 10, "KiB")] if value >= f), (1, "bytes"))
        return f"{digits(value / factor)} {name}"
    return digits(value) if unit == "tps" or not unit else f"{digits(value)} {unit}"


def digits(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 or value == 0 else f"{value:.2g}"


def line(record):
    if record["quick"]: # its times say nothing
        return f"{record['scenario']} {record['case']}: runs with {', '.join(record['ways'])}"
    parts = [f"{way} {amount(entry['median'], record['unit'])}" for way, entry in record["ways"].items()]
    ratios = [f"{digits(ratio)} × {way}" for way, ratio in record["ratios"].items()]
    return f"{record['scenario']} {record['case']}: " + ", ".join(parts) + (f"; tview is {', '.join(ratios)}" if ratios else "")
