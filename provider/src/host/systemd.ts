import { leftover, type Artifact } from "./artifact.ts";
import { file } from "./files.ts";
import { sh, type Script } from "./script.ts";

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
[ ! -L "/run/systemd/system/$unit" ] || systemctl unmask --runtime --quiet "$unit"
systemctl --root=/ reenable --quiet "$unit"
${reloadUnless(knowsEnabled)}
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
