import { asset } from "../../host/asset.ts";
import { Script, sh } from "../../host/script.ts";

/**
 * `ceph_command ARGUMENT...`: Ceph's command line with a bound on how long it tries (its own is 300 s without quorum).
 * `$ceph_ask`: assets/ceph_ask.py.
 */
const cephPrelude: Script = sh`ceph_command() { timeout 60 ceph --connect-timeout 20 "$@"; }
ceph_ask=${asset("ceph_ask.py")}`;

/** A script that may change the cluster and ask it. */
export function ceph(script: Script): Script {
  return Script.join([cephPrelude, script]);
}

/** What a monitor is asked or told: { prefix: "osd dump" }. */
type Command = Readonly<Record<string, string | number | readonly string[]>>;

/** Gives the monitors one order after the other; the first that is refused ends it. */
export function tellCeph(...commands: readonly Command[]): Script {
  return sh`timeout 120 python3 -c "$ceph_ask" tell ${commands.map((command) => JSON.stringify(command))}`;
}

/** Prints a Python expression over the answer, `d`; fails where it is None or False. */
export function askCeph(command: Command, expression: string): Script {
  return sh`timeout 60 python3 -c "$ceph_ask" ask ${expression} ${JSON.stringify(command)}`;
}

interface Wait {
  /** What for, as a person would say it. */
  readonly what: string;
  readonly command: Command;
  /** A Python expression over the answer, `d`: true when the wait is over. */
  readonly until: string;
  /** One that tells how far it is. */
  readonly seen?: string;
  readonly seconds: number;
}

/** Waits, and tells what for. */
export function waitForCeph({ what, command, until, seen = '"not yet"', seconds }: Wait): Script {
  return sh`python3 -c "$ceph_ask" wait ${until} ${JSON.stringify(command)} "\${wait_seconds:-${seconds}}" ${what} ${seen}`;
}

/** A Python literal; JSON's strings are Python's. */
export function pythonString(text: string): string {
  return JSON.stringify(text);
}
