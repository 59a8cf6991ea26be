import { spawn } from "node:child_process";
import { connect } from "node:net";
import { LabError } from "./errors.ts";
import { checkHostName, checkLabName, sshConfigFile } from "./names.ts";
import { requireRecord } from "./record.ts";
import { quote, run, type RunResult } from "./run.ts";
import { waitUntil } from "./wait.ts";

/** The ssh command for a host of a lab: one word is a line for its shell, several are a command and its arguments. */
export function sshCommand(lab: string, host: string, command: readonly string[]): string[] {
  const words = command.length > 1 ? command.map(quote) : command;
  return ["ssh", "-F", sshConfigFile(lab), host, ...(words.length > 0 ? ["--", ...words] : [])];
}

/** Whether something takes connections at a host's SSH port; an answer comes within a fraction of a second. */
export async function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 300 });
    const finish = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once("connect", () => {
      finish(true);
    });
    socket.once("timeout", () => {
      finish(false);
    });
    socket.once("error", () => {
      finish(false);
    });
  });
}

/** Waits until a host's sshd answers with its pinned key and lets us in; false when it does not within 90 s. */
export async function waitForSsh(lab: string, host: string, address: string): Promise<boolean> {
  return waitUntil(async () => (await listens(address)) && (await answers(lab, host)), {
    everyMilliseconds: 100,
    withinSeconds: 90,
  });
}

/** Whether a host's sshd answers with its pinned key and lets us in. */
export async function answers(lab: string, host: string): Promise<boolean> {
  const [ssh = "ssh", ...rest] = sshCommand(lab, host, ["true"]);
  const result = await run([ssh, "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", ...rest], {
    timeoutSeconds: 6,
  });
  return result.exitCode === 0;
}

/** A host of a lab, and what to run there. */
export interface SshOptions {
  readonly name: string;
  readonly host: string;
  /** Nothing for a shell; one word for a line of shell; several for a command and its arguments. */
  readonly command?: readonly string[];
}

async function checkKnown({ name, host }: SshOptions): Promise<void> {
  const record = await requireRecord(checkLabName(name));
  if (record.hosts.some((known) => known.name === checkHostName(host))) return;
  const names = record.hosts.map((known) => known.name).join(", ");
  throw new LabError(`lab ${name} has no host ${host}: it has ${names}`);
}

/** Runs a command, or a shell, on a host with this process's terminal and returns its exit code. */
export async function labSsh(options: SshOptions): Promise<number> {
  await checkKnown(options);
  const [command = "", ...args] = sshCommand(options.name, options.host, options.command ?? []);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => {
      resolve(code ?? 255);
    });
  });
}

/** Runs a command on a host and returns how it ended and what it said. */
export async function labExec(
  options: SshOptions & { readonly stdin?: string; readonly timeoutSeconds?: number },
): Promise<RunResult> {
  await checkKnown(options);
  return run(sshCommand(options.name, options.host, options.command ?? ["true"]), options);
}
