import { join } from "node:path";
import { cached } from "./cache.ts";
import { findOnPath, run } from "./command.ts";
import { ToolError, ToolFailed } from "./errors.ts";
import { cacheFolder } from "./folders.ts";
import { step } from "./report.ts";

const name = "vhost-device-vsock";
const version = "0.3.0";

/** Returns the path of the user-space vsock device, building it when the cache has none; it runs where glibc is this one or later. */
export async function ensureVhostDeviceVsock(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = await cached(
    { name, version, inputs: ["--locked"], folder: cacheFolder(env) },
    async ({ result, scratch }) => {
      const cargo = requireCargo(env);
      await step(`Building ${name} ${version} (about 1 minute, once)`, async () => {
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
  const args = ["install", name, "--version", version, "--locked", "--root", result, "--target-dir", scratch];
  try {
    await run({ argv: [cargo, ...args], env });
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new ToolError(
      `${error.message}\nThe build of ${name} ${version} needs Rust 1.85 or later; it goes on from there when you type the same command again.`,
      { cause: error },
    );
  }
}
