import type { Artifact } from "./artifact.ts";
import { file } from "./files.ts";
import { sh, type Script } from "./script.ts";
import { textProblem } from "../validation/text.ts";

/** Where an administrator's units live. */
export const unitDirectory = "/etc/systemd/system";

/** A unit file of ours. systemd hears of it when a unit that follows it is started. */
export function unitFile(name: string, content: string): Artifact {
  const path = `${unitDirectory}/${name}`;
  return {
    ...file(path, content),
    remove: sh`if [ -e ${path} ]; then rm -f ${path}; reload_units gone ${name}; fi`,
  };
}

interface UnitName {
  /** What a person calls it. */
  readonly label: string;
  /** One shell word. */
  readonly word: Script;
}

const runningWithout = "ActiveState=active NeedDaemonReload=no UnitFileState=";
const running = `${runningWithout}enabled`;

/**
 * `$unit` starts with the host, whatever was said before, and systemd knows it and those beside it from their files. Links are set
 * without asking systemd, which would want to read all unit files anew each time.
 */
const enable = (
  besides: readonly string[],
): Script => sh`for mask in /etc/systemd/system/"$unit" /run/systemd/system/"$unit"; do
  if [ -e "$mask" ] && [ ! -s "$mask" ]; then rm -f "$mask"; fi
done
systemctl --root=/ --quiet reenable "$unit"
how=enabled; ! is_wanted "$unit" || how=wanted
reload_units "$how" "$unit" ${besides}`;

/** A unit that is enabled and active, restarted when what it follows changes. */
export function runningUnit(unit: string | UnitName, follows: readonly Artifact[] = []): Artifact {
  const { label, word } = typeof unit === "string" ? { label: unit, word: sh`${unit}` } : unit;
  const asks = typeof unit === "string" ? { asks: { units: [unit] } } : {};
  const start = enable(follows.flatMap((followed) => followed.asks?.units ?? []));
  return {
    what: `unit ${label}`,
    probe: sh`unit_state ${word}`,
    ...asks,
    expected: running,
    apply: sh`unit=${word}
case $found in *" DropIn="*) drop_drop_ins "$unit" || : ;; esac
${start}
starts() {
  systemctl restart "$unit" && return
  case $(systemctl show -P Result "$unit") in *limit-hit) systemctl reset-failed "$unit" && systemctl restart "$unit" ;; *) return 1 ;; esac
}
if ! starts; then
  journalctl --no-pager --quiet --lines 15 --output cat --unit "$unit" >&2 || :
  exit 1
fi`,
    remove: sh`unit=${word}
how=disabled; ! is_wanted "$unit" || how=wanted
systemctl --root=/ --quiet disable "$unit" 2>/dev/null || :
systemctl stop "$unit" 2>/dev/null || :
systemctl reset-failed "$unit" 2>/dev/null || :
reload_units "$how" "$unit"`,
    follows,
    missing: "is neither active nor enabled",
    mend: (actual) =>
      actual.startsWith(runningWithout) && !actual.includes(" DropIn=")
        ? sh`unit=${word}
${start}`
        : undefined,
    explain: explainState,
  };
}

/**
 * A unit that others start when they need it, such as a slice. Nobody waits for it, but what a person adds to it is seen; it
 * is stopped when the resource goes.
 */
export function unitOfOthers(name: string): Artifact {
  return {
    what: `unit ${name}`,
    probe: sh`drop_ins ${name}`,
    asks: { units: [name] },
    expected: "",
    apply: sh`if drop_drop_ins ${name}; then reload_units changed ${name}; fi`,
    remove: sh`systemctl stop ${name} 2>/dev/null || :`,
    common: true,
    explain: (actual) => changedBy(actual.split(" ")),
  };
}

function changedBy(dropIns: readonly string[]): string {
  return `is changed by ${dropIns.join(", ")}`;
}

function explainState(actual: string): string {
  const pairs = actual.split(" ").map((pair) => pair.split(/=(.*)/s) as [string, string]);
  const state = new Map(pairs);
  const dropIns = pairs.flatMap(([name, value]) => (name === "DropIn" ? [value] : []));
  const active = state.get("ActiveState") ?? "unknown";
  const enabled = state.get("UnitFileState") ?? "unknown";
  const wrong = [
    ...(active === "active" ? [] : [`is ${active}`]),
    ...(enabled === "enabled" ? [] : [`is ${enabled || "not installed"}, not enabled`]),
    ...(state.get("NeedDaemonReload") === "no" ? [] : ["runs with an older unit file than the one on disk"]),
    ...(dropIns.length === 0 ? [] : [changedBy(dropIns)]),
  ];
  return wrong.join(" and ");
}

/**
 * `argv` as ExecStart= takes it: each argument one word, nothing expanded (systemd.service(5), "Command lines") but
 * `${NAME}` for the names in `environment`. Throws for what no unit file can say: a program without its whole path, whose
 * first characters would be read as options, and text that is none.
 */
export function execLine(argv: readonly string[], environment: readonly string[] = []): string {
  if (argv[0]?.startsWith("/") !== true)
    throw new Error(`${String(argv[0])} is no absolute path of a program`);
  return argv.map((word) => execWord(word, environment)).join(" ");
}

function execWord(word: string, environment: readonly string[]): string {
  const problem = textProblem(word);
  if (problem !== undefined) throw new Error(`an argument with ${problem} cannot stand in a unit file`);
  const escapedDollars = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  const literal = environment.reduce(
    (text, name) => text.replaceAll(`$$\{${name}}`, () => `\${${name}}`),
    escapedDollars,
  );
  if (/^[\w@%+=:,./$-]+$/.test(literal)) return literal;
  const escaped = literal.replaceAll(/["\\]/g, "\\$&").replaceAll(unreadable, hexadecimal);
  return `"${escaped}"`;
}

/** What would end the line, or make systemd drop it: control characters and Unicode's noncharacters. */
const unreadable = /[\p{Control}\p{Noncharacter_Code_Point}]/gu;

function hexadecimal(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
