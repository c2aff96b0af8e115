# SPDX-License-Identifier: Apache-2.0
"""Writes the results as the tables of docs/corpus.md."""

import collections
import pathlib

from syscarve import closure_price

BEGIN, END = "<!-- corpus: begin -->", "<!-- corpus: end -->"
# The percentages that must pass: 100 for recorded phases; none for tools, whose other options often have another power.
RECORDED = {"start": 100, "load": 100, "stop": 100}
LIFE = {**RECORDED, "reload": 100, "restart": 100}
WANTED = {"service": {"steady": RECORDED, "steady+life": {**LIFE, "other": 95}, "steady+life+exec": {**LIFE, "other": 95, "exec": 100}},
          "tool": {}}
# The variant for which missing power is reported: what a user gets, for services with their life recorded.
JUDGED = {"service": "steady+life", "tool": "steady"}
KINDS = (("service", "Services"), ("tool", "Tools"))
COLUMNS = ("start", "load", "other", "reload", "stop", "restart", "exec")


def kind_of(phase):
    return phase.split("_")[0]


def passed(of_variant):
    """kind of phase -> (passed, counted)."""
    total = collections.defaultdict(lambda: [0, 0])
    for name, phase in of_variant["phases"].items():
        if phase["counts"]:
            total[kind_of(name)][0] += phase["good"]
            total[kind_of(name)][1] += 1
    return total


def sums(results):
    """variant -> kind of phase -> [passed, counted]."""
    total = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for one in results:
        for variant, of_variant in one.get("variants", {}).items():
            for kind, (good, counted) in passed(of_variant).items():
                total[variant][kind][0] += good
                total[variant][kind][1] += counted
    return total


def of_kind(results, kind):
    return [one for one in results if one["kind"] == kind and "variants" in one]


def holds(results):
    return not any("failed" in one for one in results) and all(
        good * 100 >= counted * WANTED[workloads].get(variant, RECORDED).get(kind, 0)
        for workloads, _ in KINDS for variant, of_variant in sums(of_kind(results, workloads)).items()
        for kind, (good, counted) in of_variant.items())


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


def percent(pair):
    good, counted = pair
    return f"{good}/{counted} ({100 * good / counted:.1f} %)" if counted else "–"


def summary(results):
    lines = [header(["", "profile", "workloads", "names", "added", "above low risk", "of a power not seen", *COLUMNS, "same bytes"])]
    for kind, title in KINDS:
        run = of_kind(results, kind)
        for variant, of_variant in sums(run).items():
            having = [one for one in run if variant in one["variants"]]
            median = lambda values: sorted(values)[len(values) // 2]
            of_all = lambda what: [one["variants"][variant][what] for one in having]
            luck = [one["luck"] for one in having if variant in one["luck"]["same"]]
            same = [sum(one["same"][variant] for one in luck), sum(one["recordings"] for one in luck)]
            lines.append(row([title.lower(), variant, len(having), median(of_all("names")), median(of_all("added")),
                              median(list(map(len, of_all("risky")))), max(map(len, of_all("opened"))),
                              *(percent(of_variant[column]) for column in COLUMNS), percent(same)]))
    return "\n".join(lines)


def listing(results, kind):
    run = of_kind(results, kind)
    if not run:
        return ""
    columns = [column for column in COLUMNS if any(passed(of_variant)[column][1] for one in run for of_variant in one["variants"].values())]
    lines = [header(["workload", "seen", "in some", "profile", "names", "added (risk)", *columns])]
    for one in run:
        first = [one["name"], one["seen"], ", ".join(one["luck"]["in_some"]) or "none"]
        for variant, of_variant in one["variants"].items():
            by_kind = passed(of_variant)
            lines.append(row([*first, variant, of_variant["names"], f"{of_variant['added']} ({len(of_variant['risky'])})",
                              *(cell(by_kind[column]) for column in columns)]))
            first = [""] * 3
    return "\n".join(lines)


def broken(results):
    """(workload, variant, phase's name, phase) of all phases that fail under a profile."""
    for one in results:
        for variant, of_variant in one.get("variants", {}).items():
            for name, phase in of_variant["phases"].items():
                if phase["counts"] and not phase["good"]:
                    yield one, variant, name, phase


def refused_calls(phase):
    """The names of the refused calls, without their ABI."""
    return {text.split(" ")[0].rpartition(":")[2] for text in phase["refused"]}


def breaks(results):
    class_of = closure_price.Power().of
    lines = []
    for one, variant, name, phase in broken(results):
        what = f"`{escaped(phase['command'])}`" if "command" in phase else name
        powers_of = sorted({class_of[call] for call in refused_calls(phase) if call in class_of})
        lines.append(row([one["name"], variant, what, phase["status"], escaped("; ".join(phase["refused"])) or "nothing", ", ".join(powers_of)]))
    return "\n".join([header(["workload", "profile", "phase", "ended with", "refused then", "power"]), *lines]) if lines else "Nothing breaks."


def powers(results):
    """The calls that were refused in uses that fail under `steady`, by class of power. A use with refused calls of several classes counts
    for each, because it is not known which of them it needs."""
    power_map = closure_price.Power()
    missing = collections.defaultdict(lambda: {"calls": set(), "service": 0, "tool": 0})
    for one, variant, _, phase in broken(results):
        if variant != JUDGED[one["kind"]]:
            continue
        calls = refused_calls(phase) & power_map.of.keys()
        for power in {power_map.of[call] for call in calls}:
            missing[power]["calls"] |= {call for call in calls if power_map.of[call] == power}
            missing[power][one["kind"]] += 1
    lines = [header(["power", "what it can do", "refused calls", "uses of services", "of tools"])]
    for power, found in sorted(missing.items(), key=lambda item: (-item[1]["service"] - item[1]["tool"], item[0])):
        lines.append(row([f"`{power}`", power_map.classes[power]["what"], ", ".join(sorted(found["calls"])), found["service"], found["tool"]]))
    return "\n".join(lines) if missing else "Nothing was missing."


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
    """Recordings of one load whose profiles are not equal byte for byte."""
    lines = [f"* {one['name']}, {variant}: {one['luck']['recordings'] - same} of {one['luck']['recordings']} "
             f"(in some only: {', '.join(one['luck']['in_some']) or 'none'})"
             for one in results if "luck" in one for variant, same in one["luck"]["same"].items() if same != one["luck"]["recordings"]]
    return "\n".join(lines) or "All recordings of a load give the same bytes."


def without_short(capability):
    return capability.removeprefix("CAP_")


def capabilities(results):
    """Services with only the recommended capabilities: the results, and the differences without each capability."""
    lines = [header(["workload", "same in", "capabilities, and what is otherwise without each"])]
    total = [0, 0]
    for one in results:
        for of_variant in one.get("variants", {}).values():
            if "capabilities" not in of_variant:
                continue
            found = of_variant["capabilities"]
            each = [f"{without_short(name)}: {escaped(', '.join(what)) or '**nothing**'}" for name, what in found["needed"].items()]
            total[0] += sum(map(bool, found["needed"].values()))
            total[1] += len(found["needed"])
            if found["as_others"]:
                each.append(f"**runs otherwise: {escaped(', '.join(found['as_others']))}**")
            luck = one["capability_luck"]
            some = f" (in some only: {', '.join(map(without_short, luck['in_some']))})" if luck["in_some"] else ""
            lines.append(row([one["name"], f"{luck['same']}/{one['luck']['recordings']}{some}", "; ".join(each) or "none"]))
    if len(lines) == 1:
        return ""
    return "\n".join([*lines, f"\nOf the capabilities recommended, something is otherwise without {percent(total)}."])


def versions(results):
    """A paragraph about the packages of all workloads."""
    found = {}
    for one in results:
        found.update(one.get("packages", {}))
    return ", ".join(f"{name} {version}" for name, version in sorted(found.items()))


def made_with(results):
    of = lambda what: ", ".join(sorted({str(one[what]) for one in results}))
    recordings = sorted({one["luck"]["recordings"] for one in results if "luck" in one})
    return (f"{len(results)} workloads, {of('date')}; {of('syscarve')}; Debian {of('distribution')}, Linux {of('kernel')}, {of('runtime')}; "
            f"each load recorded {' or '.join(map(str, recordings))} times.")


def text(results, missing=()):
    parts = [made_with(results), summary(results)]
    for kind, title in KINDS:
        if lines := listing(results, kind):
            parts += [f"## {title}", lines]
    parts += ["## Which power was missing", powers(results), "## What breaks", breaks(results), "## What luck changes", differs(results), "## What is not counted", not_counted(results)]
    if lines := capabilities(results):
        parts += ["## Capabilities", lines]
    if missing:
        parts.append("No result yet: " + ", ".join(missing))
    return "\n\n".join([*parts, "## Packages", versions(results)])


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
