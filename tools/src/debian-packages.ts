import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../lock.mjs";
import { findOnPath, run } from "./command.ts";
import { ToolError, ToolFailed } from "./errors.ts";
import { cacheFolder } from "./folders.ts";
import { step } from "./report.ts";

const lockSeconds = 300;
const attempts = 5;

/** For tests: the environment, who runs, and how long to wait before asking again for a lock. */
export interface DebianOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly isRoot?: boolean;
  readonly retryMs?: number;
}

/** Makes sure that Debian packages are installed on this machine; installs only those that are missing, and starts no service. */
export async function ensureDebianPackages(
  names: readonly string[],
  options: DebianOptions = {},
): Promise<void> {
  const { env = process.env, retryMs = 5_000 } = options;
  const missing = await missingPackages(names, env);
  if (missing.length === 0) return;
  if (!(options.isRoot ?? process.getuid?.() === 0)) {
    throw new ToolError(
      `This needs the Debian packages ${missing.join(", ")}. Type: sudo ${installLine(missing)}`,
    );
  }
  await step(`Installing Debian packages: ${missing.join(", ")}`, async (note) => {
    // Where apt is set up as in container images, an update deletes what another process is about to install.
    await withLock(join(cacheFolder(env), "debian-packages.lock"), async () => {
      note("updating the package lists");
      await apt(["update"], { missing, env, retryMs });
      note("installing");
      await apt(["install", "-y", "--no-install-recommends", ...missing], { missing, env, retryMs });
      await reloadUnits(env);
    });
  });
}

async function missingPackages(names: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  if (names.length === 0) return [];
  if (findOnPath("dpkg-query", env) === undefined || findOnPath("apt-get", env) === undefined) {
    throw new ToolError(
      `This needs the Debian packages ${names.join(", ")}, and this machine has no apt-get. Run it on Debian 12 or later.`,
    );
  }
  const argv = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", ...names] as const;
  // Exit code 1: some name is unknown here; the others are listed all the same.
  const listed = await run({ argv, env }).catch((error: unknown) => {
    if (error instanceof ToolFailed && error.exitCode === 1) return error.output;
    throw error;
  });
  const lines = new Set(listed.split("\n"));
  return [...new Set(names)].filter((name) => !lines.has(`${name} installed`));
}

interface Installation {
  readonly missing: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly retryMs: number;
}

async function apt(args: readonly string[], { missing, env, retryMs }: Installation): Promise<void> {
  const argv = [
    "apt-get",
    "-q",
    "-o",
    `DPkg::Lock::Timeout=${lockSeconds}`,
    "-o",
    "Acquire::Retries=3",
    ...args,
  ] as const;
  for (let attempt = 1; ; attempt++) {
    try {
      await run({ argv, env: quietEnvironment(env) });
      return;
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
      // apt waits for dpkg's own lock, not for the one of the package lists.
      if (attempt < attempts && error.output.includes("Could not get lock")) await sleep(retryMs);
      else throw explained(error, missing);
    }
  }
}

/** No questions, no service started by a package (systemctl does nothing offline), none restarted by needrestart. */
function quietEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    LC_ALL: "C",
    DEBIAN_FRONTEND: "noninteractive",
    DEBCONF_NONINTERACTIVE_SEEN: "true",
    APT_LISTCHANGES_FRONTEND: "none",
    NEEDRESTART_SUSPEND: "1",
    SYSTEMD_OFFLINE: "1",
  };
}

/** What the packages' own scripts could not do while systemctl was offline. */
async function reloadUnits(env: NodeJS.ProcessEnv): Promise<void> {
  if (existsSync("/run/systemd/system")) await run({ argv: ["systemctl", "daemon-reload"], env });
}

function explained(error: ToolFailed, missing: readonly string[]): ToolError {
  const unknown = /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/.exec(
    error.output,
  );
  const culprit = unknown?.[1] ?? unknown?.[2];
  const reasons = error.output.split("\n").filter((line) => line.startsWith("E: "));
  const what =
    culprit === undefined
      ? `The Debian packages ${missing.join(", ")} could not be installed`
      : `The Debian package ${culprit} is not in this machine's package sources`;
  const why = (reasons.length === 0 ? [error.output.trim()] : reasons).join("\n");
  return new ToolError(`${what}:\n${why}\nTo see more, type: apt-get update && ${installLine(missing)}`, {
    cause: error,
  });
}

function installLine(names: readonly string[]): string {
  return `apt-get install -y --no-install-recommends ${names.join(" ")}`;
}
