import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CommandResult } from "../../../provider/src/host/host.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script, sh } from "../../../provider/src/host/script.ts";
import { me, ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

let host: ShellHost;
beforeEach(() => {
  host = new ShellHost();
});
afterEach(() => {
  host.remove();
});

async function run(script: Script, stdin?: string): Promise<CommandResult> {
  return host.run(Script.join([prelude, script]), stdin === undefined ? {} : { stdin });
}

describe("an error", () => {
  it("says during which step it happened, and keeps its exit code", async () => {
    const result = await run(sh`doing=${"making file /etc/it's"}
(exit 7)
echo not reached`);
    expect(result).toEqual({ exitCode: 7, stdout: "", stderr: "while making file /etc/it's\n" });
  });

  it("is also a variable that was never set", async () => {
    expect((await run(sh`echo "$never"`)).exitCode).not.toBe(0);
  });

  it("leaves nothing to say where there was none", async () => {
    expect(await run(sh`echo fine`)).toEqual({ exitCode: 0, stdout: "fine\n", stderr: "" });
  });
});

describe("say", () => {
  it("marks a line of progress on standard error", async () => {
    expect(await run(sh`say ${"50 % of it's"} done`)).toMatchObject({
      stdout: "",
      stderr: "@ 50 % of it's done\n",
    });
  });
});

describe("wait_until", () => {
  /** Each look at the clock is `seconds` after the one before, and no nap takes any time. */
  const clock = (seconds: number): void => {
    host.stub("date", `echo x >>"$HERE/clock"; echo $(($(wc -l <"$HERE/clock") * ${String(seconds)}))`);
    host.stub("sleep", 'echo "$1" >>"$HERE/naps"');
  };

  it("goes on at once when there is nothing to wait for", async () => {
    clock(1);
    expect(await run(sh`wait_until 10 'the sun' true; echo up`)).toMatchObject({
      exitCode: 0,
      stdout: "up\n",
      stderr: "",
    });
    expect(existsSync(host.path("naps"))).toBe(false);
  });

  it("asks again until the answer is yes, with the words it was given", async () => {
    clock(0);
    const result =
      await run(sh`answers() { echo "$2" >>"$HERE/asked"; [ "$(wc -l <"$HERE/asked")" -ge "$1" ]; }
wait_until 10 'the sun' answers 4 ${"two words"}`);
    expect(result).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    expect(readFileSync(host.path("asked"), "utf8")).toBe("two words\n".repeat(4));
    expect(readFileSync(host.path("naps"), "utf8")).toBe("0.2\n".repeat(3));
  });

  it("gives up after its limit, and says what it waited for and saw last", async () => {
    clock(3);
    const result = await run(sh`nearly() { echo ${"it's 50 % there"}; echo 'and more' >&2; return 1; }
wait_until 10 'the sun' nearly; echo not reached`);
    expect(result).toMatchObject({ exitCode: 1, stdout: "" });
    expect(result.stderr).toContain(
      "gave up after 10 s of waiting for the sun; last seen: it's 50 % there\nand more\nwhile starting\n",
    );
  });

  it("tells every five seconds or so what it is waiting for", async () => {
    clock(3);
    const result = await run(sh`nearly() { echo first; echo nearly; return 1; }
wait_until 18 'the sun' nearly || :`);
    expect(result.stderr.split("\n").filter((line) => line.startsWith("@"))).toEqual([
      "@ waiting for the sun, 6 s of at most 18 s: nearly",
      "@ waiting for the sun, 12 s of at most 18 s: nearly",
    ]);
  });
});

describe("put_file", () => {
  const path = (): string => host.path("target");

  it("writes exactly what it reads, with mode and owner", async () => {
    const content = "no newline at the end, 50 %, $HOME, \\n and \u00e9";
    expect(await run(sh`put_file ${path()} 640 ${me.numbers}`, content)).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
    expect(readFileSync(path(), "utf8")).toBe(content);
    expect(statSync(path()).mode & 0o7777).toBe(0o640);
  });

  it("replaces in one step: who reads the old file reads it to its end", async () => {
    writeFileSync(path(), "old");
    const old = openSync(path(), "r");
    await run(sh`put_file ${path()} 644 ${me.numbers}`, "new");
    expect(readFileSync(old, "utf8")).toBe("old");
    closeSync(old);
    expect(readFileSync(path(), "utf8")).toBe("new");
    expect(readdirSync(host.folder).sort()).toEqual(["stubs", "target"]);
  });

  it("lets nobody else read the content before mode and owner are right", async () => {
    host.stub("chown", 'stat -c %a "$2" >"$HERE/early"');
    await run(sh`umask 000; put_file ${path()} 644 ${me.numbers}`, "secret");
    expect(readFileSync(host.path("early"), "utf8")).toBe("600\n");
  });

  it("leaves the old file when the owner is nobody", async () => {
    writeFileSync(path(), "old");
    const result = await run(sh`put_file ${path()} 644 no-such-user:no-such-group`, "new");
    expect(result.exitCode).not.toBe(0);
    expect(readFileSync(path(), "utf8")).toBe("old");
  });

  it("refuses to put a file into a directory that has its name", async () => {
    mkdirSync(path());
    const result = await run(sh`put_file ${path()} 644 ${me.numbers}`, "new");
    expect(result.exitCode).not.toBe(0);
    expect(readdirSync(path())).toEqual([]);
  });
});

describe("unit_state", () => {
  const systemctl = (active: string, reload: string, file: string): void => {
    host.stub(
      "systemctl",
      `printf 'Id=some.service\\nActiveState=${active}\\nUnitFileState=${file}\\nNeedDaemonReload=${reload}\\n'; echo "$@" >>"$HERE/asked"`,
    );
  };

  it("prints a unit's state in a fixed order", async () => {
    systemctl("active", "no", "enabled");
    const { stdout } = await run(sh`unit_state some.service`);
    expect(stdout.trim()).toBe("ActiveState=active NeedDaemonReload=no UnitFileState=enabled");
    expect(readFileSync(host.path("asked"), "utf8")).toMatch(/some\.service$/m);
  });

  it.each([
    ["inactive", "no", ""],
    ["inactive", "no", "disabled"],
    ["inactive", "yes", "static"],
  ])("prints nothing for a unit that is %s, %s, %s", async (active, reload, file) => {
    systemctl(active, reload, file);
    expect((await run(sh`unit_state some.service`)).stdout.trim()).toBe("");
  });

  it.each([
    ["failed", "no", "disabled"],
    ["inactive", "no", "enabled"],
    ["active", "no", ""],
  ])("still prints one that is %s, %s, %s", async (active, reload, file) => {
    systemctl(active, reload, file);
    expect((await run(sh`unit_state some.service`)).stdout).toContain(`ActiveState=${active}`);
  });
});

describe("reload_units", () => {
  it("reloads for all who asked before it began, and again for whoever asked later", async () => {
    host.stub("systemctl", 'echo "$@" >>"$HERE/asked"; sleep 0.3');
    const asking = sh`for i in 1 2 3 4 5 6; do reload_units & done; wait`;
    await run(asking);
    const reloads = (): number =>
      readFileSync(host.path("asked"), "utf8").split("daemon-reload\n").length - 1;
    const together = reloads();
    expect(together).toBeGreaterThan(0);
    expect(together).toBeLessThan(6);
    await run(sh`reload_units`);
    expect(reloads()).toBe(together + 1);
  });
});
