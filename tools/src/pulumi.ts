import { existsSync, realpathSync } from "node:fs";
import { copyFile, link, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, sep } from "node:path";
import { cached } from "./cache.ts";
import { findOnPath, isExecutable } from "./command.ts";
import { ToolError } from "./errors.ts";
import { cacheFolder, checkoutFolder } from "./folders.ts";
import { ensureGoProgram, type GoProgram } from "./go-program.ts";

const cli = "pulumi";
const languageHost = "pulumi-language-nodejs";
const dynamicProvider = "pulumi-resource-pulumi-nodejs";
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const instead = "curl -fsSL https://get.pulumi.com | sh   (and put ~/.pulumi/bin on the PATH)";

const cliProgram: GoProgram = {
  name: cli,
  title: "the Pulumi CLI",
  version: "3.248.0",
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  module: join(checkoutFolder, "tools", "pulumi-cli"),
  flags: ["-tags", "osusergo,grpcnotrace", "-ldflags", `-s -w -X ${versionVariable}=v3.248.0`],
  takes: "4 minutes",
  instead,
};

const languageHostProgram: GoProgram = {
  name: languageHost,
  title: "Pulumi's Node.js language host",
  version: "3.65.0",
  package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  module: join(checkoutFolder, "tools", "pulumi-language-nodejs"),
  flags: ["-ldflags", `-s -w -X ${versionVariable}=v3.65.0`],
  takes: "30 seconds",
  instead,
};

/** A Pulumi CLI that can run this project's programs. */
export interface Pulumi {
  /** The path of the CLI. */
  readonly command: string;
  /** A PATH on which the CLI, the language host and the dynamic provider are found. */
  readonly path: string;
  /** Whether the CLI was built here: such a one cannot download plugins of its own version. */
  readonly selfBuilt: boolean;
}

/** Finds the user's Pulumi CLI and its companions, and builds what is missing. */
export async function ensurePulumi(env: NodeJS.ProcessEnv = process.env): Promise<Pulumi> {
  const installed = findOnPath(cli, env);
  const missing = await buildMissing(installed, env);
  const userPath = env["PATH"] ?? "";
  const selfBuilt = isSelfBuilt(installed, env);
  if (missing.size === 0) return { command: installed ?? cli, path: userPath, selfBuilt };
  const folder = await linkTogether(missing, env);
  return {
    command: installed ?? join(folder, cli),
    path: userPath === "" ? folder : `${folder}${delimiter}${userPath}`,
    selfBuilt,
  };
}

/** The files of what the user has not installed, by name. */
async function buildMissing(
  installed: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  if (installed === undefined) missing.set(cli, join(await ensureGoProgram(cliProgram, env), cli));
  if (!isInstalled(languageHost, installed, env)) {
    missing.set(languageHost, join(await ensureGoProgram(languageHostProgram, env), languageHost));
  }
  if (!isInstalled(dynamicProvider, installed, env)) missing.set(dynamicProvider, dynamicProviderScript());
  return missing;
}

/** Also when a parent process has put the built one on the PATH. */
function isSelfBuilt(installed: string | undefined, env: NodeJS.ProcessEnv): boolean {
  return installed === undefined || isWithin(realpathSync(installed), cacheFolder(env));
}

function isWithin(file: string, folder: string): boolean {
  return existsSync(folder) && file.startsWith(realpathSync(folder) + sep);
}

/** On the PATH, or beside the user's CLI, where Pulumi looks too. */
function isInstalled(name: string, installed: string | undefined, env: NodeJS.ProcessEnv): boolean {
  if (findOnPath(name, env) !== undefined) return true;
  return installed !== undefined && isExecutable(join(dirname(realpathSync(installed)), name));
}

function dynamicProviderScript(): string {
  const resolve = createRequire(join(checkoutFolder, "package.json")).resolve;
  const script = join(dirname(resolve("@pulumi/pulumi/package.json")), dynamicProvider);
  if (existsSync(script)) return script;
  throw new ToolError(`${script} is missing: the npm packages are incomplete. Type: npm ci`);
}

/** As files beside the CLI, not as symbolic links: Pulumi warns of every program that it finds anywhere else. */
async function linkTogether(programs: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): Promise<string> {
  const inputs = [...programs].map(([name, target]) => `${name}=${target}`);
  const script = programs.get(dynamicProvider);
  if (script !== undefined) inputs.push(await readFile(script, "utf8"));
  const entry = { name: "pulumi-path", version: cliProgram.version, inputs, folder: cacheFolder(env) };
  return cached(entry, async ({ result }) => {
    for (const [name, target] of programs) {
      const file = join(result, name);
      await link(target, file).catch(async () => copyFile(target, file));
    }
  });
}
