import { readyLine } from "../../host-program/bundle.ts";
import { variableIn } from "../../inventory/fields.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import { visible } from "../../validation/text.ts";
import { passwordPrompt } from "./command-line.ts";

const longest = 600;

interface Refusal {
  readonly problem: string;
  /** What the login shell or sudo printed instead of starting the program. */
  readonly said: string;
  readonly exitCode: number | undefined;
}

/** Why the program was not started, and what to do about it. */
export function becomeProblem(entry: InventoryHost, { problem, said, exitCode }: Refusal): string {
  const words = linesOf(said.replaceAll(passwordPrompt, "").replaceAll(readyLine, "")).slice(-longest);
  const quoted = words === "" ? "nothing was printed" : `what came instead: ${words}`;
  if (entry.become === "sudo") {
    const known = sudoProblems.find(({ pattern }) => pattern.test(said));
    if (known !== undefined) return `${known.advice(entry)} (${quoted})`;
  }
  const ending = exitCode === undefined ? "" : ` (exit code ${exitCode})`;
  return `${problem} by the login shell of ${entry.user}${ending}; expected sh and python3; ${quoted}`;
}

function linesOf(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return visible(lines.filter((line) => line !== "").join(" / "));
}

const sudoProblems: readonly {
  readonly pattern: RegExp;
  readonly advice: (entry: InventoryHost) => string;
}[] = [
  {
    pattern: /torocloud-password:.*torocloud-password:|incorrect password|no password was provided/s,
    advice: ({ user, sudoPasswordEnv }) =>
      `sudo refuses the password of ${user} in the environment variable ${variableIn("sudoPasswordEnv", sudoPasswordEnv)}`,
  },
  {
    pattern: /must have a tty/,
    advice: ({ user }) =>
      `sudo wants a terminal, which programs over SSH do not have; add "Defaults:${user} !requiretty" to /etc/sudoers.d`,
  },
  {
    pattern: /password is required|terminal is required/,
    advice: ({ user }) =>
      `sudo asks for the password of ${user}; allow "${user} ALL=(ALL) NOPASSWD: ALL" in /etc/sudoers.d, ` +
      `or name the environment variable with the password in sudoPasswordEnv`,
  },
  {
    pattern: /not in the sudoers|is not allowed to|may not run sudo/,
    advice: ({ user }) =>
      `${user} may not become root with sudo; add "${user} ALL=(ALL) NOPASSWD: ALL" to /etc/sudoers.d`,
  },
  {
    pattern: /sudo.*(not found|No such file)/,
    advice: () => `sudo is not installed; install it, or log in as root`,
  },
];
