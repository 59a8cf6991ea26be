import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { fakePath, temporaryFolder } from "./fake-tools.ts";

const tools = fileURLToPath(new URL("../../tools/", import.meta.url));

/** Stands for TypeScript: compiles the main program once. */
const fakeTsc = `
const { appendFileSync, existsSync, mkdirSync, writeFileSync } = require("node:fs");
appendFileSync("log", "tsc\\n");
if (existsSync("broken")) {
  console.log("10:11:12 AM - Projects in this build: \\n    * tools/tsconfig.json\\n");
  console.log("10:11:12 AM - Building project 'tools'...\\n\\ntools/src/main.ts(1,1): error TS1: Broken.");
  process.exit(1);
}
if (existsSync("tools/dist/main.js")) process.exit(0);
console.log("10:11:12 AM - Building project 'tools'...");
mkdirSync("tools/dist", { recursive: true });
writeFileSync("tools/dist/main.js", "export async function main(argv) { console.log('main', ...argv); return 5; }");
`;

/** Stands for npm: writes its own record last, as npm does. */
const fakeNpm = `
echo "npm $*" >> log
[ -e npm-fails ] && { echo "npm error: registry is away" >&2; exit 1; }
rm -rf node_modules && mkdir -p node_modules/typescript/bin
sleep 0.2
cp tsc.cjs node_modules/typescript/bin/tsc
echo '{}' > node_modules/.package-lock.json`;

let checkout: string;
let path: string;

beforeEach(async () => {
  checkout = await temporaryFolder();
  path = [await fakePath({ npm: fakeNpm }), "/usr/bin", "/bin"].join(delimiter);
  await mkdir(join(checkout, "tools"));
  for (const file of ["run.mjs", "lock.mjs"])
    await copyFile(join(tools, file), join(checkout, "tools", file));
  await writeFile(join(checkout, "package.json"), '{ "type": "module" }');
  await writeFile(join(checkout, "package-lock.json"), "{}");
  await writeFile(join(checkout, "tsc.cjs"), fakeTsc);
});

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { PATH: path, HOME: checkout };
  const child = spawn(process.execPath, [join(checkout, "tools/run.mjs"), ...args], { cwd: "/", env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const log = async (): Promise<string> => readFile(join(checkout, "log"), "utf8");

async function changeLockfile(): Promise<void> {
  await writeFile(join(checkout, "package-lock.json"), '{ "changed": true }');
  const later = new Date(Date.now() + 5_000);
  await utimes(join(checkout, "package-lock.json"), later, later);
}

describe("the bootstrap", () => {
  it("installs and compiles a fresh clone, then runs the command and passes its exit code on", async () => {
    expect(await run("pulumi", "version")).toEqual({
      code: 5,
      stdout: "main pulumi version\n",
      stderr:
        "torocloud: Installing the npm packages of package-lock.json (npm ci)\ntorocloud: Compiling TypeScript (tsc -b)\n",
    });
    expect(await log()).toBe("npm ci --no-audit --no-fund\ntsc\n");
  });

  it("says nothing when there is nothing to do", async () => {
    await run("up");
    expect(await run("up")).toEqual({ code: 5, stdout: "main up\n", stderr: "" });
    expect(await log()).toBe("npm ci --no-audit --no-fund\ntsc\ntsc\n");
  });

  it("installs once for runs that start together on a fresh clone", async () => {
    const runs = await Promise.all([run("up"), run("up"), run("up")]);
    expect(runs.map(({ code }) => code)).toEqual([5, 5, 5]);
    expect((await log()).split("npm ci").length - 1).toBe(1);
    expect(runs.map(({ stderr }) => stderr).join("")).toMatch(/Waiting for another run \(process \d+\)/);
  });

  it("installs again when package-lock.json has changed", async () => {
    await run("up");
    await changeLockfile();
    expect((await run("up")).stderr).toContain("npm ci");
    expect((await run("up")).stderr).toBe("");
  });

  it("accepts what `npm install` has installed by hand", async () => {
    await run("up");
    await changeLockfile();
    const later = new Date(Date.now() + 6_000);
    await utimes(join(checkout, "node_modules/.package-lock.json"), later, later);
    expect((await run("up")).stderr).toBe("");
  });

  it("shows npm's output when npm fails, runs nothing, and tries again the next time", async () => {
    await writeFile(join(checkout, "npm-fails"), "");
    const failed = await run("up");
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toContain(
      `npm ci failed (exit code 1) in ${checkout}/\nnpm error: registry is away\n`,
    );
    await writeFile(join(checkout, "package.json"), "{}");
    path = [await fakePath({ npm: fakeNpm.replace("npm-fails", "never") }), "/usr/bin", "/bin"].join(
      delimiter,
    );
    expect((await run("up")).code).toBe(5);
  });

  it("installs again after an installation that was killed half-way", async () => {
    const killed = fakeNpm.replace("sleep 0.2", "kill -KILL $PPID; exit 1");
    const good = path;
    path = [await fakePath({ npm: killed }), "/usr/bin", "/bin"].join(delimiter);
    expect((await run("up")).code).toBe(null);
    expect(existsSync(join(checkout, "tools/dist/.prepare.lock"))).toBe(true);
    path = good;
    expect((await run("up")).code).toBe(5);
  });

  it("shows the compiler's errors, without its progress, and runs nothing", async () => {
    await run("up");
    await writeFile(join(checkout, "broken"), "");
    const failed = await run("up");
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toMatch(
      /tsc -b failed \(exit code 1\) in [^\n]*\ntools\/src\/main\.ts\(1,1\): error TS1: Broken\.\nRepair that/,
    );
  });

  it("names the Node.js version that it needs", async () => {
    const file = join(checkout, "tools/run.mjs");
    const source = await readFile(file, "utf8");
    expect(source).toContain("process.versions.node)");
    await writeFile(file, source.replace("process.versions.node)", '"18.19.0")'));
    const refused = await run("up");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(
      `Node.js 20.19 or later is needed, and this is 18.19.0 (${process.execPath})`,
    );
    expect(existsSync(join(dirname(file), "dist"))).toBe(false);
  });
});
