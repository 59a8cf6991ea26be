import { leftover, type Artifact } from "./artifact.ts";
import { file } from "./files.ts";
import { sh, type Script } from "./script.ts";
import { textProblem } from "./text.ts";

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

const running = "ActiveState=active NeedDaemonReload=no UnitFileState=enabled";

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
systemctl unmask --runtime --quiet "$unit" 2>/dev/null || :
systemctl reenable --quiet "$unit"
systemctl reset-failed "$unit" 2>/dev/null || :
if ! systemctl restart "$unit"; then
  journalctl --no-pager --quiet --lines 15 --output cat --unit "$unit" >&2 || :
  exit 1
fi`,
    remove: sh`unit=${word}
systemctl disable --quiet --now "$unit" 2>/dev/null || :
systemctl reset-failed "$unit" 2>/dev/null || :`,
    follows,
    explain: explainState,
  };
}

/** A unit that others start when they need it, such as a slice: it is stopped when the resource goes. */
export function unitOfOthers(name: string): Artifact {
  return leftover({ what: `whatever runs as ${name}`, remove: sh`systemctl stop ${name} 2>/dev/null || :` });
}

function explainState(actual: string): string {
  const state = new Map(actual.split(" ").map((pair) => pair.split("=") as [string, string]));
  const active = state.get("ActiveState") ?? "unknown";
  const enabled = state.get("UnitFileState") ?? "unknown";
  const wrong = [
    ...(active === "active" ? [] : [`is ${active}`]),
    ...(enabled === "enabled" ? [] : [`is ${enabled || "not installed"}, not enabled`]),
    ...(state.get("NeedDaemonReload") === "no" ? [] : ["runs with an older unit file than the one on disk"]),
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
