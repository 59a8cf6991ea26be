import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostProgram, readyLine, starter } from "../../../provider/src/host-program/bundle.ts";
import { Hello, Message } from "../../../provider/src/host-program/wire.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "torocloud-program-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** What the program prints, a line each, when it is started by our one command and given these lines. */
async function talk(
  first: Buffer,
  ...lines: readonly unknown[]
): Promise<{ said: string[]; errors: string }> {
  const shell = spawn("/bin/sh", ["-c", starter], { env: { PATH: process.env["PATH"] ?? "" } });
  let [out, errors] = ["", ""];
  shell.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  shell.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  shell.stdin.on("error", () => undefined);
  shell.stdin.write(first);
  for (const line of lines) shell.stdin.write(`${JSON.stringify(line)}\n`);
  const answers = lines.filter((line) => typeof line === "object" && line !== null && "steps" in line).length;
  const done = (): number => out.split("\n").filter((line) => /"results"|"failed"/.test(line)).length;
  const ended = new Promise((resolve) => shell.on("close", resolve));
  shell.stdout.on("data", () => {
    if (done() >= answers) shell.stdin.end();
  });
  if (answers === 0) shell.stdin.end();
  await ended;
  return { said: out.trimEnd().split("\n"), errors };
}

function program(): Buffer {
  const { bytes } = hostProgram();
  return Buffer.concat([Buffer.from(`${String(bytes.length)}\n`), bytes]);
}

const begin = (): object => ({ mark: "the-mark", heartbeatSeconds: 5, root });

describe("the program that is sent to a host", () => {
  it("says who it is, behind the mark, and ends with its input", async () => {
    const { said, errors } = await talk(program(), begin());
    expect(errors).toBe("");
    expect(said.slice(0, 2)).toEqual([readyLine, "the-mark"]);
    expect(Hello.parse(JSON.parse(said[2] ?? ""))).toMatchObject({ program: hostProgram().digest });
  });

  it("answers requests in the words of the wire", async () => {
    const place = { in: "host", path: "/etc/torocloud/guest/web.json" };
    const steps = [
      { do: "readMarker", place },
      { do: "writeMarker", place, marker: { inputs: { text: "é" } } },
      { do: "readMarker", place },
      { do: "dropMarker", place },
      { do: "readMarker", place },
    ];
    const { said } = await talk(program(), begin(), { id: 1, limit: 10, lock: "guest-web", steps });
    const messages = said.slice(3).map((line) => Message.parse(JSON.parse(line)));
    expect(messages.at(-1)).toEqual({
      id: 1,
      results: [null, null, '{"inputs":{"text":"é"}}\n', null, null],
    });
  });

  it("quotes nothing of what it was sent by mistake", async () => {
    const { errors, said } = await talk(Buffer.from("a secret password\n"));
    expect(errors + said.join("")).not.toMatch(/secret|passw/);
  });

  it("says which step it does not know", async () => {
    const steps = [{ do: "observe", kind: "colour", key: "k", spec: { content: "a secret" } }];
    const { said } = await talk(program(), begin(), { id: 7, limit: 10, steps });
    const last = Message.parse(JSON.parse(said.at(-1) ?? ""));
    expect(last).toMatchObject({ id: 7, failed: "failed", step: 0 });
    expect(JSON.stringify(last)).toContain("this program knows no kind colour");
    expect(said.join("")).not.toContain("a secret");
  });
});
