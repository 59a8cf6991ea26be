import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { home, stateFolder } from "./folders.ts";
import type { Pulumi } from "./pulumi.ts";

/** The variables under which a Pulumi program finds its tools; where its state is kept stays the caller's business. */
export function toolEnvironment(pulumi: Pulumi, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...env,
    PATH: pulumi.path,
    PULUMI_SKIP_UPDATE_CHECK: env["PULUMI_SKIP_UPDATE_CHECK"] ?? "1",
    ...(pulumi.selfBuilt && {
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] ?? "1",
    }),
  };
}

/**
 * The variables for running Pulumi: the user's own backend and passphrase where there are any, else a folder of this user's machine
 * and a passphrase made once, readable by the user alone.
 */
export async function pulumiEnvironment(
  pulumi: Pulumi,
  env: NodeJS.ProcessEnv = process.env,
): Promise<NodeJS.ProcessEnv> {
  const result = toolEnvironment(pulumi, env);
  const folder = stateFolder(env);
  if (!hasBackend(env)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    result["PULUMI_BACKEND_URL"] = `file://${folder}`;
  }
  if (needsPassphrase(result)) result["PULUMI_CONFIG_PASSPHRASE_FILE"] = await ensurePassphraseFile(folder);
  return result;
}

/** Whether the user has said where Pulumi keeps state: by variable, by access token or by `pulumi login`. */
export function hasBackend(env: NodeJS.ProcessEnv): boolean {
  return isSet(env["PULUMI_BACKEND_URL"]) || isSet(env["PULUMI_ACCESS_TOKEN"]) || isLoggedIn(env);
}

function isLoggedIn(env: NodeJS.ProcessEnv): boolean {
  const folder = env["PULUMI_CREDENTIALS_PATH"] ?? env["PULUMI_HOME"] ?? join(home(env), ".pulumi");
  const file = join(folder, "credentials.json");
  if (!existsSync(file)) return false;
  try {
    const credentials: unknown = JSON.parse(readFileSync(file, "utf8"));
    return (
      typeof credentials === "object" &&
      credentials !== null &&
      "current" in credentials &&
      credentials.current !== ""
    );
  } catch {
    // Unreadable or broken: a login all the same, and Pulumi says what is wrong with it.
    return true;
  }
}

/** A passphrase that exists on this machine only would lock other machines out of a shared backend: made for local state alone. */
function needsPassphrase(env: NodeJS.ProcessEnv): boolean {
  const own =
    env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined;
  return !own && (env["PULUMI_BACKEND_URL"] ?? "").startsWith("file:");
}

async function ensurePassphraseFile(folder: string): Promise<string> {
  const file = join(folder, "passphrase");
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(fresh, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  try {
    // Unlike rename, link never replaces: of two runs that start together, both use the first one's.
    await link(fresh, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    await rm(fresh, { force: true });
  }
  return file;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
