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

  it("writes a content that it is given, and reads nothing then", async () => {
    const script = sh`put_file ${path()} 600 ${me.numbers} ${"it's 50 %\\n\n"}; cat`;
    expect(await run(script, "unread")).toMatchObject({ exitCode: 0, stdout: "unread" });
    expect(readFileSync(path(), "utf8")).toBe("it's 50 %\\n\n");
    expect(statSync(path()).mode & 0o7777).toBe(0o600);
  });

  it("lends a key nothing of what a killed run left open to all", async () => {
    writeFileSync(`${path()}.torocloud-new`, "half", { mode: 0o666 });
    host.stub("chown", 'stat -c %a "$2" >"$HERE/early"');
    await run(sh`put_file ${path()} 600 ${me.numbers} ${"key"}`);
    expect(readFileSync(host.path("early"), "utf8")).toBe("600\n");
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

describe("alone", () => {
  it("lets one script after the other be at work on a thing, and leaves no lock", async () => {
    // In a shell within a shell, as on a host: $$ is the outer one there.
    const work = sh`(alone guest-web; echo begun >>"$HERE/log"; sleep 0.3; echo ended >>"$HERE/log"; rm "$lock")`;
    const results = await Promise.all([run(work), run(work), run(work)]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(results.filter(({ stderr }) => stderr.includes("@ waiting for an earlier run"))).toHaveLength(2);
    expect(readFileSync(host.path("log"), "utf8")).toBe("begun\nended\n".repeat(3));
    expect(readdirSync(host.path("stubs"))).toEqual([]);
  });

  it("does not wait for what is at work on another thing", async () => {
    const both = sh`(alone guest-a; sleep 5) & sleep 0.3; alone guest-b; kill $!; echo done`;
    expect(await run(both)).toMatchObject({ exitCode: 0, stdout: "done\n", stderr: "" });
  });
});
