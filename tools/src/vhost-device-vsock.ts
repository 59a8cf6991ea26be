import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { findOnPath, run } from "./command.ts";
import { ToolError, ToolFailed } from "./errors.ts";
import { cacheFolder, checkoutFolder, home } from "./folders.ts";
import { step } from "./report.ts";

const name = "vhost-device-vsock";
const version = "0.3.0";

/** Without it, a client that connects at the wrong moment cuts its guest off; the file tells. */
const patch = join(checkoutFolder, "tools", name, "worker-survives.patch");

/** Returns the path of the user-space vsock device, building it when the cache has none; it runs where glibc is this one or later. */
export async function ensureVhostDeviceVsock(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = await cached(
    { name, version, inputs: ["--locked", await readFile(patch, "utf8")], folder: cacheFolder(env) },
    async ({ result, scratch }) => {
      const cargo = requireCargo(env);
      await step(`Building ${name} ${version} (about 2 minutes, once)`, async () => {
        await install({ cargo, result, scratch, env });
      });
    },
  );
  return join(folder, "bin", name);
}

function requireCargo(env: NodeJS.ProcessEnv): string {
  const cargo = findOnPath("cargo", env);
  if (cargo === undefined) {
    throw new ToolError(
      `${name}, the user-space vsock device, has no Debian package, and there is no cargo on the PATH to build it. ` +
        "Install Rust 1.85 or later: on Debian 13 type: apt-get install -y cargo\n" +
        "elsewhere see https://rustup.rs. Then type the same command again.",
    );
  }
  if (findOnPath("cc", env) === undefined) {
    throw new ToolError(
      `cargo needs a C linker to build ${name}. On Debian type: apt-get install -y gcc libc6-dev`,
    );
  }
  return cargo;
}

interface Install {
  readonly cargo: string;
  readonly result: string;
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
}

async function install({ cargo, result, scratch, env }: Install): Promise<void> {
  try {
    const source = await patchedSource({ cargo, scratch, env });
    const args = [
      "install",
      "--path",
      source,
      "--locked",
      "--root",
      result,
      "--target-dir",
      join(scratch, "target"),
    ];
    await run({ argv: [cargo, ...args], env });
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new ToolError(
      `${error.message}\nThe build of ${name} ${version} needs Rust 1.85 or later; it goes on from there when you type the same command again.`,
      { cause: error },
    );
  }
}

/** The crate's own source in a folder of ours, patched. */
async function patchedSource({ cargo, scratch, env }: Omit<Install, "result">): Promise<string> {
  const wrapper = join(scratch, "wrapper");
  await mkdir(wrapper, { recursive: true });
  const manifest = `[package]\nname = "wrapper"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[workspace]\n`;
  await writeFile(join(wrapper, "Cargo.toml"), `${manifest}[dependencies]\n${name} = "=${version}"\n`);
  await writeFile(join(wrapper, "lib.rs"), "");
  await run({ argv: [cargo, "fetch"], cwd: wrapper, env });
  const fetched = await fetchedSource(env);
  const source = join(scratch, "source");
  await rm(source, { recursive: true, force: true });
  await cp(fetched, source, { recursive: true });
  const isolated = { ...env, GIT_CEILING_DIRECTORIES: scratch };
  await run({ argv: ["git", "apply", patch], cwd: source, env: isolated });
  return source;
}

/** Where cargo unpacks what it fetched: a folder for each registry. */
async function fetchedSource(env: NodeJS.ProcessEnv): Promise<string> {
  const registries = join(env["CARGO_HOME"] ?? join(home(env), ".cargo"), "registry", "src");
  const folders = (await readdir(registries)).map((registry) =>
    join(registries, registry, `${name}-${version}`),
  );
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined)
    throw new ToolError(`cargo fetched ${name} ${version}, and it is not in ${registries}`);
  return found;
}
