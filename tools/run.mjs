// Entry of `npm run up|down|test|bench|lab|pulumi`. Plain Node without dependencies: it also runs on a clone without node_modules.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const lockfile = join(root, "package-lock.json");
const modules = join(root, "node_modules");
const npmRecord = join(modules, ".package-lock.json"); // npm writes it last
const stamp = join(modules, ".torocloud-stamp"); // we write it after npm has succeeded
const outputTail = 12_000;
const tscProgress = /^\d{1,2}:\d\d:\d\d|^ +\* .*\.json$/;

class Failure extends Error {}

try {
  checkNodeVersion(process.versions.node);
  await prepare();
} catch (error) {
  process.stderr.write(`torocloud: ${error instanceof Failure ? error.message : error.stack}\n`);
  process.exit(1);
}
const { main } = await import("./dist/main.js");
process.exitCode = await main(process.argv.slice(2));

function checkNodeVersion(version) {
  const [major, minor] = version.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Failure(
    `Node.js 20.19 or later is needed, and this is ${version} (${process.execPath}). ` +
      "Install a newer one (https://nodejs.org/en/download), then type the same command again.",
  );
}

/** Installs and compiles what is out of date; runs that start together wait for each other. */
async function prepare() {
  const { withLock } = await import("./lock.mjs");
  const onWait = (pid) =>
    say(
      `Waiting for another run${pid === undefined ? "" : ` (process ${pid})`} to finish installing and compiling`,
    );
  await withLock(
    join(root, "tools", "dist", ".prepare.lock"),
    async () => {
      if (!isInstalled()) await install();
      await compile();
    },
    { onWait },
  );
}

function isInstalled() {
  if (!existsSync(npmRecord)) return false;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockfileHash()) return true;
  // Installed by hand with `npm install` or `npm ci`.
  return statSync(npmRecord).mtimeMs >= statSync(lockfile).mtimeMs;
}

function lockfileHash() {
  return createHash("sha256").update(readFileSync(lockfile)).digest("hex");
}

async function install() {
  say("Installing the npm packages of package-lock.json (npm ci)");
  rmSync(stamp, { force: true });
  rmSync(npmRecord, { force: true });
  const hash = lockfileHash();
  await run("npm ci", [...npm(), "ci", "--no-audit", "--no-fund"]);
  mkdirSync(modules, { recursive: true });
  writeFileSync(`${stamp}.new`, hash);
  renameSync(`${stamp}.new`, stamp);
}

function npm() {
  const script = process.env.npm_execpath;
  return script !== undefined && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ["npm"];
}

async function compile() {
  let told = false;
  const tsc = join(modules, "typescript", "bin", "tsc");
  const onOutput = (text) => {
    if (told || !text.includes("Building project")) return;
    told = true;
    say("Compiling TypeScript (tsc -b)");
  };
  await run("tsc -b", [process.execPath, tsc, "-b", "--verbose", "--pretty", "false"], onOutput);
}

function say(line) {
  process.stderr.write(`torocloud: ${line}\n`);
}

/** Runs a command silently; its output is shown when it fails. A signal stops the command first, then this process. */
async function run(name, [command, ...args], onOutput = () => {}) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (text) => {
    output += text;
    onOutput(output);
  };
  child.stdout.setEncoding("utf8").on("data", collect);
  child.stderr.setEncoding("utf8").on("data", collect);
  let stoppedBy;
  const stop = (signal) => {
    stoppedBy = signal;
    child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, stop);
  const ended = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? undefined : `exit code ${code ?? signal}`));
  });
  for (const signal of signals) process.off(signal, stop);
  if (stoppedBy !== undefined) process.exit(stoppedBy === "SIGINT" ? 130 : 143);
  if (ended === undefined) return;
  const shown = output
    .split("\n")
    .filter((line) => line.trim() !== "" && !tscProgress.test(line))
    .join("\n")
    .trim()
    .slice(-outputTail);
  throw new Failure(
    `${name} failed (${ended}) in ${root}\n${shown}\nRepair that, then type the same command again.`,
  );
}
