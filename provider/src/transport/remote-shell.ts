import { randomUUID } from "node:crypto";
import type { InventoryHost } from "./inventory-host.ts";

/**
 * Reads "mark limit length" from standard input, byte by byte, so that what follows stays for the second stage. `timeout`
 * makes a process group of its own and kills all of it when the limit passes or when it is told to end.
 */
const firstStage = `IFS=" " read -r m l n && exec timeout -k 5 "$l" sh -c "$0" "$m" "$n"`;

/**
 * Reads the script, which must end with the mark or it was cut off; prints the mark on both outputs and runs the script on
 * the rest of standard input. `tail` watches whether anybody still reads our output: when the connection is gone, the whole
 * group is ended through `timeout`, its parent. A script that is told to end exits, so that its own traps say what it was at.
 */
const secondStage = [
  `umask 022`,
  `export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  `s=$(head -c "$1")`,
  `case $s in *"$0") s=\${s%"$0"};; *) exit 1;; esac`,
  `stop() { kill -KILL $!; exit; }`,
  `{ trap stop TERM; tail -f --pid=$$ /dev/null & wait $!; test $? -ne 141 || kill -TERM $PPID; } 2>/dev/null & w=$!`,
  `trap : TERM`,
  `echo "$0"; echo "$0" >&2`,
  `(trap "exit 143" TERM; set --; eval "$s"); c=$?`,
  `kill $w 2>/dev/null; exit $c`,
].join("; ");

const shell = `sh -c '${firstStage}' '${secondStage}'`;
const askingShell = `sh -c 'echo torocloud-ready; ${firstStage}' '${secondStage}'`;

/** What sudo prints when it wants the password. */
export const passwordPrompt = "torocloud-password:";

/** What stands on standard output when sudo is satisfied, and the script may be sent. */
export const readyMark = "torocloud-ready\n";

/** The command line for sshd: one of three constants without any content of a user, so any login shell will do. */
export function commandLine({ become, sudoPasswordEnv }: InventoryHost): string {
  if (become === "none") return `exec ${shell}`;
  if (sudoPasswordEnv === undefined) return `exec env LC_ALL=C sudo -n ${shell}`;
  return `exec env LC_ALL=C sudo -S -p ${passwordPrompt} ${askingShell}`;
}

/** What no output contains by accident: begins the script's own output and ends the script. */
export function newMark(): string {
  return `torocloud-${randomUUID()}`;
}

/** What to send ahead of the script's own standard input. */
export function preamble(script: string, mark: string, limitSeconds: number): Buffer {
  const body = Buffer.from(`${script}${mark}`);
  return Buffer.concat([Buffer.from(`${mark} ${limitSeconds} ${body.length}\n`), body]);
}
