import { setTimeout as delay } from "node:timers/promises";
import { HostUnreachable } from "../../host-program/host.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import { visible } from "../../validation/text.ts";
import type { Limits } from "../pool-options.ts";
import type { Command } from "./command.ts";
import { isTooOld, tooOld } from "./hello.ts";
import { type Outcome, runCommand } from "./run-command.ts";

const lockPauseMs = 5000;
const versionSeconds = 30;
const byHand = "apt-get install python3";

/** The one piece of shell of torocloud: what gives a Debian host the Python that all else needs. No quote of either kind in it but these. */
const installer = [
  `test "$(id -u)" = 0 || { echo torocloud-not-root; exit 3; }`,
  `command -v apt-get >/dev/null || { echo torocloud-no-apt; exit 4; }`,
  `export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1`,
  `o="-q -o DPkg::Lock::Timeout=300"`,
  `exec </dev/null 2>&1`,
  `apt-get $o update && apt-get $o -y --no-install-recommends install python3 && echo torocloud-installed`,
].join("; ");

const installCommand = `sh -c '${installer}'`;

const versionCommand = `sh -c 'exec python3 -ISE -c "$0"' 'import sys;print("torocloud-python",sys.version.split()[0])'`;

export interface PythonContext {
  readonly entry: InventoryHost;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Starts one of our constant commands there. */
  readonly start: (command: string) => Promise<Command>;
}

/** Installs Python on a host that has none, and tells so; rejects with HostUnreachable that says what to do instead. */
export async function installPython(context: PythonContext): Promise<void> {
  const { entry, limits } = context;
  const { name } = entry;
  const began = performance.now();
  limits.log(`${name}: there is no Python; installing the Debian package python3`);
  const notice = setInterval(() => {
    const seconds = Math.round((performance.now() - began) / 1000);
    limits.log(`${name}: installing python3, ${seconds} s so far`);
  }, limits.noticeSeconds * 1000).unref();
  try {
    const outcome = await installRepeatedly(context, began + limits.installSeconds * 1000);
    if (!outcome.output.includes("torocloud-installed"))
      throw new HostUnreachable(name, installProblem(entry, outcome));
  } finally {
    clearInterval(notice);
  }
  limits.log(`${name}: python3 was installed`);
}

/** What is wrong where Python was started and the host program was not: a version that is too old, otherwise nothing. */
export async function pythonProblem({ entry, signal, start }: PythonContext): Promise<string | undefined> {
  const command = await start(versionCommand);
  const { output } = await runCommand(command, { limitSeconds: versionSeconds, signal });
  const version = /^torocloud-python (\d+\.\d+\S*)$/m.exec(output)?.[1];
  return version !== undefined && isTooOld(version) ? tooOld(entry.name, version) : undefined;
}

/** Whoever is at work with apt, such as the first boot, is waited for. */
async function installRepeatedly({ start, signal }: PythonContext, until: number): Promise<Outcome> {
  for (;;) {
    const limitSeconds = (until - performance.now()) / 1000;
    const outcome = await runCommand(await start(installCommand), { limitSeconds, signal });
    const locked = outcome.output.includes("Could not get lock");
    if (!locked || performance.now() + lockPauseMs > until) return outcome;
    await delay(lockPauseMs, undefined, { signal });
  }
}

function installProblem({ user }: InventoryHost, { exitCode, output }: Outcome): string {
  if (output.includes("torocloud-not-root"))
    return `there is no Python, and ${user} may not install it; become root with sudo (become: sudo), or install it there: ${byHand}`;
  if (output.includes("torocloud-no-apt"))
    return "there is neither Python nor apt-get to install it; install Python 3.11 or later there, as Debian 12 and 13 have";
  if (exitCode === undefined)
    return `there is no Python, and the installation of python3 did not end; install it there: ${byHand}`;
  const lines = output.split("\n").filter((line) => /^(E|W|Err|sudo):/.test(line.trim()));
  const words = visible((lines.length > 0 ? lines : output.trim().split("\n")).slice(-3).join(" / "));
  return `there is no Python, and python3 could not be installed (${words.slice(-300)}); install it there: ${byHand}`;
}
