import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { describe, expect, it } from "vitest";
import { findOnPath, run } from "../../tools/src/command.ts";
import { ToolFailed } from "../../tools/src/errors.ts";
import { main } from "../../tools/src/main.ts";
import { step } from "../../tools/src/report.ts";
import { fakePath, Lines, temporaryFolder } from "./fake-tools.ts";

describe("a command", () => {
  it("returns its standard output", async () => {
    expect(await run({ argv: ["sh", "-c", "echo out; echo err >&2"] })).toBe("out\n");
  });

  it("fails with its exit code and the end of its output", async () => {
    const failing = run({ argv: ["sh", "-c", "echo out; echo err >&2; exit 3"] });
    await expect(failing).rejects.toThrow(ToolFailed);
    await expect(failing).rejects.toMatchObject({ exitCode: 3, output: "out\nerr\n" });
  });

  it("that does not exist says so", async () => {
    await expect(run({ argv: ["/nowhere/tool"] })).rejects.toThrow(
      "`/nowhere/tool` did not run to its end:\nError: spawn /nowhere/tool ENOENT",
    );
  });

  it("is found on the PATH when it is an executable file", async () => {
    const folder = await fakePath({ tool: "" });
    expect(findOnPath("tool", { PATH: `/nowhere::${folder}` })).toBe(join(folder, "tool"));
    expect(findOnPath("bin", { PATH: join(folder, "..") })).toBeUndefined();
    expect(findOnPath("tool", {})).toBeUndefined();
  });
});

/** A program that runs its arguments as an attached command, compiled because the plain Node of the test's child reads no TypeScript. */
async function attachedProgram(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ["attached-command", "errors"]) {
    const source = await readFile(new URL(`../../tools/src/${name}.ts`, import.meta.url), "utf8");
    const { outputText } = transpileModule(source, {
      compilerOptions: {
        module: ModuleKind.ESNext,
        target: ScriptTarget.ES2022,
        rewriteRelativeImportExtensions: true,
      },
    });
    await writeFile(join(folder, `${name}.js`), outputText);
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const program =
    'import { runAttached } from "./attached-command.js";\nprocess.exitCode = await runAttached({ argv: process.argv.slice(2) });\n';
  await writeFile(join(folder, "program.js"), program);
  return join(folder, "program.js");
}

describe("an attached command", () => {
  // Not a shell: while a command of its own runs, a shell takes several signals for one.
  const child = `
    const log = (line) => require("node:fs").appendFileSync(process.env.LOG, line + "\\n");
    process.on("SIGINT", () => log("got"));
    setTimeout(() => process.exit(7), 1500);
    log("ready");`;

  it("gets a signal of the whole process group once, is not killed by it, and passes its exit code on", async () => {
    const log = join(await temporaryFolder(), "log");
    const parent = spawn(process.execPath, [await attachedProgram(), process.execPath, "-e", child], {
      stdio: "ignore",
      detached: true,
      env: { ...process.env, LOG: log },
    });
    const ended = new Promise((resolve) => parent.on("close", resolve));
    await expect.poll(() => existsSync(log), { timeout: 5_000 }).toBe(true);
    process.kill(-Number(parent.pid), "SIGINT");
    await sleep(50);
    parent.kill("SIGINT");
    expect(await ended).toBe(7);
    expect(await readFile(log, "utf8")).toBe("ready\ngot\n");
  });

  it("that a signal ended has the exit code that a shell gives it", async () => {
    const parent = spawn(process.execPath, [await attachedProgram(), "sh", "-c", "kill -TERM $$"], {
      stdio: "ignore",
    });
    expect(await new Promise((resolve) => parent.on("close", resolve))).toBe(143);
  });
});

describe("a step", () => {
  it("says when it starts, that it is at work, and how long it took", async () => {
    const output = new Lines();
    const work = async (note: (detail: string) => void): Promise<string> => {
      note("12 modules downloaded");
      await sleep(130);
      return "built";
    };
    expect(await step("Building it", work, { output, everyMs: 50 })).toBe("built");
    expect(output.text).toMatch(
      /^torocloud: Building it\n(torocloud: Building it: at work for 0\.\d s, 12 modules downloaded\n){1,2}torocloud: Building it: done in 0\.\d s\n$/,
    );
  });

  it("that fails says so and passes the error on", async () => {
    const output = new Lines();
    const failing = step("Building it", async () => Promise.reject(new Error("broken")), { output });
    await expect(failing).rejects.toThrow("broken");
    expect(output.text).toMatch(/Building it: failed after 0\.\d s\n$/);
  });
});

describe("main", () => {
  it("refuses a command that it does not know with exit code 2", async () => {
    expect(await main(["nonesuch"])).toBe(2);
    expect(await main(["toString"])).toBe(2);
    expect(await main([])).toBe(2);
  });
});
