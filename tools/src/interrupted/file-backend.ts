import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { home } from "../folders.ts";

/** Where Pulumi's file backend keeps what it knows of one stack. */
export interface StackFiles {
  /** A file for each lock. */
  readonly locks: string;
  /** The state, as JSON. */
  readonly state: string;
}

/** The files of a stack, by the environment's backend; undefined where that is no folder of this machine. */
export function stackFiles(
  env: NodeJS.ProcessEnv,
  { project, stack }: { readonly project: string; readonly stack: string },
): StackFiles | undefined {
  const url = env["PULUMI_BACKEND_URL"] ?? loginOf(env) ?? "";
  if (!url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  const folder = join(resolve(path.replace(/^~/, home(env))), ".pulumi");
  return {
    locks: join(folder, "locks", "organization", project, stack),
    state: join(folder, "stacks", project, `${stack}.json`),
  };
}

/** The name in the Pulumi.yaml of a folder or of one above it. */
export function projectOf(folder: string): string | undefined {
  const file = join(folder, "Pulumi.yaml");
  if (existsSync(file)) return /^name:\s*["']?([^\s"']+)/m.exec(readFileSync(file, "utf8"))?.[1];
  return dirname(folder) === folder ? undefined : projectOf(dirname(folder));
}

function loginOf(env: NodeJS.ProcessEnv): string | undefined {
  const folder = env["PULUMI_CREDENTIALS_PATH"] ?? env["PULUMI_HOME"] ?? join(home(env), ".pulumi");
  try {
    const credentials = JSON.parse(readFileSync(join(folder, "credentials.json"), "utf8")) as {
      readonly current?: string;
    };
    return credentials.current;
  } catch {
    return undefined;
  }
}
