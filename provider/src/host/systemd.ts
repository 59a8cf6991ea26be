import type { Artifact } from "./artifact.ts";
import { file } from "./files.ts";
import { sh, type Script } from "./script.ts";

/** Where an administrator's units live. */
export const unitDirectory = "/etc/systemd/system";

/** A unit file of ours. systemd hears of it when a unit that follows it is started. */
export function unitFile(name: string, content: string): Artifact {
  const unit = file(`${unitDirectory}/${name}`, content);
  return {
    ...unit,
    remove: sh`if [ -e ${`${unitDirectory}/${name}`} ]; then rm -f ${`${unitDirectory}/${name}`}; systemctl daemon-reload; fi`,
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

/** `$unit` starts with the host, whatever was said before. systemd reads all unit files anew. */
const enable = sh`for scope in --runtime --quiet; do systemctl unmask --no-reload --quiet "$scope" "$unit" 2>/dev/null || :; done
systemctl reenable --quiet "$unit"`;

/** A unit that is enabled and active, restarted when what it follows changes. */
export function runningUnit(unit: string | UnitName, follows: readonly Artifact[] = []): Artifact {
  const { label, word } = typeof unit === "string" ? { label: unit, word: sh`${unit}` } : unit;
  const asks = typeof unit === "string" ? { asks: { units: [unit] } } : {};
  return {
    what: `unit ${label}`,
    probe: sh`unit_state ${word}`,
    ...asks,
    expected: running,
    apply: sh`unit=${word}
${enable}
if drop_drop_ins "$unit"; then systemctl daemon-reload; fi
systemctl reset-failed "$unit" 2>/dev/null || :
if ! systemctl restart "$unit"; then
  journalctl --no-pager --quiet --lines 15 --output cat --unit "$unit" >&2 || :
  exit 1
fi`,
    remove: sh`unit=${word}
systemctl disable --quiet --now "$unit" 2>/dev/null || :
systemctl reset-failed "$unit" 2>/dev/null || :`,
    follows,
    missing: "is neither active nor enabled",
    mend: (actual) =>
      actual.startsWith(runningWithout) && !actual.includes(" DropIn=")
        ? sh`unit=${word}
${enable}`
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
    apply: sh`if drop_drop_ins ${name}; then systemctl daemon-reload; fi`,
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
 * `${NAME}` for the names in `environment`.
 */
export function execLine(argv: readonly string[], environment: readonly string[] = []): string {
  return argv.map((word) => execWord(word, environment)).join(" ");
}

function execWord(word: string, environment: readonly string[]): string {
  const escapedDollars = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  const literal = environment.reduce(
    (text, name) => text.replaceAll(`$$\{${name}}`, () => `\${${name}}`),
    escapedDollars,
  );
  if (/^[\w@%+=:,./$-]+$/.test(literal)) return literal;
  const escaped = literal
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}
