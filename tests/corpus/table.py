# SPDX-License-Identifier: Apache-2.0
"""What has been found, as the tables of docs/corpus.md."""

import collections
import pathlib

BEGIN, END = "<!-- corpus: begin -->", "<!-- corpus: end -->"
# Of a hundred, how many have to pass for the corpus to hold. Only `steady` promises anything about what was not recorded.
RECORDED = {"start": 100, "load": 100, "stop": 100}
WANTED = {"steady": {**RECORDED, "other": 95, "reload": 100, "restart": 100}}
COLUMNS = ("start", "load", "other", "reload", "stop", "restart", "exec")


def kind_of(phase):
    return phase.split("_")[0]


def passed(of_mode):
    """kind of phase -> (passed, counted)."""
    total = collections.defaultdict(lambda: [0, 0])
    for name, phase in of_mode["phases"].items():
        if phase["counts"]:
            total[kind_of(name)][0] += phase["good"]
            total[kind_of(name)][1] += 1
    return total


def sums(results):
    """mode -> kind of phase -> [passed, counted]."""
    total = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for one in results:
        for mode, of_mode in one.get("modes", {}).items():
            for kind, (good, counted) in passed(of_mode).items():
                total[mode][kind][0] += good
                total[mode][kind][1] += counted
    return total


def holds(results):
    return not any("failed" in one for one in results) and all(
        good * 100 >= counted * WANTED.get(mode, RECORDED).get(kind, 0)
        for mode, of_mode in sums(results).items() for kind, (good, counted) in of_mode.items())


def modes_of(results):
    return list(dict.fromkeys(mode for one in results for mode in one.get("modes", {})))


def cell(pair):
    good, counted = pair
    return "–" if not counted else "yes" if good == counted == 1 else "**no**" if counted == 1 else f"{good}/{counted}" if good == counted \
        else f"**{good}/{counted}**"


def escaped(text):
    return text.replace("|", "\\|").replace("\n", " ").replace("`", "'")


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def header(cells):
    return row(cells) + "\n" + row(["---"] * len(cells))


def summary(results):
    run = [one for one in results if "modes" in one]
    lines = [header(["closure", "workloads", "names", "added", "of these above low risk", *COLUMNS, "same bytes"])]
    for mode, of_mode in sums(run).items():
        with_mode = [one for one in run if mode in one["modes"]]
        median = lambda values: sorted(values)[len(values) // 2]
        same = sum(one["luck"]["same"][mode] for one in with_mode)
        recorded = sum(one["luck"]["recordings"] for one in with_mode)
        lines.append(row([mode, len(with_mode), *(median([one["modes"][mode][what] for one in with_mode]) for what in ("names", "added")),
                          median([len(one["modes"][mode]["risky"]) for one in with_mode]),
                          *(percent(of_mode[kind]) for kind in COLUMNS), percent([same, recorded])]))
    return "\n".join(lines)


def percent(pair):
    good, counted = pair
    return f"{good}/{counted} ({100 * good / counted:.1f} %)" if counted else "–"


def listing(results, kind):
    run = [one for one in results if one["kind"] == kind and "modes" in one]
    if not run:
        return ""
    modes = modes_of(run)
    columns = [column for column in COLUMNS if any(passed(of_mode)[column][1] for one in run for of_mode in one["modes"].values())]
    lines = [header(["workload", "packages", "seen", "in some", *(f"{mode}: {what}" for mode in modes
                                                                   for what in ("names", "added (risk)", *columns))])]
    for one in run:
        cells = [one["name"], ", ".join(f"{name} {version}" for name, version in one["packages"].items()), one["seen"],
                 ", ".join(one["luck"]["in_some"]) or "none"]
        for mode in modes:
            of_mode = one["modes"][mode]
            by_kind = passed(of_mode)
            cells += [of_mode["names"], f"{of_mode['added']} ({len(of_mode['risky'])})", *(cell(by_kind[column]) for column in columns)]
        lines.append(row(cells))
    return "\n".join(lines)


def breaks(results):
    lines = []
    for one in results:
        for mode, of_mode in one.get("modes", {}).items():
            for name, phase in of_mode["phases"].items():
                if phase["counts"] and not phase["good"]:
                    what = f"`{escaped(phase['command'])}`" if "command" in phase else name
                    lines.append(row([one["name"], mode, what, phase["status"], escaped("; ".join(phase["refused"])) or "nothing"]))
    return "\n".join([header(["workload", "closure", "phase", "ended with", "refused then"]), *lines]) if lines else "Nothing breaks."


def not_counted(results):
    lines = []
    for one in results:
        if "failed" in one:
            lines.append(f"* {one['name']} was not run: {escaped(one['failed'])[-300:]}")
        for name, phase in one.get("without", {}).items():
            if not phase["good"]:
                lines.append(f"* {one['name']}, {name}: fails without a profile ({phase['status']})")
    return "\n".join(lines) or "Everything was counted."


def differs(results):
    """Recordings of one load whose profiles are not the same bytes."""
    lines = [f"* {one['name']}, {mode}: {one['luck']['recordings'] - same} of {one['luck']['recordings']} "
             f"(in some only: {', '.join(one['luck']['in_some']) or 'none'})"
             for one in results if "luck" in one for mode, same in one["luck"]["same"].items() if same != one["luck"]["recordings"]]
    return "\n".join(lines) or "All recordings of a load give the same bytes."


def made_with(results):
    of = lambda what: ", ".join(sorted({str(one[what]) for one in results}))
    recordings = sorted({one["luck"]["recordings"] for one in results if "luck" in one})
    return (f"{len(results)} workloads, {of('date')}; {of('syscarve')}; Debian {of('distribution')}, Linux {of('kernel')}, {of('runtime')}; "
            f"each load recorded {' or '.join(map(str, recordings))} times.")


def text(results, missing=()):
    parts = [made_with(results), summary(results)]
    for kind, title in (("service", "Services"), ("tool", "Tools")):
        if lines := listing(results, kind):
            parts += [f"## {title}", lines]
    parts += ["## What breaks", breaks(results), "## What luck changes", differs(results), "## What is not counted", not_counted(results)]
    if missing:
        parts.append("No result yet: " + ", ".join(missing))
    return "\n\n".join(parts)


def write(name, results, missing):
    if not results:
        print("there are no results")
        return
    made = text(results, missing)
    if name == "-":
        print(made)
        return
    path = pathlib.Path(name)
    old = path.read_text(encoding="utf-8") if path.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")
