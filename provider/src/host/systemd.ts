import type { Artifact } from "./artifact.ts";
import { file } from "./files.ts";
import { sh, type Script } from "./script.ts";
import { textProblem } from "./text.ts";

/** Where an administrator's units live. */
export const unitDirectory = "/etc/systemd/system";

/**
 * Has systemd read all units anew, which takes it fifteen times as long as to start one, unless `known` succeeds. Another
 * script's reload may do for this one too, so it is asked again when it is this one's turn.
 */
function reloadUnless(known: Script): Script {
  return sh`known() {
${known}
}
known || { flock 9; known || systemctl daemon-reload; } 9<${unitDirectory}`;
}

/** A unit file of ours. systemd hears of it when a unit that follows it is started. */
export function unitFile(name: string, content: string): Artifact {
  const path = `${unitDirectory}/${name}`;
  const unit = file(path, content);
  // A template and a drop-in are no units; those that they belong to tell whether systemd has heard of them.
  const isUnit = /^[^/]+[^@/]\.\w+$/.test(name);
  const upToDate = sh`systemctl show -p NeedDaemonReload ${name} | grep -qx NeedDaemonReload=no`;
  return {
    ...unit,
    apply: isUnit
      ? sh`${unit.apply}
units_written="\${units_written-} "${name}`
      : unit.apply,
    remove: sh`if [ -e ${path} ]; then
  rm -f ${path}
  ${reloadUnless(isUnit ? upToDate : sh`false`)}
fi`,
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
 * Whether systemd has in mind what is on disk: the files that were written, and that and by what the unit is enabled. What it
 * never heard of it finds by itself, and what these two targets want matters only while it boots.
 */
const knowsEnabled = sh`unit_known=$(systemctl show -p NeedDaemonReload -p UnitFileState -p WantedBy "$unit" \${units_written-})
unit_known_self="\${unit_known%%"$nl$nl"*}$nl"
case $unit_known in *NeedDaemonReload=yes*) return 1 ;; esac
case $unit_known_self in *UnitFileState=enabled"$nl"*) ;; *) return 1 ;; esac
for unit_link in ${unitDirectory}/*.wants/"$unit"; do
  unit_wanting=\${unit_link%.wants/*}; unit_wanting=\${unit_wanting##*/}
  case $unit_wanting in '*' | multi-user.target | sockets.target) continue ;; esac
  case $unit_known_self in *[=\ ]"$unit_wanting"["$nl "]*) ;; *) return 1 ;; esac
done`;

/** Whether systemd has in mind that nothing wants the unit any more. */
const knowsDisabled = sh`[ -z "$(systemctl show --value -p WantedBy "$unit")" ]`;

/** \`$unit\` starts with the host, whatever was said before. Done on disk: told to do it, systemd would want to read all units anew. */
const enable = sh`for mask in ${unitDirectory}/"$unit" /run/systemd/system/"$unit"; do
  [ "$(readlink "$mask")" != /dev/null ] || rm -f "$mask"
done
systemctl --root=/ reenable --quiet "$unit"
${reloadUnless(knowsEnabled)}`;

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
drop_drop_ins "$unit" || :
${enable}
systemctl reset-failed "$unit" 2>/dev/null || :
if ! systemctl restart "$unit"; then
  journalctl --no-pager --quiet --lines 15 --output cat --unit "$unit" >&2 || :
  exit 1
fi`,
    remove: sh`unit=${word}
systemctl --root=/ disable --quiet "$unit" 2>/dev/null || :
systemctl stop "$unit" 2>/dev/null || :
${reloadUnless(knowsDisabled)}
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
