"""Records as text: one line for the terminal, Markdown tables and SVG plots for the documentation."""
import json
import math
from html import escape

COLOURS = {"none": "#8a8a8a", "floor": "#555555", "row": "#e69f00", "set": "#009e73", "tview": "#0072b2", "ivm": "#d55e00", "refresh": "#cc79a7",
           "concurrently": "#56b4e9", "viewlock": "#332288", "transition": "#117733", "statement": "#44aa99"}
UNITS = [(1e6, "s"), (1e3, "ms"), (1, "µs")]


def digits(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 or value == 0 else f"{value:.2g}"


def amount(value, unit):
    """A number with about three digits and its unit."""
    if unit == "us":
        factor, name = next(((f, n) for f, n in UNITS if value >= f), UNITS[-1])
        return f"{digits(value / factor)} {name}"
    if unit == "bytes":
        factor, name = next(((f, n) for f, n in [(1 << 20, "MiB"), (1 << 10, "KiB")] if value >= f), (1, "bytes"))
        return f"{digits(value / factor)} {name}"
    return f"{digits(value)}/s" if unit == "tps" else digits(value)


def line(record):
    if record["quick"]: # its times say nothing
        return f"{record['scenario']} {record['case']}: runs with {', '.join(record['ways'])}"
    parts = [f"{way} {amount(entry['median'], record['unit'])}" for way, entry in record["ways"].items()]
    ratios = [f"{digits(ratio)} × {way}" for way, ratio in record["ratios"].items()]
    return f"{record['scenario']} {record['case']}: " + ", ".join(parts) + (f"; tview is {', '.join(ratios)}" if ratios else "")


def load(files):
    """The records of complete runs by scenario and case; of several the last."""
    result = {}
    for name in files:
        with open(name, encoding="utf-8") as file:
            for text in file:
                record = json.loads(text)
                if not record["quick"]:
                    result.setdefault(record["scenario"], {})[record["case"]] = record
    return result


def table(records):
    """The cases of a scenario: what each way took, and the ratio of the TVIEW to it."""
    ways = [way for way in COLOURS if any(way in record["ways"] for record in records)]
    others = [way for way in ways if any(way in record["ratios"] for record in records)]
    wal = any(record["ways"].get("tview", {}).get("wal") for record in records)
    head = ["case"] + ways + [f"tview / {way}" for way in others] + (["WAL none", "WAL tview"] if wal else [])
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" + " ---: |" * (len(head) - 1)]
    for record in records:
        cells = [record["case"]]
        for way in ways:
            entry = record["ways"].get(way)
            cells.append(amount(entry["median"], record["unit"]) if entry else "")
        cells += [f"**{digits(record['ratios'][way])}**" if way in record["ratios"] else "" for way in others]
        if wal:
            cells += [amount(record["ways"][way]["wal"], "bytes") if record["ways"].get(way, {}).get("wal") is not None else ""
                      for way in ("none", "tview")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(title, records):
    """SVG: a row per case, a dot per way, on a logarithmic axis."""
    unit = records[0]["unit"]
    ways = [way for way in COLOURS if any(way in record["ways"] for record in records)]
    values = [entry["median"] for record in records for entry in record["ways"].values() if entry["median"] > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    left, top, width, step = 210, 64, 560, 30
    height = top + step * len(records) + 36
    bottom = top + step * len(records)

    def x(value):
        return left + width * (math.log10(value) - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 40} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="22" font-size="14" font-weight="bold">{escape(title)}</text>']
    at = 12
    for way in ways:
        out.append(f'<circle cx="{at + 5}" cy="42" r="5" fill="{COLOURS[way]}"/><text x="{at + 15}" y="46">{way}</text>')
        at += 34 + 7 * len(way)
    for power in range(low, high + 1):
        out.append(f'<line x1="{x(10 ** power):.1f}" y1="{top}" x2="{x(10 ** power):.1f}" y2="{bottom}" stroke="#dddddd"/>')
        out.append(f'<text x="{x(10 ** power):.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555555">{amount(10 ** power, unit)}</text>')
    for number, record in enumerate(records):
        y = top + step * number + step / 2
        out.append(f'<text x="{left - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(record["case"])}</text>')
        out.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}" stroke="#eeeeee"/>')
        for way in sorted(record["ways"], key=lambda name: name == "tview"):
            median = record["ways"][way]["median"]
            if median > 0:
                out.append(f'<circle cx="{x(median):.1f}" cy="{y:.1f}" r="{7 if way == "tview" else 5}" fill="{COLOURS[way]}" '
                           f'fill-opacity="0.85"><title>{way}: {amount(median, unit)}</title></circle>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
