import { noPythonLine } from "../../host-program/bundle.ts";
import { HostUnreachable } from "../../host-program/host.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import { becomeProblem } from "./become-problem.ts";
import { isReady } from "./command.ts";

/** The host has no python3. */
export class NoPython extends Error {
  override readonly name = "NoPython";
}

/** Python was started, and did not get as far as a hello: it may be too old for the program. */
export class NotStarted extends HostUnreachable {}

interface End {
  readonly problem: string;
  readonly exitCode: number | undefined;
  /** What stood on standard error, and on standard output. */
  readonly said: string;
  readonly greeting: string;
}

/** Why the program did not begin. */
export function notStarted(entry: InventoryHost, { problem, exitCode, said, greeting }: End): Error {
  if (exitCode === 127 && greeting.includes(noPythonLine)) return new NoPython();
  const reason = becomeProblem(entry, { problem, exitCode, said: `${said}${greeting}` });
  return isReady(greeting) ? new NotStarted(entry.name, reason) : new HostUnreachable(entry.name, reason);
}

/** How a program ended that should not have. Of a traceback only the error's class and its line are told: values may be secrets. */
export function endOf(exitCode: number, said: string): string {
  const where = [...said.matchAll(/^ +File "(\S+)", line (\d+)/gm)].at(-1);
  const what = [...said.matchAll(/^([\w.]*(?:Error|Exception|Interrupt))\b/gm)].at(-1)?.[1];
  const at = where === undefined ? "" : ` at ${where[1] ?? ""} line ${where[2] ?? ""}`;
  const cause = what === undefined ? "" : `: ${what}${at}`;
  const how = exitCode > 128 ? `by signal ${exitCode - 128}` : `with exit code ${exitCode}`;
  return `the host program ended ${how}${cause}`;
}
